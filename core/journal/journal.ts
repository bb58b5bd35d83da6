import type { PositionSet } from './positions.ts';

/**
 * A place in the journal: a positive safe integer, strictly increasing in the order of acceptance, never
 * used twice within one epoch.
 */
export type Position = number;

/** What ingest appends: one accepted event and the names of the outputs that want it (never indexes: configuration changes). */
export interface JournalEntry {
  readonly raw: Uint8Array;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly outputs: readonly string[];
}

/** An event read back. */
export interface StoredEvent {
  readonly position: Position;
  readonly receivedAt: number;
  readonly raw: Uint8Array;
}

/** The durable record of a closed batch: sealed before the batch is delivered, so that every replay carries the same id. */
export interface Manifest {
  readonly id: string;
  readonly partition: string;
  readonly positions: PositionSet;
  /** Raw bytes of the events. */
  readonly bytes: number;
  /** When the batch was opened and when it was closed, epoch milliseconds. */
  readonly openedAt: number;
  readonly closedAt: number;
  /** The type of the output it was closed for; absent in manifests of before 0.2. */
  readonly type?: string;
  /** Where the output was going to put it, as the output calls it; absent where the output has no such notion. */
  readonly destination?: string;
}

/** Events that damage of the storage took from an output. */
export interface Lost {
  /** Events that were routed to the output and can no longer be read. */
  readonly exact: number;
  /** Gone, and the output may have wanted them: an upper bound. */
  readonly atMost: number;
}

/**
 * The durable, append-only log of accepted events. One log, any number of outputs, one cursor each.
 * Nothing here assumes a local disk: a remote log can implement it.
 */
export interface Journal {
  /** Changes when the log is created again from nothing. */
  readonly epoch: string;
  /** The process that used the log before did not close it: it crashed, or was killed. */
  readonly isAfterCrash?: boolean;
  /**
   * Aborted when the journal can no longer accept events: the storage failed permanently, or another process has taken over
   * the lock. The reason is an Error.
   */
  readonly failed: AbortSignal;
  /**
   * Resolves when every entry is on stable storage; either all of them are or the call rejects.
   * @throws JournalFullError when the budget or the disk is full: nothing was written, try again later.
   * @throws JournalFailedError when the storage failed.
   * @throws RangeError when the entries are larger than the journal may ever grow.
   */
  append(entries: readonly JournalEntry[]): Promise<void>;
  /**
   * Opens the cursor of an output. A new output starts after the newest event (`now`), or at the oldest one kept.
   * The events kept did not name it when they were appended, so `wants` says which of them it is given; absent: all.
   */
  subscribe(
    output: string,
    options?: { start?: 'now' | 'oldest'; wants?: (event: StoredEvent) => boolean },
  ): Promise<Subscription>;
  /**
   * Resolves when there is room for an append of that size ({@link JournalFullError.bytes}) and for a small one, or when
   * the signal aborts. Another append may use the room first.
   */
  waitForRoom(signal: AbortSignal, bytes?: number): Promise<void>;
  /** Cursors without a subscription in this process: outputs removed from the configuration. */
  orphans(): Promise<readonly { output: string; pending: number }[]>;
  /** Discards the cursor of an orphan: what it had not settled is no longer kept for it. */
  forget(output: string): Promise<void>;
  status(): JournalStatus;
  close(): Promise<void>;
}

export interface JournalStatus {
  /**
   * `full`: the disk is full, or the budget has no room for {@link smallAppend}. An append that is larger than the room
   * left is refused and changes nothing. `failed`: nothing can be written any more.
   */
  readonly state: 'ok' | 'full' | 'failed';
  readonly reason?: string;
  /** Bytes on storage. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Acceptance time of the oldest event, by position, that is pending for any output; epoch milliseconds. */
  readonly oldest?: number;
  /** The newest position, 0 when empty. */
  readonly newest: Position;
  /** No output is handed or given back an event up to this position again; infinite when nothing is pending. */
  readonly settled: Position;
  /** Damaged frames found and set aside since the start. */
  readonly corruptFrames: number;
  /** Files that were set aside whole at the start: segments of another journal, unreadable cursors. */
  readonly quarantinedFiles: number;
  /** Bytes of torn tail cut at recovery. */
  readonly recoveredBytes: number;
}

/** The view one output has of the journal. */
export interface Subscription {
  readonly output: string;
  /** Manifests sealed but not settled when the subscription was opened, oldest first; {@link read} passes over their positions. */
  readonly unsettled: readonly Manifest[];
  /**
   * The next events this output wants, in order, each once per opening. Waits until there is at least one;
   * an empty array means the signal was aborted.
   */
  read(limits: { events: number; bytes: number }, signal: AbortSignal): Promise<readonly StoredEvent[]>;
  /** True when {@link read} would have to wait. */
  caughtUp(): boolean;
  /** Reads events back by position, ascending, in chunks of about a megabyte. Positions that were damaged on disk are absent. */
  fetch(positions: PositionSet, signal?: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
  /**
   * A text for these positions that no other events ever have at the same positions: not in a restored snapshot of the
   * journal, nor in a copy that goes on by itself. Part of every batch id, so that an id never names two contents.
   */
  identify(positions: PositionSet): string;
  /**
   * Resolves when the manifest is durable. One of {@link unsettled} is sealed again before its batch is delivered: the
   * process before may have ended between writing it and making it durable.
   */
  seal(manifest: Manifest): Promise<void>;
  /**
   * Gives up manifests of {@link unsettled}, durably, so that their events are batched again. Call it before the first
   * {@link read}.
   */
  unseal(manifests: readonly Manifest[]): Promise<void>;
  /** These positions are settled (delivered or set aside), in any order. Durable within 200 ms, or by {@link flush}. */
  acknowledge(positions: PositionSet): void;
  /** Resolves when all acknowledgements so far are durable. */
  flush(): Promise<void>;
  /** No event up to this position is handed out or given back again; infinite when nothing is pending. */
  settled(): Position;
  /** Events wanted by this output and not acknowledged. */
  pending(): number;
  /** Pending at the opening plus appended since; at the first opening, with those that damage took. */
  accepted(): number;
  /**
   * Events that damage took before they were read: missing when the journal was opened, or found damaged since. They are no
   * longer pending. accepted = delivered + dead_lettered + dropped + lost + pending.
   */
  lost(): Lost;
  /** Acceptance time of the oldest pending event, if known (a disk knows it to within 64 KiB of events). */
  oldest(): number | undefined;
  /** Ends all reads and gives the output up. Never rejects: acknowledgements become durable soon after. */
  close(): Promise<void>;
}

/** The journal has no room: its budget is used up or the disk is full. Nothing of the call was written. */
export class JournalFullError extends Error {
  override readonly name = 'JournalFullError';
  /** What the append needs of the budget, to wait for; 0 where the size was not the reason. */
  readonly bytes: number;

  constructor(message: string, { bytes = 0, ...options }: ErrorOptions & { readonly bytes?: number } = {}) {
    super(message, options);
    this.bytes = bytes;
  }
}

/** The size of a small append: without room for it a journal is full. It holds any event that is not extraordinary. */
export const smallAppend = (maxBytes: number): number => Math.min(64 << 10, Math.floor(maxBytes / 8));

/** The storage of the journal failed. What it acknowledged before stays acknowledged. */
export class JournalFailedError extends Error {
  override readonly name = 'JournalFailedError';
}
