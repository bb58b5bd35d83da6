import { join } from 'node:path';
import type { Clock } from '../../sdk/contract/clock.ts';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { FileSystem } from '../files/filesystem.ts';
import { isDiskFull, replaceFile } from '../files/filesystem.ts';
import type { Position } from '../journal.ts';
import { JournalFailedError } from '../journal.ts';
import { cursorFile, encodeCursor, encodeForgotten } from './file.ts';
import type { Ledger } from './state.ts';
import { oldestNeeded } from './state.ts';

/** Brings the ledgers to stable storage, each as a cursor file, soon after they changed. */
export interface Saver {
  /** The ledger's cursor file says what the ledger says. */
  adopt(ledger: Ledger): void;
  /** The log has taken an event that this output wants. */
  wanted(ledger: Ledger, first: Position): void;
  /** The ledger has changed: it is durable within 200 ms, or (a failing disk) some time later, which costs replays only. */
  changed(ledger: Ledger): void;
  /** Resolves when the ledger is durable as it is now. @throws JournalFailedError */
  save(ledger: Ledger): Promise<void>;
  /** Puts a note that the output is forgotten, and wants nothing up to `through`, in the place of its cursor file. */
  forget(ledger: Ledger, through: Position): Promise<void>;
  /** The oldest position that the output may still ask for, after a crash at this moment too. */
  oldestNeeded(ledger: Ledger): Position;
  close(): Promise<void>;
}

/** Acknowledgements are gathered for this long, so that saving stays well within the 200 ms promised. */
const GATHER = 100;
/** After a failure, the next try. */
const AGAIN = 1000;

interface State {
  dirty: boolean;
  /** The oldest position needed by what is on storage. */
  saved: Position;
  /** Of the oldest event that was appended since. */
  since: Position;
}

export function createSaver(options: {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly makeRoom: () => Promise<boolean>;
  /** Called when cursors have become durable: segments may be free now. */
  readonly onSaved: () => void;
}): Saver {
  const { fs, directory, epoch, clock, log, makeRoom, onSaved } = options;
  const states = new Map<Ledger, State>();
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

  /** One at a time; who asks while one is under way is served by the next. */
  function run(): Promise<void> {
    queue = queue.catch(() => {}).then(saveDirty);
    return queue;
  }

  async function saveDirty(): Promise<void> {
    const work = [...states].filter(([, state]) => state.dirty);
    if (work.length === 0) return;
    try {
      for (const [ledger, state] of work) await saveOne(ledger, state);
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
    const path = join(directory, cursorFile(output));
    try {
      await replaceFile(fs, path, data, { durable: true });
    } catch (error) {
      if (!isDiskFull(error) || !(await makeRoom())) throw error;
      await replaceFile(fs, path, data, { durable: true });
    }
  }

  async function saveOne(ledger: Ledger, state: State): Promise<void> {
    const { settling } = ledger;
    const first = firstPending(ledger);
    const data = encodeCursor(ledger, epoch);
    state.dirty = false;
    state.saved = Math.min(state.saved, state.since);
    state.since = Number.POSITIVE_INFINITY;
    try {
      await put(ledger.output, data);
    } catch (error) {
      state.dirty = true;
      throw error;
    }
    state.saved = first;
    ledger.settling = ledger.settling.filter((manifest) => !settling.includes(manifest));
  }

  return {
    adopt(ledger) {
      states.set(ledger, { dirty: false, saved: firstPending(ledger), since: Number.POSITIVE_INFINITY });
    },
    wanted(ledger, first) {
      const state = states.get(ledger);
      if (state !== undefined) state.since = Math.min(state.since, first);
    },
    changed(ledger) {
      const state = states.get(ledger);
      if (state === undefined) return;
      state.dirty = true;
      schedule(GATHER);
    },
    async save(ledger) {
      if (!states.get(ledger)?.dirty) await queue.catch(() => {});
      if (states.get(ledger)?.dirty) await run();
    },
    async forget(ledger, through) {
      queue = queue
        .catch(() => {})
        .then(() => put(ledger.output, encodeForgotten(ledger.output, epoch, through)));
      await queue;
      states.delete(ledger);
    },
    oldestNeeded(ledger) {
      const { saved, since } = states.get(ledger) ?? { saved: 0, since: 0 };
      return Math.min(saved, since, oldestNeeded(ledger));
    },
    async close() {
      stop.abort();
      await timer;
      await run().catch(() => {});
    },
  };
}

function firstPending(ledger: Ledger): Position {
  return ledger.pending.first ?? Number.POSITIVE_INFINITY;
}
