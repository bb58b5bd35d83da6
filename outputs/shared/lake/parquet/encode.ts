import { mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { DecodeOptions, Logger, MapperRef, StreamedBatch } from '../../../../core/sdk/index.ts';
import type { LocalFile } from '../store/store.ts';
import type { FileOptions, JobResult } from './job.ts';
import type { Reply, Request, WorkerSetup } from './protocol.ts';

/** What an encoder needs; an output has all of it in its context. */
export interface EncoderOptions {
  readonly mapper: MapperRef;
  readonly decode: DecodeOptions;
  /** Where the files are made; files that a crash left there are removed. */
  readonly directory: string;
  readonly log: Logger;
  readonly file: FileOptions;
  /** How long the worker may go without a word about its progress before it counts as hung, milliseconds. Default 5 minutes. */
  readonly patience?: number;
}

/** A batch as a file on the local disk. */
export interface EncodedBatch extends Omit<JobResult, 'size' | 'sha256'> {
  /** Absent when no event came to a row. */
  readonly file?: Required<LocalFile>;
  /** Removes the file. */
  remove(): Promise<void>;
}

/** Makes Parquet files of batches in a worker thread of its own, one at a time. */
export interface Encoder {
  /**
   * Reads the batch, sorts it by (time, id), maps and writes it. The same batch gives the same bytes.
   *
   * @throws Error when the file cannot be written, the worker dies or hangs (the next call starts another), or the signal
   *   aborts
   */
  encode(batch: StreamedBatch, signal: AbortSignal): Promise<EncodedBatch>;
  /** Ends the worker; an encode under way rejects. */
  close(): Promise<void>;
}

/** Blocks on their way to the worker: enough to keep it busy, few enough to bound the memory. */
const IN_FLIGHT = 4;
const PREFIX = 'encoding-';
const PATIENCE = 5 * 60_000;

/**
 * Makes an encoder. The worker starts with the first batch and stays; only the raw blocks pass through this thread, and
 * they are handed over, not copied.
 *
 * The mapper must declare records with columns, or every batch fails: the definition of the output refuses others by
 * `checkMapper: ({ record }) => columnProblems(record)`.
 *
 * @example
 * const encoder = createEncoder({
 *   mapper: context.mapperRef,
 *   decode: context.decode,
 *   directory: context.stateDir,
 *   log,
 *   file: { createdBy: createdBy({ name: 'tickets', version: '1.0.0' }), sortedBy: 'time' },
 * });
 * const { file, failures, remove } = await encoder.encode(streamed, signal);
 */
export function createEncoder(options: EncoderOptions): Encoder {
  const { directory, log, mapper, decode, file, patience = PATIENCE } = options;
  const setup: WorkerSetup = { mapper, decode, file };
  let worker: Worker | undefined;
  let ready: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let files = 0;

  const start = () => {
    const started = startWorker(setup);
    // One that dies between two batches is replaced by the next.
    started.once('exit', () => {
      if (worker === started) worker = undefined;
    });
    return started;
  };

  const end = async () => {
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  };

  const run = async (batch: StreamedBatch, signal: AbortSignal): Promise<EncodedBatch> => {
    signal.throwIfAborted();
    ready ??= prepare(directory);
    await ready;
    // Never the same twice: a file that is being removed must not take a new one of that batch with it.
    const path = join(directory, `${PREFIX}${++files}-${batch.id}.parquet`);
    const remove = () => rm(path, { force: true });
    worker ??= start();
    try {
      const { size, sha256, ...result } = await exchange(worker, path, batch, { signal, log, patience });
      if (result.rows === 0) return { ...result, remove };
      return { ...result, file: { path, size, sha256 }, remove };
    } catch (error) {
      // Whatever it was, a new worker starts clean; and a busy one hears an abort in no other way.
      await end();
      await Promise.all([remove(), rm(`${path}.spill`, { force: true })]);
      throw error;
    }
  };

  return {
    encode(batch, signal) {
      const result = turn.then(() => run(batch, signal));
      turn = result.catch(() => {});
      return result;
    },
    close: end,
  };
}

/** Removes what a crash left. */
async function prepare(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    if (name.startsWith(PREFIX)) await rm(join(directory, name), { force: true });
  }
}

function startWorker(setup: WorkerSetup): Worker {
  // By the package's own name for it, so that the compiled worker is found from the sources too.
  const entry = createRequire(import.meta.url).resolve('#parquet-worker');
  // Each event is short-lived: a larger nursery would take more memory and no less time.
  const resourceLimits = { maxYoungGenerationSizeMb: 16 };
  const worker = new Worker(pathToFileURL(entry), { workerData: setup, resourceLimits });
  worker.unref();
  // Without a listener an error of the worker would end the process; who waits for the worker hears of it himself.
  worker.on('error', () => {});
  return worker;
}

/** Sends one batch to the worker and waits for the file. */
async function exchange(
  worker: Worker,
  path: string,
  batch: StreamedBatch,
  {
    signal,
    log,
    patience,
  }: { readonly signal: AbortSignal; readonly log: Logger; readonly patience: number },
): Promise<JobResult> {
  const stop = new AbortController();
  const send = (request: Request, transfer: ArrayBuffer[] = []) => worker.postMessage(request, transfer);
  let inFlight = 0;
  let wake = () => {};
  const result = new Promise<JobResult>((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(error);
      stop.abort();
      wake();
    };
    const hung = setTimeout(() => fail(new Error(`no progress in ${patience} ms`)), patience);
    hung.unref();
    stop.signal.addEventListener('abort', () => clearTimeout(hung), { once: true });
    listen(worker, stop.signal, {
      message: (message) => {
        const reply = message as Reply;
        hung.refresh();
        if (reply.kind === 'taken') {
          inFlight--;
          wake();
        } else if (reply.kind === 'done') resolve(reply.result);
        else if (reply.kind === 'failed') fail(new Error(reply.reason));
        else if (reply.kind === 'log') log[reply.level](reply.details, reply.message);
      },
      error: (error) => fail(new Error('the encoder thread died', { cause: error })),
      exit: () => fail(new Error('the encoder thread ended')),
    });
    signal.addEventListener('abort', () => fail(signal.reason), { once: true, signal: stop.signal });
  });

  const feed = async () => {
    send({ kind: 'start', path, count: batch.count });
    for await (const block of batch.blocks(stop.signal)) {
      if (stop.signal.aborted) return;
      send({ kind: 'block', block }, [block.buffer]);
      inFlight++;
      while (inFlight >= IN_FLIGHT && !stop.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    send({ kind: 'finish' });
  };

  worker.ref();
  try {
    // The first to fail decides; feeding alone never resolves the race.
    return await Promise.race([result, feed().then(() => result)]);
  } finally {
    stop.abort();
    worker.unref();
  }
}

/** Listens until the signal aborts. */
function listen(
  worker: Worker,
  until: AbortSignal,
  listeners: Readonly<Record<'message' | 'error' | 'exit', (value: unknown) => void>>,
): void {
  const entries = Object.entries(listeners);
  for (const [event, listener] of entries) worker.on(event, listener);
  until.addEventListener(
    'abort',
    () => {
      for (const [event, listener] of entries) worker.off(event, listener);
    },
    { once: true },
  );
}
