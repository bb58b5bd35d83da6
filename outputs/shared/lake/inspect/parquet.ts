import type { AsyncBuffer, ColumnChunk, FileMetaData, SchemaTree } from 'hyparquet';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { compressors } from 'hyparquet-compressors';

/** A column or group of a Parquet schema, as the file has it; `element` holds its annotations. */
export type SchemaNode = SchemaTree;

/** Everything below a node in pre-order, each with the node it is in. */
export function* walk(
  node: SchemaNode,
): Generator<{ readonly node: SchemaNode; readonly parent: SchemaNode }> {
  for (const child of node.children) {
    yield { node: child, parent: node };
    yield* walk(child);
  }
}

/** The size of a row group, as its footer says it. */
export interface RowGroupSizes {
  readonly rows: number;
  /** Bytes in the file. */
  readonly compressed: number;
  readonly uncompressed: number;
}

/** The pages of one column of one row group, as their headers say it. */
export interface ChunkPages {
  /** Number of the row group, from 0. */
  readonly group: number;
  /** Path of the leaf, names joined by dots. */
  readonly column: string;
  readonly codec: string;
  readonly count: number;
  /** The largest page, uncompressed bytes; levels are counted, the header is not. */
  readonly largest: number;
  /** Values in that page: a page of one value cannot be made smaller. */
  readonly largestValues: number;
}

/** A Parquet file that is looked into. */
export interface ParquetFile {
  /** Bytes. */
  readonly size: number;
  readonly rows: number;
  readonly createdBy: string;
  /** Key-value metadata of the footer. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly schema: SchemaNode;
  readonly groups: readonly RowGroupSizes[];
  /** Walks the page headers of every column chunk. Reads the file once, a chunk at a time. */
  pages(): AsyncIterable<ChunkPages>;
  /**
   * Reads the rows of some top-level columns, a row group at a time: INT64 as bigint, timestamps as Date. Columns that the
   * file does not have are left out.
   */
  records(columns: readonly string[]): AsyncIterable<Readonly<Record<string, unknown>>[]>;
}

/**
 * Opens a Parquet file of any writer by its footer.
 *
 * @param path a local file
 * @throws Error saying what is wrong when it is no Parquet file
 */
export async function openParquet(path: string): Promise<ParquetFile> {
  const file = await asyncBufferFromFile(path);
  await mustBeWhole(file);
  const { footer, schema } = await readFooter(file);
  return {
    size: file.byteLength,
    rows: Number(footer.num_rows),
    createdBy: footer.created_by ?? '',
    metadata: Object.fromEntries(
      (footer.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']),
    ),
    schema,
    groups: footer.row_groups.map(({ num_rows, columns }) => ({
      rows: Number(num_rows),
      // Not of the group's own total: that is optional in the format.
      compressed: total(columns, 'total_compressed_size'),
      uncompressed: total(columns, 'total_uncompressed_size'),
    })),
    pages: () => pagesOf(file, footer),
    records: (columns) => recordsOf(file, footer, columns),
  };
}

/** @throws Error when the marks of Parquet are not at both ends */
async function mustBeWhole(file: AsyncBuffer): Promise<void> {
  if (file.byteLength === 0) throw new Error('is empty');
  const marked = async (start: number) =>
    Buffer.from(await file.slice(Math.max(0, start), start + 4)).toString('latin1') === 'PAR1';
  if (!(await marked(0))) throw new Error('is no Parquet file: it does not begin with PAR1');
  if (file.byteLength < 12 || !(await marked(file.byteLength - 4))) {
    throw new Error('was cut off: it begins as a Parquet file, but does not end as one');
  }
}

/** @throws Error when what the footer says cannot be */
async function readFooter(file: AsyncBuffer): Promise<{ footer: FileMetaData; schema: SchemaNode }> {
  try {
    const footer = await parquetMetadataAsync(file);
    return { footer, schema: parquetSchema(footer) };
  } catch (error) {
    throw new Error(`its footer is damaged (${(error as Error).message})`);
  }
}

function total(
  columns: readonly ColumnChunk[],
  size: 'total_compressed_size' | 'total_uncompressed_size',
): number {
  return columns.reduce((sum, { meta_data }) => sum + Number(meta_data?.[size] ?? 0n), 0);
}

async function* pagesOf(file: AsyncBuffer, footer: FileMetaData): AsyncGenerator<ChunkPages> {
  for (const [group, { columns }] of footer.row_groups.entries()) {
    for (const chunk of columns) {
      if (chunk.meta_data !== undefined) yield await chunkPages(file, group, chunk.meta_data);
    }
  }
}

async function chunkPages(
  file: AsyncBuffer,
  group: number,
  meta: NonNullable<ColumnChunk['meta_data']>,
): Promise<ChunkPages> {
  // A dictionary of zero offset is one that is not there, to some writers.
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const bytes = await file.slice(start, start + Number(meta.total_compressed_size));
  const reader = { view: new DataView(bytes), offset: 0 };
  let count = 0;
  let largest = 0;
  let largestValues = 0;
  while (reader.offset < bytes.byteLength) {
    const header = parquetHeader(reader);
    reader.offset += header.compressed_page_size;
    count++;
    if (header.uncompressed_page_size <= largest) continue;
    largest = header.uncompressed_page_size;
    largestValues = (header.data_page_header_v2 ?? header.data_page_header ?? header.dictionary_page_header)!
      .num_values;
  }
  return { group, column: meta.path_in_schema.join('.'), codec: meta.codec, count, largest, largestValues };
}

async function* recordsOf(
  file: AsyncBuffer,
  footer: FileMetaData,
  wanted: readonly string[],
): AsyncGenerator<Record<string, unknown>[]> {
  const there = new Set(parquetSchema(footer).children.map(({ element }) => element.name));
  const columns = wanted.filter((name) => there.has(name));
  let start = 0;
  for (const { num_rows } of footer.row_groups) {
    const end = start + Number(num_rows);
    if (end > start) {
      yield await parquetReadObjects({
        file,
        metadata: footer,
        columns,
        compressors,
        rowStart: start,
        rowEnd: end,
      });
    }
    start = end;
  }
}
