import type { Journal, JournalEntry, JournalStatus, Lost, Position } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import { type DeadLetter, decodeDeadLetter, encodeDeadLetter } from './codec.ts';
import { createDeadLetterCounters, type DeadLetterCount } from './counters.ts';
import { createEventIndex } from './event-index.ts';

export type { DeadLetter } from './codec.ts';
export type { DeadLetterCount } from './counters.ts';

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

/** Where a replay hands events back to. */
export interface HandBack {
  /** The outputs that have a cursor and are there to deliver; asked once, when it is the replay's turn. */
  outputs(): Promise<ReadonlySet<string>>;
  /** Appends to the main journal; durable when it resolves. */
  append(entries: readonly JournalEntry[]): Promise<void>;
}

/** What a replay did. */
export interface Replayed {
  readonly replayed: number;
  /** What matched and is still there, by output. `no_cursor`: nobody would deliver an event handed back. */
  readonly left: ReadonlyMap<string, { readonly letters: number; readonly why: 'no_cursor' | 'no_bytes' }>;
}

/**
 * The dead letters of all outputs: a journal of its own, with a budget of its own. Replays and drops run one at a time, in
 * the order of their calls; reading and appending do not wait for them.
 */
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
  /**
   * Deletes those that were there when it was called.
   *
   * @returns how many, when that is durable
   */
  drop(filter: DeadLetterFilter): Promise<number>;
  /**
   * Hands back the events that were there when it was called: each is appended to the journal for the output that refused
   * it, as accepted now, and then dropped here. A crash in between leaves it in both places: delivered twice rather than lost.
   *
   * @throws what `append` throws, and when the store is closed; the chunks before were handed back
   */
  replay(filter: DeadLetterFilter, handBack: HandBack): Promise<Replayed>;
  /**
   * Begins to read dead letters as they are written, or goes on where the last reader ended, also in a process before: a cursor
   * keeps the place. One reader at a time.
   */
  follow(): Promise<DeadLetterFeed>;
  /** Gives up the cursor of {@link follow}, closed by now: the next reader begins with the letters written after it began. */
  unfollow(): Promise<void>;
  /** Runs work that must not overlap a replay or a drop, in its turn. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Number of dead letters. */
  count(): number;
  /**
   * What is stored of each output. Undefined while what was there at the opening is still being counted, which the first
   * call begins: it has to be read.
   */
  byOutput(): ReadonlyMap<string, DeadLetterCount> | undefined;
  /**
   * Dead letters that damage or removal of files took: missing at the opening, or found damaged when they were counted. They
   * are no longer part of {@link count}.
   */
  lost(): Lost;
  /** Of the journal under it: its size, its budget, whether that is used up, and the damage met. */
  status(): JournalStatus;
  /** Closes the view; the journal under it is its owner's to close. */
  close(): Promise<void>;
}

