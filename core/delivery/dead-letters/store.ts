import type { Clock } from '../../batching/clock.ts';
import type { Journal, JournalEntry, JournalStatus, Position } from '../../journal/journal.ts';
import { PositionSet } from '../../journal/positions.ts';
import { type DeadLetter, decodeDeadLetter, encodeDeadLetter } from './codec.ts';
import { createTally, type StoredTally } from './tally.ts';
import { createWritten } from './written.ts';

export type { DeadLetter } from './codec.ts';
export type { StoredTally } from './tally.ts';

/** A dead letter in the store. */
export interface StoredDeadLetter extends DeadLetter {
  /** Names it in `show` and `drop`. */
  readonly id: Position;
}

/** Which dead letters; what is left out does not restrict. */
export interface DeadLetterFilter {
  readonly ids?: readonly Position[];
  readonly output?: string;
  /** Part of the reason, in any case. */
  readonly reason?: string;
  /** Last attempt at or after, and before, epoch milliseconds. */
  readonly since?: number;
  readonly until?: number;
}

/** The dead letters of all outputs: a journal of its own, with a budget of its own. */
export interface DeadLetterStore {
  /**
   * Resolves when they are on stable storage. One whose event has a dead letter of the same output already, from before
   * a crash, is not written again.
   *
   * @param settled no event up to this position comes again to their output
   * @throws JournalFullError when the budget is used up: nothing of the call was taken.
   */
  append(letters: readonly DeadLetter[], settled?: Position): Promise<void>;
  waitForRoom(signal: AbortSignal, bytes?: number): Promise<void>;
  /** Oldest first, read from storage as they are asked for. */
  list(filter?: DeadLetterFilter): AsyncGenerator<StoredDeadLetter>;
  show(id: Position): Promise<StoredDeadLetter | undefined>;
  /** Gives them up for good. Resolves with their number when that is durable. */
  drop(filter: DeadLetterFilter): Promise<number>;
  /**
   * Hands events back: each is appended to the journal for the output that refused it, as accepted now, and then dropped
   * here. A crash in between leaves it in both places: delivered twice rather than lost.
   *
   * @param append durable when it resolves; entries of the main journal.
   * @returns how many were handed back. Those whose bytes were lost stay.
   */
  replay(
    filter: DeadLetterFilter,
    append: (entries: readonly JournalEntry[]) => Promise<void>,
  ): Promise<number>;
  /** Number of dead letters. */
  count(): number;
  /**
   * What is stored of each output. Undefined while what was there at the opening is still being counted, which the first
   * call begins: it has to be read.
   */
  byOutput(): ReadonlyMap<string, StoredTally> | undefined;
  /** Of the journal under it: its size, its budget, and whether that is used up. */
  status(): JournalStatus;
  /** Closes the view; the journal under it is its owner's to close. */
  close(): Promise<void>;
}

/** The name of the one cursor. */
const READER = 'dead_letters';
/** What is handled at once: so many dead letters, or bytes of events. */
const CHUNK = { letters: 500, bytes: 4 << 20 };

/**
 * @param journal used for nothing else; every record of it is a dead letter.
 * @param onUnreadable told once when there are dead letters that a later version has written: they stay, and are not
 *   shown, replayed or dropped
 */
