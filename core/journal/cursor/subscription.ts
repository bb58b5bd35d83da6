import type { Manifest, Position, StoredEvent, Subscription } from '../journal.ts';
import { PositionSet } from '../positions.ts';
import type { CursorState } from './state.ts';
import { lose, oldestNeeded, rewind, settle, unseal, upcoming } from './state.ts';

/** Where a subscription reads its events. */
export interface ReadSource {
  /**
   * The first of these events, ascending: as many as the limit and one chunk of storage allow, at least one unless all are
   * damaged. `through` is the last position that was looked up; those up to it that did not come are no longer on storage.
   */
  load(
    positions: PositionSet,
    maxBytes: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly through: Position }>;
  stream(positions: PositionSet, signal?: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
  /** See {@link Subscription.identify}. */
  identify(positions: PositionSet): string;
  receivedAt(position: Position): number | undefined;
}

/** Makes durable what a subscription does. */
export interface CursorStorage {
  /** Makes the manifest durable and adds it to the cursor. */
  seal(cursor: CursorState, manifest: Manifest): Promise<void>;
  /** Makes it durable that the cursor has lost manifests. */
  unsealed(cursor: CursorState): Promise<void>;
  /** The cursor has changed and must become durable soon. */
  changed(cursor: CursorState): void;
  flush(cursor: CursorState): Promise<void>;
}

/** Positions looked up for one {@link Subscription.read}: more would not fit a chunk of storage. */
const MOST_AT_ONCE = 8192;

/** The view of one output on a journal, whatever stores its events. */
export function openSubscription(
  cursor: CursorState,
  source: ReadSource,
  storage: CursorStorage,
): Subscription {
  if (cursor.subscribed) throw new Error(`output ${JSON.stringify(cursor.output)} is subscribed already`);
  cursor.subscribed = true;
  rewind(cursor);
  let closed = false;
  let unsettled = cursor.manifests;

  return {
    output: cursor.output,
    get unsettled() {
      return unsettled;
    },
    async read(limits, signal) {
      while (!signal.aborted && !closed) {
        const positions = upcoming(cursor, Math.min(limits.events, MOST_AT_ONCE));
        if (positions.count === 0) {
          await cursor.changes.wait(signal);
          continue;
        }
        const { events, through } = await source.load(positions, limits.bytes);
        const missing = missingFrom(events, positions, through);
        if (missing.count > 0) {
          lose(cursor, missing);
          storage.changed(cursor);
        }
        // Aborted meanwhile: these are handed out by the next read.
        if (signal.aborted || closed) break;
        cursor.next = through + 1;
        if (events.length > 0) return events;
      }
      return [];
    },
    caughtUp: () => upcoming(cursor, 1).count === 0,
    fetch: (positions, signal) => source.stream(positions, signal),
    identify: source.identify,
    seal: (manifest) => storage.seal(cursor, manifest),
    async unseal(manifests) {
      unseal(cursor, manifests);
      unsettled = unsettled.filter((manifest) => !manifests.includes(manifest));
      await storage.unsealed(cursor);
    },
    acknowledge(positions) {
      settle(cursor, positions);
      storage.changed(cursor);
    },
    flush: () => storage.flush(cursor),
    settled: () => oldestNeeded(cursor) - 1,
    pending: () => cursor.pending.count,
    accepted: () => cursor.accepted,
    lost: () => cursor.lost,
    oldest() {
      const position = cursor.pending.first;
      return position === undefined ? undefined : source.receivedAt(position);
    },
    async close() {
      closed = true;
      cursor.subscribed = false;
      cursor.changes.wake();
    },
  };
}

/** The positions up to `through` that no event came for. */
function missingFrom(events: readonly StoredEvent[], positions: PositionSet, through: Position): PositionSet {
  const missing = new PositionSet();
  let i = 0;
  for (const position of positions) {
    if (position > through) break;
    if (events[i]?.position === position) i++;
    else missing.push(position);
  }
  return missing;
}
