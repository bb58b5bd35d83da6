// Writes one Parquet file in one of three ways and prints what it took: `encode.js <way> <file> <records> <times>`.
// A process each, so that memory can be told. The records are those of an NDJSON file, so many times over; reading them
// is counted for DuckDB only, whose way it is. The zstd is the same.
import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ParquetWriter } from 'hyparquet-writer';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { columnsOf, type Shape } from '../../core/sdk/index.ts';
import { createParquetWriter, createZstd, schemaElements } from '../../outputs/shared/lake/index.ts';
import { findings } from './records.ts';

/** What one file took. */
export interface Encoded {
  readonly seconds: number;
  /** Processor time, all threads. */
  readonly cpu: number;
  readonly bytes: number;
  /** Peak of the process, less what it had before the first row. */
  readonly peak: number;
}

const CHUNK = 10_000;

type Records = AsyncIterable<Record<string, unknown>[]>;

const ways: Record<string, (records: Records, file: string) => Promise<Encoded>> = {
  ours: async (records, file) => {
    const handle = openSync(file, 'w');
    const compress = await createZstd();
    const writer = createParquetWriter({
      columns: columnsOf(findings().schema),
      sink: { write: (bytes) => void writeSync(handle, bytes) },
      compress,
      createdBy: 'bench',
    });
    const watch = stopwatch();
    for await (const chunk of records) {
      watch.run(() => {
        for (const record of chunk) writer.append(record);
      });
    }
    watch.run(() => writer.finish());
    closeSync(handle);
    return watch.result(statSync(file).size);
  },

  hyparquet: async (records, file) => {
    const handle = openSync(file, 'w');
    const columns = columnsOf(findings().schema);
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
    for await (const chunk of records) {
      const plain = chunk.map((record) => toLibrary({ kind: 'group', columns }, record) as typeof record);
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

  duckdb: async (_, file) => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    const files = Array.from({ length: Number(times) }, () => `'${source}'`);
    const watch = stopwatch();
    await watch.wait(() =>
      connection.run(
        `copy (select * from read_json([${files.join(', ')}])) to '${file}' (format parquet, compression zstd, compression_level 3)`,
      ),
    );
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

/** The records of the file, so many times over; a chunk at a time. */
async function* readRecords(path: string, times: number): Records {
  let chunk: Record<string, unknown>[] = [];
  for (let time = 0; time < times; time++) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      chunk.push(JSON.parse(line));
      if (chunk.length < CHUNK) continue;
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
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
    result: (bytes: number): Encoded => ({
      seconds,
      cpu,
      bytes,
      peak: process.resourceUsage().maxRSS * 1024 - before,
    }),
  };
}

const [way, file, source, times] = process.argv.slice(2);
console.log(JSON.stringify(await ways[way!]!(readRecords(source!, Number(times)), file!)));
