import type { Lost, Manifest, Position } from '../journal.ts';
import { PositionBits } from '../position-bitmap.ts';
import { PositionSet } from '../positions.ts';
import type { Waiters } from '../waiters.ts';
import { createWaiters } from '../waiters.ts';

/** What the journal knows of one output: which events it wants and has not settled, and how far it has read. */
export interface Ledger {
  readonly output: string;
  /** Wanted and not acknowledged. */
  readonly pending: PositionBits;
  /** Positions of manifests that were unsettled when the subscription was opened: {@link takeNext} passes over them. */
  readonly sealed: PositionBits;
  /** Sealed and not settled, oldest first. */
  manifests: readonly Manifest[];
  /** Settled, but not yet durably: after a crash they are unsettled again. */
  settling: readonly Manifest[];
  /** The first position that was not handed out yet. */
  next: Position;
  /** Up to here the cursor file says what is pending; behind it, the log does. */
  through: Position;
  accepted: number;
  /** Wanted events that damage took, since the opening. */
  lost: Lost;
  /** Losses that earlier openings of the journal found, and that no subscription has reported yet. */
  unreported: Lost;
  /** Wanted positions that were missing when the journal was opened; counted by the first opening of the subscription. */
  readonly gone: PositionBits;
  /** Positions that were missing then and of which the journal does not know whether this output wanted them. */
  readonly doubtful: PositionBits;
  /** Events at the end of the log that may have been lost, without known positions. */
  doubtfulEvents: number;
  /** Up to here, events from before its creation are pending that it may not want; 0 when there are none. */
  backfillThrough: Position;
  subscribed: boolean;
  /** Its readers, waiting for events. */
  readonly changes: Waiters;
}

const NONE: Lost = { exact: 0, atMost: 0 };

/** A ledger with nothing in it, for an output that starts behind `through`. */
export function createLedger(output: string, through: Position): Ledger {
  return {
    output,
    pending: new PositionBits(),
    sealed: new PositionBits(),
    manifests: [],
    settling: [],
    next: 1,
    through,
    accepted: 0,
    lost: NONE,
    unreported: NONE,
    gone: new PositionBits(),
    doubtful: new PositionBits(),
    doubtfulEvents: 0,
    backfillThrough: 0,
    subscribed: false,
    changes: createWaiters(),
  };
}

/** Losses that no subscription has reported yet; the cursor keeps them until one has. */
export function unreportedLosses({ unreported, gone, doubtful, doubtfulEvents }: Ledger): Lost {
  return {
    exact: unreported.exact + gone.count,
    atMost: unreported.atMost + doubtful.count + doubtfulEvents,
  };
}

/** Did this opening of the journal find that damage took events of the output? */
export function hasLosses({ gone, doubtful, doubtfulEvents }: Ledger): boolean {
  return gone.count + doubtful.count + doubtfulEvents > 0;
}

/** Books what the log has just taken: the positions from first to last are wanted by this output. */
export function want(ledger: Ledger, first: Position, last: Position): void {
  ledger.accepted += ledger.pending.addRun(first, last);
}

/** Books a manifest that has become durable; one that was sealed before is there already. */
export function addManifest(ledger: Ledger, manifest: Manifest): void {
  if (ledger.manifests.some(({ id }) => id === manifest.id)) return;
  ledger.manifests = [...ledger.manifests, manifest];
}

/** Starts (again) from the oldest pending event; what sealed manifests hold is left to whoever settles those. */
export function rewind(ledger: Ledger): void {
  ledger.next = 1;
  const lost = unreportedLosses(ledger);
  ledger.accepted = ledger.pending.count + lost.exact + lost.atMost;
  ledger.lost = lost;
  ledger.unreported = NONE;
  ledger.gone.deleteRun(1, Number.MAX_SAFE_INTEGER);
  ledger.doubtful.deleteRun(1, Number.MAX_SAFE_INTEGER);
  ledger.doubtfulEvents = 0;
  ledger.sealed.deleteRun(1, Number.MAX_SAFE_INTEGER);
  for (const manifest of ledger.manifests) {
    for (const [first, last] of manifest.positions.runs()) ledger.sealed.addRun(first, last);
  }
}

/** The positions that {@link Subscription.read} would hand out next, at most `limit` of them; nothing is taken yet. */
export function upcoming(ledger: Ledger, limit: number): PositionSet {
  const { pending, sealed } = ledger;
  const positions = new PositionSet();
  let position = pending.next(ledger.next);
  while (position !== undefined && positions.count < limit) {
    if (!sealed.has(position)) positions.push(position);
    position = pending.next(position + 1);
  }
  return positions;
}

/** Settles positions; those that were settled before are passed over. Manifests with nothing left are dropped. */
export function settle(ledger: Ledger, positions: PositionSet): void {
  for (const [first, last] of positions.runs()) ledger.pending.deleteRun(first, last);
  ledger.through = Math.max(ledger.through, positions.last);
  const done = ledger.manifests.filter(
    (manifest) => meet(manifest.positions, positions) && !isOpen(ledger, manifest),
  );
  if (done.length === 0) return;
  ledger.manifests = ledger.manifests.filter((manifest) => !done.includes(manifest));
  ledger.settling = [...ledger.settling, ...done];
}

/** False when the one ends before the other begins: then settling the one closes nothing of the other. */
function meet(a: PositionSet, b: PositionSet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** The oldest position that the output may still ask for, by what its memory says. */
export function oldestNeeded(ledger: Ledger): Position {
  let needed = ledger.pending.first ?? Number.POSITIVE_INFINITY;
  for (const { positions } of ledger.manifests) needed = Math.min(needed, positions.first);
  for (const { positions } of ledger.settling) needed = Math.min(needed, positions.first);
  return needed;
}

/** No output can ask for an event up to this position again; infinite when nothing is pending. */
export function settledByAll(ledgers: Iterable<Ledger>): Position {
  let needed = Number.POSITIVE_INFINITY;
  for (const ledger of ledgers) needed = Math.min(needed, oldestNeeded(ledger));
  return needed - 1;
}

/** The oldest position that is pending for any output. */
export function oldestPending(ledgers: Iterable<Ledger>): Position | undefined {
  let oldest: Position | undefined;
  for (const { pending } of ledgers)
    if (pending.first !== undefined) oldest = Math.min(oldest ?? pending.first, pending.first);
  return oldest;
}

/** True while some position of the manifest is pending. */
export function isOpen(ledger: Ledger, manifest: Manifest): boolean {
  for (const [first, last] of manifest.positions.runs()) {
    const position = ledger.pending.next(first);
    if (position === undefined) return false;
    if (position <= last) return true;
  }
  return false;
}

/** Settles events that are no longer on storage. */
export function lose(ledger: Ledger, positions: PositionSet): void {
  ledger.lost = { ...ledger.lost, exact: ledger.lost.exact + positions.count };
  settle(ledger, positions);
}

/** Unseals batches: their events are read and batched again. */
export function unseal(ledger: Ledger, manifests: readonly Manifest[]): void {
  ledger.manifests = ledger.manifests.filter((manifest) => !manifests.includes(manifest));
  for (const { positions } of manifests)
    for (const [first, last] of positions.runs()) ledger.sealed.deleteRun(first, last);
  // Another batch may hold some of the same positions.
  for (const { positions } of ledger.manifests)
    for (const [first, last] of positions.runs()) ledger.sealed.addRun(first, last);
}
