import type { Manifest, Position, StoredEvent, Subscription } from '../journal.ts';
import type { PositionSet } from '../positions.ts';
import type { Ledger } from './state.ts';
import { oldestNeeded, rewind, settle, unseal, upcoming } from './state.ts';

/** What a subscription needs of the journal it belongs to. */
export interface Backing {
  /**
   * The first of these events, ascending: as many as the limits and one chunk of storage allow, at least one
   * unless all are damaged. `through` is the last position dealt with.
   */
  load(
    ledger: Ledger,
    positions: PositionSet,
    maxBytes: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly through: Position }>;
  stream(positions: PositionSet, signal?: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
  /** See {@link Subscription.identify}. */
  identify(positions: PositionSet): string;
  /** Makes the manifest durable and adds it to the ledger. */
  seal(ledger: Ledger, manifest: Manifest): Promise<void>;
  /** Makes it durable that the ledger has lost manifests. */
  unsealed(ledger: Ledger): Promise<void>;
  /** The ledger has changed and must become durable soon. */
  settled(ledger: Ledger): void;
  flush(ledger: Ledger): Promise<void>;
  receivedAt(position: Position): number | undefined;
}

/** Positions looked up for one {@link Subscription.read}: more would not fit a chunk of storage. */
const MOST_AT_ONCE = 8192;

/** The view of one output on a journal, whatever stores its events. */
export function openSubscription(ledger: Ledger, backing: Backing): Subscription {
  if (ledger.subscribed) throw new Error(`output ${JSON.stringify(ledger.output)} is subscribed already`);
  ledger.subscribed = true;
  rewind(ledger);
  let closed = false;
  let unsettled = ledger.manifests;

  return {
    output: ledger.output,
    get unsettled() {
      return unsettled;
    },
    async read(limits, signal) {
      while (!signal.aborted && !closed) {
        const positions = upcoming(ledger, Math.min(limits.events, MOST_AT_ONCE));
        if (positions.count === 0) {
          await ledger.changes.wait(signal);
          continue;
        }
        const { events, through } = await backing.load(ledger, positions, limits.bytes);
        // Aborted meanwhile: these are handed out by the next read.
        if (signal.aborted || closed) break;
        ledger.next = through + 1;
        if (events.length > 0) return events;
      }
      return [];
    },
    caughtUp: () => upcoming(ledger, 1).count === 0,
    fetch: (positions, signal) => backing.stream(positions, signal),
    identify: backing.identify,
    seal: (manifest) => backing.seal(ledger, manifest),
    async unseal(manifests) {
      unseal(ledger, manifests);
      unsettled = unsettled.filter((manifest) => !manifests.includes(manifest));
      await backing.unsealed(ledger);
    },
    acknowledge(positions) {
      settle(ledger, positions);
      backing.settled(ledger);
    },
    flush: () => backing.flush(ledger),
    settled: () => oldestNeeded(ledger) - 1,
    pending: () => ledger.pending.count,
    accepted: () => ledger.accepted,
    lost: () => ledger.lost,
    oldest() {
      const position = ledger.pending.first;
      return position === undefined ? undefined : backing.receivedAt(position);
    },
    async close() {
      closed = true;
      ledger.subscribed = false;
      ledger.changes.wake();
    },
  };
}
