import { join } from 'node:path';
import type { Clock } from '../../sdk/contract/clock.ts';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { FileSystem } from '../files/filesystem.ts';
import { isDiskFull, replaceFile } from '../files/filesystem.ts';
import type { Position } from '../journal.ts';
import { JournalFailedError } from '../journal.ts';
import { cursorFileName, encodeCursorFile, encodeForgottenFile } from './file.ts';
import type { CursorState } from './state.ts';
import { oldestNeeded } from './state.ts';

/** Writes each cursor to its file on stable storage, soon after it changed. */
export interface CursorWriter {
  /** Registers a cursor; its file is up to date. */
  adopt(cursor: CursorState): void;
  /** An event was appended that this output wants. */
  wanted(cursor: CursorState, first: Position): void;
  /** The cursor has changed: it is durable within 200 ms, or (a failing disk) some time later, which costs replays only. */
  changed(cursor: CursorState): void;
  /** Resolves when the cursor is durable as it is now. @throws JournalFailedError */
  save(cursor: CursorState): Promise<void>;
  /** Puts a mark that the output is forgotten, and wants nothing up to `through`, in the place of its cursor file. */
  forget(cursor: CursorState, through: Position): Promise<void>;
  /** The oldest position that an output may still ask for, after a crash at this moment too. */
  oldestNeeded(): Position;
  close(): Promise<void>;
}

/** Acknowledgements are gathered for this many milliseconds: well within the 200 ms promised. */
const GATHER = 100;
/** Milliseconds from a failure to the next try. */
const AGAIN = 1000;

/** What is known of the file of a cursor. */
interface FileState {
  dirty: boolean;
  /** The oldest position needed by what is on storage. */
  saved: Position;
  /** Of the oldest event that was appended since. */
  since: Position;
}

export function createCursorWriter(options: {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly makeRoom: () => Promise<boolean>;
  /** Called when cursors have become durable: segments may be free now. */
  readonly onSaved: () => void;
}): CursorWriter {
  const { fs, directory, epoch, clock, log, makeRoom, onSaved } = options;
  const files = new Map<CursorState, FileState>();
  const stop = new AbortController();
  let timer: Promise<void> | undefined;
  let queue: Promise<void> = Promise.resolve();
  let failing = false;

  function schedule(wait: number): void {
    if (stop.signal.aborted) return;
    timer ??= clock.sleep(wait, stop.signal).then(async () => {
      timer = undefined;
      await run().catch(() => schedule(AGAIN));
    });
  }

  /** One run at a time; a request made during a run is served by the next one. */
  function run(): Promise<void> {
    queue = queue.catch(() => {}).then(saveDirty);
    return queue;
  }

  async function saveDirty(): Promise<void> {
    const work = [...files].filter(([, state]) => state.dirty);
    if (work.length === 0) return;
    try {
      for (const [cursor, state] of work) await saveOne(cursor, state);
      if (failing) log.info('cursors are durable again');
      failing = false;
    } catch (error) {
      if (!failing) log.error({ error }, 'a cursor cannot be written: a crash now would cost replays');
      failing = true;
      throw new JournalFailedError(`a cursor cannot be written: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      onSaved();
    }
  }

  async function put(output: string, data: Uint8Array): Promise<void> {
    const path = join(directory, cursorFileName(output));
    try {
      await replaceFile(fs, path, data, { durable: true });
    } catch (error) {
      if (!isDiskFull(error) || !(await makeRoom())) throw error;
      await replaceFile(fs, path, data, { durable: true });
    }
  }

  async function saveOne(cursor: CursorState, state: FileState): Promise<void> {
    const { settling } = cursor;
    const first = firstPending(cursor);
    const data = encodeCursorFile(cursor, epoch);
    state.dirty = false;
    state.saved = Math.min(state.saved, state.since);
    state.since = Number.POSITIVE_INFINITY;
    try {
      await put(cursor.output, data);
    } catch (error) {
      state.dirty = true;
      throw error;
    }
    state.saved = first;
    cursor.settling = cursor.settling.filter((manifest) => !settling.includes(manifest));
  }

  return {
    adopt(cursor) {
      files.set(cursor, { dirty: false, saved: firstPending(cursor), since: Number.POSITIVE_INFINITY });
    },
    wanted(cursor, first) {
      const state = files.get(cursor);
      if (state !== undefined) state.since = Math.min(state.since, first);
    },
    changed(cursor) {
      const state = files.get(cursor);
      if (state === undefined) return;
      state.dirty = true;
      schedule(GATHER);
    },
    async save(cursor) {
      if (!files.get(cursor)?.dirty) await queue.catch(() => {});
      if (files.get(cursor)?.dirty) await run();
    },
    async forget(cursor, through) {
      queue = queue
        .catch(() => {})
        .then(() => put(cursor.output, encodeForgottenFile(cursor.output, epoch, through)));
      await queue;
      files.delete(cursor);
    },
    oldestNeeded() {
      let oldest = Number.POSITIVE_INFINITY;
      for (const [cursor, { saved, since }] of files)
        oldest = Math.min(oldest, saved, since, oldestNeeded(cursor));
      return oldest;
    },
    async close() {
      stop.abort();
      await timer;
      await run().catch(() => {});
    },
  };
}

function firstPending(cursor: CursorState): Position {
  return cursor.pending.first ?? Number.POSITIVE_INFINITY;
}