/** Dead letters in the order in which they were written, each once per opening until it is acknowledged. */
export interface DeadLetterFeed {
  /**
   * The next ones. Waits until there is at least one; an empty array means the signal was aborted. One that was dropped or
   * replayed since it was written is among them; one of a later version is not.
   */
  read(signal: AbortSignal): Promise<readonly StoredDeadLetter[]>;
  /** These are not read again after a restart; durable within 200 ms, or by {@link flush}. Until then their space is not freed. */
  acknowledge(ids: PositionSet): void;
  /** Resolves when all acknowledgements so far are durable. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The name of the cursor of the store: what it has not settled is stored. */
const READER = 'dead_letters';
/** The name of the cursor of {@link DeadLetterStore.follow}. */
const FOLLOWER = 'notices';
/** The most letters of one read of a feed, and their bytes. */
const FEED = { events: 1000, bytes: 1 << 20 };
/** The size of one chunk of a replay or drop. */
const CHUNK = { letters: 500, bytes: 4 << 20 };

/** Who is told of what the store meets. */
export interface DeadLetterListener {
  /**
   * Told once when there are dead letters that a later version has written: they stay, and are not shown, replayed or
   * dropped.
   */
  onUnreadable?(): void;
  /** Told of losses that it was not told of before. */
  onLost?(lost: Lost): void;
}

/** @param journal used for nothing else; every record of it is a dead letter. */
export async function openDeadLetterStore(
  journal: Journal,
  clock: Clock,
  { onUnreadable = () => {}, onLost = () => {} }: DeadLetterListener = {},
): Promise<DeadLetterStore> {
  const subscription = await journal.subscribe(READER, { start: 'oldest' });
  let outputs: readonly string[] = [READER];
  let known = new PositionSet();
  const dropped = new Set<Position>();
  const counters = createDeadLetterCounters();
  /** The newest letter of before the opening: up to here they are counted when they are read, later ones when they are appended. */
  const inherited = journal.status().newest;
  let counted = subscription.pending() === 0;
  const closing = new AbortController();
  let learning: Promise<void> = Promise.resolve();

  let reported: Lost = { exact: 0, atMost: 0 };
  function reportLosses(): void {
    const { exact, atMost } = subscription.lost();
    const fresh = { exact: exact - reported.exact, atMost: atMost - reported.atMost };
    if (fresh.exact + fresh.atMost > 0) onLost(fresh);
    reported = { exact, atMost };
  }
  reportLosses();

  let isReported = false;
  /** Undefined for a letter that this version cannot read; it does not keep the others from being read. */
  function read(raw: Uint8Array): DeadLetter | undefined {
    try {
      return decodeDeadLetter(raw);
    } catch {
      if (!isReported) onUnreadable();
      isReported = true;
      return undefined;
    }
  }

  /** The journal gives a position to a record only when it is read: reads what was appended since the last time. */
  function learn(): Promise<void> {
    learning = learning
      .catch(() => {})
      .then(async () => {
        // Reads of a closed subscription return nothing at once: the loop would never end and never yield.
        while (!subscription.caughtUp()) {
          if (closing.signal.aborted) return;
          const events = await subscription.read({ events: 5000, bytes: 1 << 20 }, closing.signal);
          reportLosses();
          for (const { position, raw } of events) {
            known.push(position);
            const letter = position <= inherited ? read(raw) : undefined;
            if (letter !== undefined) counters.add(letter);
          }
        }
        counted = true;
      });
    return learning;
  }

  /** @param upTo the newest that is given */
  async function* list(
    filter: DeadLetterFilter = {},
    upTo = Number.POSITIVE_INFINITY,
    signal?: AbortSignal,
  ): AsyncGenerator<StoredDeadLetter> {
    await learn();
    for await (const events of subscription.fetch(wantedPositions(known, filter.ids), signal)) {
      for (const { position, raw } of events) {
        if (position > upTo) return;
        // `known` may be another by now, without those that were dropped.
        if (dropped.has(position) || !known.has(position)) continue;
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
      counters.remove(letter);
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

  /** Replays and drops, under way and waiting: two at once would hand the same event back twice. */
  let queue: Promise<unknown> = Promise.resolve();

  function alone<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(() => {
      if (closing.signal.aborted) throw new Error('the process is stopping: no dead letter was touched');
      return work();
    });
    queue = result.catch(() => {});
    return result;
  }

  /**
   * Chunk by chunk, because there may be more than memory holds.
   *
   * @param upTo the newest letter that is included. A replayed event that is refused again makes a newer one: without the bound
   *   the replay would never end
   * @param work returns the letters that are done
   */
  async function inChunks(
    filter: DeadLetterFilter,
    upTo: Position,
    work: (letters: readonly StoredDeadLetter[]) => Promise<readonly StoredDeadLetter[]>,
  ): Promise<number> {
    const { signal } = closing;
    let done = 0;
    let chunk: StoredDeadLetter[] = [];
    let bytes = 0;
    const finish = async () => {
      const finished = await work(chunk);
      chunk = [];
      bytes = 0;
      await discard(finished);
      done += finished.length;
    };
    for await (const letter of list(filter, upTo, signal)) {
      if (signal.aborted) break;
      chunk.push(letter);
      bytes += letter.raw.length;
      if (chunk.length >= CHUNK.letters || bytes >= CHUNK.bytes) await finish();
    }
    if (signal.aborted)
      throw new Error(
        `the process is stopping: ${done} were handed back or dropped, the rest is still there`,
      );
    if (chunk.length > 0) await finish();
    return done;
  }

  const eventIndex = createEventIndex((output) => list({ output }));

  return {
    async append(letters, settled = 0) {
      const missing = await eventIndex.missing(letters, settled);
      await journal.append(
        missing.map((letter) => ({
          raw: encodeDeadLetter(letter),
          receivedAt: letter.receivedAt,
          outputs,
        })),
      );
      for (const letter of missing) counters.add(letter);
      await eventIndex.add(missing);
    },
    waitForRoom: (signal, bytes) => journal.waitForRoom(signal, bytes),
    list: (filter) => list(filter),
    async show(id) {
      for await (const letter of list({ ids: [id] })) return letter;
      return undefined;
    },
    drop(filter) {
      const { newest } = journal.status();
      return alone(() => inChunks(filter, newest, async (letters) => letters));
    },
    replay(filter, handBack) {
      const { newest } = journal.status();
      return alone(async () => {
        const withCursor = await handBack.outputs();
        const left = new Map<string, { letters: number; why: 'no_cursor' | 'no_bytes' }>();
        const reasonToLeave = ({ output, raw }: DeadLetter) => {
          if (!withCursor.has(output)) return 'no_cursor';
          return raw.length === 0 ? 'no_bytes' : undefined;
        };
        const replayed = await inChunks(filter, newest, async (letters) => {
          const whole: StoredDeadLetter[] = [];
          for (const letter of letters) {
            const why = reasonToLeave(letter);
            if (why === undefined) whole.push(letter);
            else left.set(letter.output, { letters: (left.get(letter.output)?.letters ?? 0) + 1, why });
          }
          const receivedAt = clock.now();
          if (whole.length > 0)
            await handBack.append(whole.map(({ raw, output }) => ({ raw, receivedAt, outputs: [output] })));
          return whole;
        });
        return { replayed, left };
      });
    },
    async follow() {
      const feed = await journal.subscribe(FOLLOWER);
      outputs = [READER, FOLLOWER];
      return {
        async read(signal) {
          for (;;) {
            const events = await feed.read(FEED, signal);
            const letters: StoredDeadLetter[] = [];
            const unreadable: Position[] = [];
            for (const { position, raw } of events) {
              const letter = read(raw);
              if (letter === undefined) unreadable.push(position);
              else letters.push({ id: position, ...letter });
            }
            if (unreadable.length > 0) feed.acknowledge(PositionSet.of(...unreadable));
            if (letters.length > 0 || events.length === 0) return letters;
          }
        },
        acknowledge: (ids) => feed.acknowledge(ids),
        flush: () => feed.flush(),
        close: () => feed.close(),
      };
    },
    async unfollow() {
      outputs = [READER];
      const kept = await journal.orphans();
      if (kept.some(({ output }) => output === FOLLOWER)) await journal.forget(FOLLOWER);
    },
    alone,
    count: () => subscription.pending(),
    byOutput() {
      // If it fails, the next call tries again.
      if (!counted) learn().catch(() => {});
      return counted ? counters.byOutput() : undefined;
    },
    lost: () => subscription.lost(),
    status: () => journal.status(),
    async close() {
      closing.abort();
      await queue;
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
