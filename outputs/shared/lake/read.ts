import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/**
 * Reads the first rows of a Parquet file as plain objects (INT64 as bigint, timestamps as Date).
 *
 * @param path a local file
 * @param rows how many at the most
 * @throws Error when the file is not Parquet
 */
export async function readParquet(path: string, rows: number): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({
    file: await asyncBufferFromFile(path),
    compressors,
    rowStart: 0,
    rowEnd: rows,
  });
}
