import type { Delivery, Failure, Logger, StreamedBatch } from '../../../core/sdk/index.ts';
import { delivered, retry } from '../../../core/sdk/index.ts';
import type { EncodedBatch, Encoder } from './parquet/encode.ts';
import type { ObjectStore } from './store/store.ts';

/** What an uploader is made of. */
export interface UploaderOptions {
  readonly encoder: Encoder;
  readonly store: ObjectStore;
  readonly log: Logger;
}

/** Encodes batches and puts them into a store: what every lake output does with a batch once it has its key. */
export interface Uploader {
  /**
   * Writes a batch as one object. An event without a row is a rejected failure of the delivery; a batch without any row
   * writes nothing. The making of the file outlives the attempt: one after a failed upload finds it made, and one after a
   * timeout goes on waiting for it.
   *
   * @param key of the object; the same batch must have the same key on every attempt
   */
  upload(batch: StreamedBatch, key: string, signal: AbortSignal): Promise<Delivery>;
  /** Ends the encoder and closes the store. */
  close(): Promise<void>;
}

/**
 * Makes an uploader; encoder and store are its own from here on.
 *
 * @example
 * const encoder = createEncoder({
 *   mapper: context.mapperRef,
 *   decode: context.decode,
 *   directory: context.stateDir,
 *   log,
 *   file: { createdBy: createdBy({ name: 'tickets', version: '1.0.0' }) },
 * });
 * const uploader = createUploader({ encoder, store: directoryStore('/var/lib/lake'), log });
 * const verdict = await uploader.upload(streamed, `${streamed.partition}/${streamed.id}.parquet`, signal);
 * await uploader.close();
 */
export function createUploader({ encoder, store, log }: UploaderOptions): Uploader {
  const files = createBatchFiles(encoder);

  async function put(
    { id, count }: StreamedBatch,
    key: string,
    { file, rows, failures }: EncodedBatch,
    signal: AbortSignal,
  ): Promise<Delivery> {
    // A row is wanting because of the record, never because of the store.
    const unmappable = failures.map((failure): Failure => ({ ...failure, cause: 'unmappable' }));
    const rejected = unmappable.length > 0 ? { rejected: unmappable } : {};
    if (file === undefined) {
      log.warn({ batch: id, events: count }, 'No event of the batch came to a row; nothing is uploaded');
      return delivered(rejected);
    }
    const answer = await store.put(key, file, { signal });
    if (answer.status !== 'delivered') return answer;
    const name = key.slice(key.lastIndexOf('/') + 1);
    const details = { store: store.describe(), key, rows, bytes: file.size, rejected: failures.length };
    // The words that Falcosidekick's users look for in their logs.
    log.info(details, `Upload parquet file ${name} OK (${rows} events)`);
    return delivered({ bytes: file.size, ...rejected });
  }

  return {
    async upload(batch, key, signal) {
      const encoded = await files.take(batch, signal);
      if (encoded === undefined) {
        return retry('the file is still being made; the next attempt goes on with it');
      }
      let settled = false;
      try {
        const answer = await put(batch, key, encoded, signal);
        settled = answer.status === 'delivered';
        return answer;
      } finally {
        if (settled) await files.remove(batch.id);
        else files.keep(batch.id);
      }
    },

    async close() {
      await files.close();
      store.close();
    },
  };
}

/**
 * The files of batches that are not delivered yet. Each file is encoded once, for any number of attempts: when an attempt
 * ends early, the encoding continues and the next attempt waits for it.
 */
interface BatchFiles {
  /**
   * Waits for the file of a batch; starts to encode it if nobody has.
   *
   * @returns undefined as soon as the signal aborts; the encoding continues
   * @throws Error when the encoding fails; the next call starts again
   */
  take(batch: StreamedBatch, signal: AbortSignal): Promise<EncodedBatch | undefined>;
  /** The attempt has failed: the file is kept for the next one. */
  keep(id: string): void;
  /** The batch is delivered: its file is removed. */
  remove(id: string): Promise<void>;
  /** Stops all encodings and removes all files. */
  close(): Promise<void>;
}

/** The most files that are kept for a next attempt; others are encoded again. */
const KEPT = 8;

interface Made {
  readonly file: Promise<EncodedBatch>;
  readonly stop: AbortController;
  /** The number of attempts that wait for the file or use it. */
  users: number;
}

function createBatchFiles(encoder: Encoder): BatchFiles {
  /** By batch id, the most recently used last. */
  const files = new Map<string, Made>();

  function begin(batch: StreamedBatch): Made {
    const stop = new AbortController();
    const made = { file: encoder.encode(batch, stop.signal), stop, users: 0 };
    // When it fails with no attempt waiting, the next attempt starts again.
    made.file.catch(() => {
      if (files.get(batch.id) === made) files.delete(batch.id);
    });
    return made;
  }

  async function discard(id: string): Promise<void> {
    const made = files.get(id);
    files.delete(id);
    made?.stop.abort();
    await made?.file.then(
      ({ remove }) => remove(),
      () => {},
    );
  }

  /** An attempt no longer uses the file. */
  function release(id: string): void {
    const made = files.get(id);
    if (made !== undefined) made.users--;
    const idle = [...files].filter(([, { users }]) => users === 0);
    for (const [oldest] of idle.slice(0, Math.max(0, idle.length - KEPT))) void discard(oldest);
  }

  return {
    async take(batch, signal) {
      const made = files.get(batch.id) ?? begin(batch);
      files.delete(batch.id);
      files.set(batch.id, made);
      made.users++;
      const file = await orAborted(made.file, signal);
      if (file === undefined) release(batch.id);
      return file;
    },

    keep: release,
    remove: discard,

    async close() {
      for (const { stop } of files.values()) stop.abort(new Error('the output was stopped'));
      await encoder.close();
      await Promise.all([...files.keys()].map(discard));
    },
  };
}

/** The value of the promise, or undefined as soon as the signal aborts. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let abort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
