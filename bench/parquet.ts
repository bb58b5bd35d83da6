/**
 * Rows a second of our Parquet writer beside hyparquet-writer's own way (objects in, columns of objects to the
 * library) and DuckDB's COPY from a JSON file, on the same OCSF records with the same zstd. A process each, so that
 * memory can be told; making the records is not counted.
 *
 * Run: `node bench/parquet.js [rows...]`, compiled; default 1000 and 100000.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParquetWriter } from 'hyparquet-writer';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import type { Shape } from '../lake/index.ts';
import { columnsOf, createParquetWriter, createZstd, schemaElements } from '../lake/index.ts';
import { findings } from './parquet-records.ts';

interface Measured {
  readonly seconds: number;
  /** Processor time, all threads. */
  readonly cpu: number;
  readonly bytes: number;
  /** Peak of the process, less what it had before the first row. */
  readonly peak: number;
}

const CHUNK = 10_000;

const ways: Record<string, (rows: number, file: string) => Promise<Measured>> = {
  ours: async (rows, file) => {
    const { schema, make } = findings();
    const handle = openSync(file, 'w');
    const compress = await createZstd();
    const writer = createParquetWriter({
      columns: columnsOf(schema),
      sink: { write: (bytes) => void writeSync(handle, bytes) },
      compress,
      createdBy: 'bench',
    });
    const watch = stopwatch();
    for (let n = 0; n < rows; n += CHUNK) {
      const records = chunk(make, n, rows);
      watch.run(() => {
        for (const record of records) writer.append(record);
      });
    }
    watch.run(() => writer.finish());
    closeSync(handle);
    return watch.result(statSync(file).size);
  },

  hyparquet: async (rows, file) => {
    const { schema, make } = findings();
    const handle = openSync(file, 'w');
    const columns = columnsOf(schema);
    const writer = new ByteWriter();
    const library = new ParquetWriter({
      writer,
      schema: schemaElements(columns),
      codec: 'ZSTD',
      compressors: { ZSTD: await createZstd() },
    });
    const flush = () => {
      writeSync(handle, writer.getBytes());
      writer.index = 0;
    };
    const watch = stopwatch();
    for (let n = 0; n < rows; n += CHUNK) {
      const records = chunk(make, n, rows);
      const plain = records.map((record) => toLibrary({ kind: 'group', columns }, record) as typeof record);
      watch.run(() => {
        const columnData = columns.map(({ name }) => ({ name, data: plain.map((record) => record[name]) }));
        library.write({ columnData, rowGroupSize: CHUNK, pageSize: 500_000, dictionarySize: 1_000_000 });
        flush();
      });
    }
    watch.run(() => {
      library.finish();
      flush();
    });
    closeSync(handle);
    return watch.result(statSync(file).size);
  },

  duckdb: async (rows, file) => {
    const { make } = findings();
    const source = `${file}.ndjson`;
    const handle = openSync(source, 'w');
    for (let n = 0; n < rows; n += CHUNK) {
      writeSync(
        handle,
        `${chunk(make, n, rows)
          .map((record) => JSON.stringify({ ...record }))
          .join('\n')}\n`,
      );
    }
    closeSync(handle);
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    const watch = stopwatch();
    await watch.wait(() =>
      connection.run(
        `copy (select * from read_json('${source}')) to '${file}' (format parquet, compression zstd, compression_level 3)`,
      ),
    );
    rmSync(source);
    return watch.result(statSync(file).size);
  },
};

/** The library takes INT64 as bigint only. */
function toLibrary(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (shape.kind === 'leaf') return shape.type === 'int64' ? BigInt(value as number) : value;
  if (shape.kind === 'list') return (value as unknown[]).map((item) => toLibrary(shape.element, item));
  if (shape.kind === 'map') return value;
  const object = value as Record<string, unknown>;
  return Object.fromEntries(
    shape.columns.map((column) => [column.name, toLibrary(column.shape, object[column.name])]),
  );
}

function chunk(make: (n: number) => Record<string, unknown>, from: number, rows: number) {
  return Array.from({ length: Math.min(CHUNK, rows - from) }, (_, index) => make(from + index));
}

/** Adds up the time of the parts that count. */
function stopwatch() {
  let seconds = 0;
  let cpu = 0;
  const before = process.memoryUsage.rss();
  const start = () => ({ at: performance.now(), used: process.cpuUsage() });
  const stop = ({ at, used }: ReturnType<typeof start>) => {
    seconds += (performance.now() - at) / 1e3;
    const { user, system } = process.cpuUsage(used);
    cpu += (user + system) / 1e6;
  };
  return {
    run(work: () => void) {
      const started = start();
      work();
      stop(started);
    },
    async wait(work: () => Promise<unknown>) {
      const started = start();
      await work();
      stop(started);
    },
    result: (bytes: number): Measured => ({
      seconds,
      cpu,
      bytes,
      peak: process.resourceUsage().maxRSS * 1024 - before,
    }),
  };
}

function measure(way: string, rows: number): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-bench-'));
  try {
    const { stdout, status } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), '--way', way, String(rows), join(folder, 'file.parquet')],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    if (status !== 0) throw new Error(`${way} failed`);
    return JSON.parse(stdout) as Measured;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(rows: number): void {
  // Processor time: other work on the machine moves the clock on the wall, not the ratio.
  const rounds = rows > 200_000 ? 1 : 3;
  console.log(`${rows} rows, ${process.version}, median of ${rounds}`);
  let baseline: number | undefined;
  for (const way of ['hyparquet', 'ours', 'duckdb']) {
    const runs = Array.from({ length: rounds }, () => measure(way, rows)).sort(
      (a, b) => a.seconds - b.seconds,
    );
    const { seconds, cpu, bytes, peak } = runs[rounds >> 1]!;
    baseline ??= cpu;
    console.log(
      `  ${way.padEnd(10)} ${Math.round(rows / seconds)
        .toString()
        .padStart(8)} rows/s` +
        `  cpu ${cpu.toFixed(2)} s, ${(baseline / cpu).toFixed(2)} x hyparquet per CPU second` +
        `  ${(bytes / rows).toFixed(0)} bytes a row  ${(peak / 2 ** 20).toFixed(0)} MiB more at the peak`,
    );
  }
}

const [flag, way, rows, file] = process.argv.slice(2);
if (flag === '--way') console.log(JSON.stringify(await ways[way!]!(Number(rows), file!)));
else
  for (const count of process.argv.length > 2 ? process.argv.slice(2) : ['1000', '100000'])
    report(Number(count));
