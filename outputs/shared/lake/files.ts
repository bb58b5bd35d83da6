import type { StreamedBatch } from '../../../core/sdk/index.ts';
import type { EncodedBatch, Encoder } from './parquet/encode.ts';

/**
 * The files of batches that are not delivered yet. A file is made once, however many attempts it takes: an attempt that
 * ends while it is being made leaves the making alone, and the next one goes on waiting for it.
 */
export interface BatchFiles {
  /**
   * Waits for the file of a batch, which is begun if it was not.
   *
   * @returns undefined when the signal aborted first: at once, and the making goes on
   * @throws Error when it cannot be made; the next call begins anew
   */
  take(batch: StreamedBatch, signal: AbortSignal): Promise<EncodedBatch | undefined>;
  /** The attempt is over without success: the file is kept for the next one. */
  keep(id: string): void;
  /** The batch is delivered: its file is removed. */
  remove(id: string): Promise<void>;
  /** Ends what is being made and removes all files. */
  close(): Promise<void>;
}

/** Files that wait for their next attempt; what is beyond is made again. */
const KEPT = 8;

interface Made {
  readonly file: Promise<EncodedBatch>;
  readonly stop: AbortController;
  /** Attempts that wait for it or use it. */
  users: number;
}

export function createBatchFiles(encoder: Encoder): BatchFiles {
  /** By batch id, the one used last at the end. */
  const files = new Map<string, Made>();

  function begin(batch: StreamedBatch): Made {
    const stop = new AbortController();
    const made = { file: encoder.encode(batch, stop.signal), stop, users: 0 };
    // Nobody may be waiting when it fails; whoever comes next begins anew.
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

  /** An attempt has no more use for the file. */
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

/** What the promise comes to, or undefined as soon as the signal aborts. */
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
