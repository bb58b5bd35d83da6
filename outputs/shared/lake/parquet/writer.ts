import type { ColumnChunk, KeyValue, RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { Column } from '../../../../core/sdk/index.ts';
import { leavesOf, schemaElements } from '../schema/elements.ts';
import { ColumnBuilder } from './column.ts';
import type { Compress } from './page.ts';
import { createShredder } from './shred.ts';

/** Where the bytes of a file go, in order; the bytes are the sink's to keep. */
export interface Sink {
  write(bytes: Uint8Array): void;
}

/** What a file is written with. */
export interface WriterOptions {
  readonly columns: readonly Column[];
  readonly sink: Sink;
  /** zstd: see {@link createZstd}. */
  readonly compress: Compress;
  /** The footer's `created_by`; see {@link createdBy}. */
  readonly createdBy: string;
  /** Key-value metadata of the footer. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The top-level leaf by which the rows are sorted, ascending: the footer says so unless a row is out of order. */
  readonly sortedBy?: string;
  readonly limits?: Partial<FileLimits>;
}

/** How large the parts of a file become. */
export interface FileLimits {
  /** Rows a row group. */
  readonly rowGroupRows: number;
  /** Bytes a row group, compressed; looked at every 256 rows. */
  readonly rowGroupBytes: number;
  /** Bytes a page, uncompressed. Only a single row larger than that makes a larger page. */
  readonly pageBytes: number;
}

/**
 * 1 MB a page is what Amazon Security Lake asks for, 256 MB a row group the most it takes; half of that bounds the memory.
 *
 * @example
 * const limits = { ...DEFAULT_LIMITS, rowGroupRows: 10_000 };
 */
export const DEFAULT_LIMITS: FileLimits = {
  rowGroupRows: 100_000,
  rowGroupBytes: 128 * 1024 * 1024,
  pageBytes: 960_000,
};

/** Writes one Parquet file, row by row, holding no more than one row group in compressed pages. */
export interface ParquetWriter {
  /**
   * Adds a row.
   * @throws RecordError when the record does not fit the schema; nothing of it was written, go on with the next
   */
  append(record: unknown): void;
  /** Rows so far. */
  readonly rows: number;
  /** Bytes given to the sink so far. */
  readonly bytes: number;
  /** Ends the file; nothing may be appended after. */
  finish(): void;
}

const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31);

/**
 * Starts a Parquet file: data page V2, zstd, statistics on every column, everything OPTIONAL. The same records
 * in the same order give the same bytes.
 *
 * @example
 * const chunks: Uint8Array[] = [];
 * const writer = createParquetWriter({
 *   columns: columnsOf(mapper.record),
 *   sink: { write: (bytes) => void chunks.push(bytes) },
 *   compress: await createZstd(),
 *   createdBy: createdBy({ name: 'tickets', version: '1.0.0' }),
 * });
 * for (const record of records) writer.append(record);
 * writer.finish();
 */
export function createParquetWriter(options: WriterOptions): ParquetWriter {
  const { columns, sink, compress } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const leaves = leavesOf(columns);
  const builders = leaves.map((leaf) => new ColumnBuilder(leaf, compress, limits.pageBytes));
  const shred = createShredder(columns, builders);
  const sorting = sortingColumns(
    options.sortedBy,
    leaves.map(({ label }) => label),
  );
  const groups: RowGroup[] = [];
  const { sortedBy } = options;
  let isSorted = true;
  let last: unknown;
  let rows = 0;
  let groupRows = 0;
  let offset = 0;

  const write = (bytes: Uint8Array) => {
    sink.write(bytes);
    offset += bytes.length;
  };

  const closeGroup = () => {
    if (groupRows === 0) return;
    const start = offset;
    const chunks = builders.map((builder) => writeChunk(builder));
    groups.push({
      columns: chunks,
      total_byte_size: sum(chunks.map(({ meta_data }) => meta_data!.total_uncompressed_size)),
      num_rows: BigInt(groupRows),
      sorting_columns: sorting,
      file_offset: BigInt(start),
      total_compressed_size: BigInt(offset - start),
    });
    groupRows = 0;
  };

  const writeChunk = (builder: ColumnBuilder): ColumnChunk => {
    const start = offset;
    const { pages, hasDictionary, meta } = builder.finish();
    for (const page of pages) write(page.bytes);
    const firstData = hasDictionary ? start + pages[0]!.bytes.length : start;
    return {
      file_offset: BigInt(start),
      meta_data: {
        ...meta,
        type: builder.leaf.element.type!,
        path_in_schema: [...builder.leaf.path],
        codec: 'ZSTD',
        total_compressed_size: BigInt(offset - start),
        data_page_offset: BigInt(firstData),
        dictionary_page_offset: hasDictionary ? BigInt(start) : undefined,
      },
    };
  };

  write(MAGIC);
  return {
    append(record) {
      try {
        shred(record);
      } catch (error) {
        for (const builder of builders) builder.rollback(groupRows);
        throw error;
      }
      if (sortedBy !== undefined && isSorted) {
        const value = (record as Record<string, number | bigint | undefined>)[sortedBy]!;
        // Not so either when one of them is absent.
        isSorted = rows === 0 ? value !== undefined : value >= (last as number);
        last = value;
      }
      rows++;
      groupRows++;
      const full =
        groupRows >= limits.rowGroupRows || (groupRows % 256 === 0 && held(builders) >= limits.rowGroupBytes);
      if (full) closeGroup();
    },
    get rows() {
      return rows;
    },
    get bytes() {
      return offset;
    },
    finish() {
      closeGroup();
      if (!isSorted) for (const group of groups) group.sorting_columns = undefined;
      write(footer(schemaElements(columns), groups, rows, options));
    },
  };
}

function held(builders: readonly ColumnBuilder[]): number {
  let bytes = 0;
  for (const builder of builders) bytes += builder.held;
  return bytes;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

function sortingColumns(label: string | undefined, labels: readonly string[]): RowGroup['sorting_columns'] {
  if (label === undefined) return undefined;
  const column_idx = labels.indexOf(label);
  if (column_idx < 0) throw new Error(`no column "${label}" to sort by`);
  return [{ column_idx, descending: false, nulls_first: false }];
}

function footer(
  schema: SchemaElement[],
  groups: RowGroup[],
  rows: number,
  { createdBy, metadata = {} }: WriterOptions,
): Uint8Array {
  const writer = new ByteWriter();
  const keyValues = Object.entries(metadata).map(([key, value]): KeyValue => ({ key, value }));
  writeMetadata(writer, {
    version: 2,
    created_by: createdBy,
    schema,
    num_rows: BigInt(rows),
    row_groups: groups,
    key_value_metadata: keyValues.length > 0 ? keyValues : undefined,
    // Not written: a reader's note of the footer's length.
    metadata_length: 0,
  });
  writer.appendBytes(MAGIC);
  return writer.getBytes();
}
