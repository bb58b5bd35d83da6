import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import type { Column, Event, EventBlock, Failure, Mapper } from '../../../../core/sdk/index.ts';
import { mapEvent } from '../../../../core/sdk/index.ts';
import { schemaHash } from '../schema/compare.ts';
import { createBlockStore, writeAll } from './blocks.ts';
import { createSortIndex } from './order.ts';
import type { Compress } from './page.ts';
import { RecordError } from './shred.ts';
import type { FileLimits } from './writer.ts';
import { createParquetWriter } from './writer.ts';

/** What files of one output have in common; plain data. */
export interface FileOptions {
  /** The footer's `created_by`; see {@link createdBy}. */
  readonly createdBy: string;
  /** Key-value metadata of the footer; `schema_hash` is added. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The column that holds the event's time: the rows are in its order, and the footer says so. */
  readonly sortedBy?: string;
  readonly limits?: Partial<FileLimits>;
  /** Raw bytes of a batch held in memory; beyond that a temporary file is used. Default 16 MiB. */
  readonly holdBytes?: number;
}

/** What a job works with; made once a worker. */
export interface JobTools {
  readonly decode: (raw: Uint8Array, receivedAt: number) => Event;
  readonly mapper: Mapper;
  /** As the configuration has it, for the reasons of failures. */
  readonly mapperName?: string;
  readonly columns: readonly Column[];
  readonly compress: Compress;
  /** Called now and then while the file is written. */
  readonly progress?: () => void;
}

/** A finished file, or none: `rows` is 0 when every event failed. */
export interface JobResult {
  readonly rows: number;
  /** Bytes of the file. */
  readonly size: number;
  readonly sha256: string;
  /** Time of the first and of the last row, epoch milliseconds; 0 without rows. */
  readonly firstTime: number;
  readonly lastTime: number;
  /** Events without a row, by their index in the batch, and why. */
  readonly failures: readonly Failure[];
}

/** One batch on its way to a file. */
export interface Job {
  /** Takes the next events; the buffer is the job's from here on. */
  add(block: EventBlock): void;
  /** Writes the file. */
  finish(): JobResult;
  /** Removes everything the job has on disk. */
  discard(): void;
}

const HOLD_BYTES = 16 * 1024 * 1024;
/** Events between two words about the progress. */
const PROGRESS = 4096;

/**
 * Turns a batch into a Parquet file whose rows are sorted by (time, id). The events come in the journal's order, so
 * they are noted and kept raw first, and decoded a second time when their turn comes: an event costs its raw
 * bytes until then, not its objects.
 *
 * @param path of the file to write; a temporary file may stand beside it
 * @param count the most events that may come
 */
export function startJob(path: string, count: number, tools: JobTools, options: FileOptions): Job {
  const index = createSortIndex(count);
  const store = createBlockStore(`${path}.spill`, options.holdBytes ?? HOLD_BYTES);
  const failures: Failure[] = [];
  /** Of each event noted: the number of its block, and of its entry there. */
  const blockOf = new Uint32Array(count);
  const entryOf = new Uint32Array(count);
  const entries: Float64Array[] = [];

  /** An event, not looked into yet: that throws where the bytes are none. */
  const eventAt = (block: number, entry: number): Event => {
    const at = 4 * entry;
    const [, receivedAt, offset, length] = entries[block]!.subarray(at, at + 4) as unknown as number[];
    return tools.decode(store.read(block, offset!, length!), receivedAt!);
  };

  const add = (block: EventBlock): void => {
    const number = store.add(block.buffer);
    entries.push(block.entries);
    for (let entry = 0; 4 * entry < block.entries.length; entry++) {
      const event = eventAt(number, entry);
      let key: { readonly time: number; readonly id: string };
      try {
        key = { time: event.time, id: event.id };
      } catch (error) {
        failures.push({ index: block.entries[4 * entry]!, reason: messageOf(error) });
        continue;
      }
      blockOf[index.count] = number;
      entryOf[index.count] = entry;
      index.add(key.time, key.id);
    }
  };

  const finish = (): JobResult => {
    const file = openSync(path, 'w', 0o600);
    try {
      const hash = createHash('sha256');
      const write = (bytes: Uint8Array) => {
        hash.update(bytes);
        writeAll(file, bytes);
      };
      const writer = createParquetWriter({
        columns: tools.columns,
        compress: tools.compress,
        sink: { write },
        createdBy: options.createdBy,
        metadata: { ...options.metadata, schema_hash: schemaHash(tools.columns) },
        ...(options.sortedBy === undefined ? {} : { sortedBy: options.sortedBy }),
        ...(options.limits === undefined ? {} : { limits: options.limits }),
      });
      let firstTime = 0;
      let lastTime = 0;
      let seen = 0;
      for (const event of index.order()) {
        const block = blockOf[event]!;
        const entry = entryOf[event]!;
        if (++seen % PROGRESS === 0) tools.progress?.();
        const reason = appendEvent(writer, tools, eventAt(block, entry));
        if (reason !== undefined) failures.push({ index: entries[block]![4 * entry]!, reason });
        else {
          if (writer.rows === 1) firstTime = index.time(event);
          lastTime = index.time(event);
        }
      }
      writer.finish();
      failures.sort((a, b) => a.index - b.index);
      return {
        rows: writer.rows,
        size: writer.bytes,
        sha256: hash.digest('hex'),
        firstTime,
        lastTime,
        failures,
      };
    } finally {
      closeSync(file);
      store.close();
    }
  };

  return {
    add,
    finish,
    discard() {
      store.close();
      rmSync(path, { force: true });
    },
  };
}

/** @returns why the event has no row, if it has none */
function appendEvent(
  writer: { append(record: unknown): void },
  { mapper, mapperName }: Pick<JobTools, 'mapper' | 'mapperName'>,
  event: Event,
): string | undefined {
  const mapped = mapEvent(mapper, event, mapperName);
  if (!mapped.ok) return mapped.reason;
  try {
    writer.append(mapped.record);
    return undefined;
  } catch (error) {
    if (error instanceof RecordError) return `the record does not fit its schema: ${error.message}`;
    const problem = readingProblem(mapped.record);
    if (problem !== undefined) return `the record cannot be read: ${problem}`;
    throw error;
  }
}

/** Why a record cannot be read: a getter or a proxy that throws. Such an error is the record's and not the file's. */
function readingProblem(record: unknown): string | undefined {
  try {
    JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
