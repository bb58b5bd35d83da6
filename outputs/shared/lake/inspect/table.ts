import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** The number of first columns that are shown when the file has none of the preferred ones. */
const COLUMNS = 5;

/**
 * The first rows of a Parquet file as text for a terminal.
 *
 * @param rows how many at the most
 * @param preferred columns to show where the file has them: `finding_info.title` is inside a struct
 * @throws Error when the file is not Parquet
 */
export async function readTable(
  path: string,
  rows: number,
  preferred: readonly string[] = [],
): Promise<{ header: string[]; cells: string[][]; total: number }> {
  const file = await asyncBufferFromFile(path);
  const { num_rows } = await parquetMetadataAsync(file);
  const objects = rows > 0 ? await parquetReadObjects({ file, compressors, rowStart: 0, rowEnd: rows }) : [];
  const known = preferred.filter((column) => objects.some((row) => at(row, column) != null));
  const header = known.length > 0 ? known : Object.keys(objects[0] ?? {}).slice(0, COLUMNS);
  const cells = objects.map((row) => header.map((column) => show(at(row, column))));
  return { header, cells, total: Number(num_rows) };
}

function at(row: Record<string, unknown>, column: string): unknown {
  return column.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], row);
}

function show(value: unknown): string {
  if (value == null) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') {
    return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner));
  }
  return String(value);
}