export async function openDeadLetterStore(
  journal: Journal,
  clock: Clock,
  onUnreadable: () => void = () => {},
): Promise<DeadLetterStore> {
  const subscription = await journal.subscribe(READER, { start: 'oldest' });
  const outputs = [READER];
  let known = new PositionSet();
  const dropped = new Set<Position>();
  const tally = createTally();
  /** The newest letter of before the opening: up to here they are counted when they are read, later ones when they are appended. */
  const inherited = journal.status().newest;
  let counted = subscription.pending() === 0;
  const closing = new AbortController();
  let learning: Promise<void> = Promise.resolve();

  let told = false;
  /** Undefined for one that this version cannot read: of those that it can, none may be kept back by it. */
  function read(raw: Uint8Array): DeadLetter | undefined {
    try {
      return decodeDeadLetter(raw);
    } catch {
      if (!told) onUnreadable();
      told = true;
      return undefined;
    }
  }

  /** The journal gives a position to a record only when it is read: reads what was appended since the last time. */
  function learn(): Promise<void> {
    learning = learning
      .catch(() => {})
      .then(async () => {
        // A view that is closed gives nothing more, and at once: asking on would never end, nor let anything else go on.
        while (!subscription.caughtUp()) {
          if (closing.signal.aborted) return;
          const events = await subscription.read({ events: 5000, bytes: 1 << 20 }, closing.signal);
          for (const { position, raw } of events) {
            known.push(position);
            const letter = position <= inherited ? read(raw) : undefined;
            if (letter !== undefined) tally.add(letter);
          }
        }
        counted = true;
      });
    return learning;
  }

  async function* list(filter: DeadLetterFilter = {}): AsyncGenerator<StoredDeadLetter> {
    await learn();
    for await (const events of subscription.fetch(wantedPositions(known, filter.ids))) {
      for (const { position, raw } of events) {
        if (dropped.has(position)) continue;
        const letter = read(raw);
        if (letter === undefined) continue;
        const stored = { id: position, ...letter };
        if (matches(stored, filter)) yield stored;
      }
    }
  }

  async function discard(letters: readonly StoredDeadLetter[]): Promise<void> {
    const fresh = letters.filter(({ id }) => known.has(id) && !dropped.has(id));
    for (const letter of fresh) {
      dropped.add(letter.id);
      tally.remove(letter);
    }
    subscription.acknowledge(PositionSet.of(...fresh.map(({ id }) => id)));
    await subscription.flush();
    if (dropped.size * 2 > known.count) {
      const kept = new PositionSet();
      for (const position of known) if (!dropped.has(position)) kept.push(position);
      known = kept;
      dropped.clear();
    }
  }

  /** Chunk by chunk, because there may be more than memory holds. */
  async function inChunks(
    filter: DeadLetterFilter,
    work: (letters: readonly StoredDeadLetter[]) => Promise<readonly StoredDeadLetter[]>,
  ): Promise<number> {
    let done = 0;
    let chunk: StoredDeadLetter[] = [];
    let bytes = 0;
    const finish = async () => {
      const finished = await work(chunk);
      chunk = [];
      bytes = 0;
      done += finished.length;
      await discard(finished);
    };
    for await (const letter of list(filter)) {
      chunk.push(letter);
      bytes += letter.raw.length;
      if (chunk.length >= CHUNK.letters || bytes >= CHUNK.bytes) await finish();
    }
    if (chunk.length > 0) await finish();
    return done;
  }

  const written = createWritten((output) => list({ output }));

  return {
    async append(letters, settled = 0) {
      const missing = await written.missing(letters, settled);
      await journal.append(
        missing.map((letter) => ({ raw: encodeDeadLetter(letter), receivedAt: letter.receivedAt, outputs })),
      );
      for (const letter of missing) tally.add(letter);
      await written.add(missing);
    },
    waitForRoom: (signal, bytes) => journal.waitForRoom(signal, bytes),
    list,
    async show(id) {
      for await (const letter of list({ ids: [id] })) return letter;
      return undefined;
    },
    drop: (filter) => inChunks(filter, async (letters) => letters),
    replay: (filter, append) =>
      inChunks(filter, async (letters) => {
        const whole = letters.filter(({ raw }) => raw.length > 0);
        const receivedAt = clock.now();
        await append(whole.map(({ raw, output }) => ({ raw, receivedAt, outputs: [output] })));
        return whole;
      }),
    count: () => subscription.pending(),
    byOutput() {
      // One that fails is begun again by whoever asks next.
      if (!counted) learn().catch(() => {});
      return counted ? tally.byOutput() : undefined;
    },
    status: () => journal.status(),
    async close() {
      closing.abort();
      await learning.catch(() => {});
      await subscription.close();
    },
  };
}

function wantedPositions(known: PositionSet, ids: readonly Position[] | undefined): PositionSet {
  if (ids === undefined) return known;
  return PositionSet.of(...[...new Set(ids)].sort((a, b) => a - b).filter((id) => known.has(id)));
}

function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { output, reason, since, until } = filter;
  return (
    (output === undefined || letter.output === output) &&
    (reason === undefined || letter.reason.toLowerCase().includes(reason.toLowerCase())) &&
    (since === undefined || letter.lastAttempt >= since) &&
    (until === undefined || letter.lastAttempt < until)
  );
}
