import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { onTestFinished } from 'vitest';
import type { Column } from '../../../../../core/sdk/index.ts';
import type { WriterOptions } from '../../../../../outputs/shared/lake/parquet/writer.ts';
import { createParquetWriter } from '../../../../../outputs/shared/lake/parquet/writer.ts';
import { createZstd } from '../../../../../outputs/shared/lake/parquet/zstd.ts';

export type Records = readonly Record<string, unknown>[];

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-lake-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes records to bytes. */
export async function encode(
  columns: readonly Column[],
  records: Records,
  options: Partial<WriterOptions> = {},
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const writer = createParquetWriter({
    columns,
    sink: { write: (bytes) => parts.push(bytes) },
    compress: await createZstd(),
    createdBy: 'tiercel test',
    ...options,
  });
  for (const record of records) writer.append(record);
  writer.finish();
  return Buffer.concat(parts);
}

export function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

/** What hyparquet reads, in the form of {@link normal}. */
export async function readWithHyparquet(bytes: Uint8Array): Promise<unknown[]> {
  const rows = await parquetReadObjects({ file: arrayBuffer(bytes), compressors });
  return rows.map(normal);
}

/** What DuckDB reads: each row as the JSON text that DuckDB makes of it, parsed. */
export async function readWithDuckDB(bytes: Uint8Array, select = '*'): Promise<unknown[]> {
  const file = join(scratch(), 'file.parquet');
  writeFileSync(file, bytes);
  const rows = await query(`select to_json(r) as j from (select ${select} from read_parquet('${file}')) r`);
  return rows.map(({ j }) => normal(JSON.parse(String(j))));
}

/** Rows of a query in DuckDB, an independent reader of our files. */
export async function query(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, unknown>[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** One form for what was written and what the two readers give back: no absent members, dates and bigints as numbers. */
export function normal(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map((item) => normal(item) ?? null);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const members = Object.entries(value).map(([key, member]) => [key, normal(member)] as const);
  const present = members.filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(present.sort(([a], [b]) => (a < b ? -1 : 1)));
}
