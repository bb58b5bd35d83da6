import type { Lost, Manifest, Position } from '../journal.ts';
import { PositionBitmap } from '../position-bitmap.ts';
import { PositionSet } from '../positions.ts';
import type { Waiters } from '../waiters.ts';
import { createWaiters } from '../waiters.ts';

/** What the journal knows of one output: which events it wants and has not settled, and how far it has read. */
export interface CursorState {
  readonly output: string;
  /** Wanted and not acknowledged. */
  readonly pending: PositionBitmap;
  /** Positions of manifests that were unsettled when the subscription was opened: {@link upcoming} skips them. */
  readonly sealed: PositionBitmap;
  /** Sealed and not settled, oldest first. */
  manifests: readonly Manifest[];
  /** Settled, but not yet durably: after a crash they are unsettled again. */
  settling: readonly Manifest[];
  /** The first position that was not handed out yet. */
  next: Position;
  /** Up to here the cursor file says what is pending; after it, the segments do. */
  through: Position;
  accepted: number;
  /** Wanted events that damage took, since the opening. */
  lost: Lost;
  /** Losses that earlier openings of the journal found, and that no subscription has reported yet. */
  unreported: Lost;
  /** Wanted positions that were missing when the journal was opened; counted by the first opening of the subscription. */
  readonly gone: PositionBitmap;
  /** Positions that were missing then and of which the journal does not know whether this output wanted them. */
  readonly doubtful: PositionBitmap;
  /** Events at the end of the log that may have been lost, without known positions. */
  doubtfulEvents: number;
  /** Up to here, events from before its creation are pending that it may not want; 0 when there are none. */
  backfillThrough: Position;
  subscribed: boolean;
  /** Its readers, waiting for events. */
  readonly changes: Waiters;
}

const NONE: Lost = { exact: 0, atMost: 0 };

/** A cursor with nothing in it, for an output that starts after `through`. */
export function createCursorState(output: string, through: Position): CursorState {
  return {
    output,
    pending: new PositionBitmap(),
    sealed: new PositionBitmap(),
    manifests: [],
    settling: [],
    next: 1,
    through,
    accepted: 0,
    lost: NONE,
    unreported: NONE,
    gone: new PositionBitmap(),
    doubtful: new PositionBitmap(),
    doubtfulEvents: 0,
    backfillThrough: 0,
    subscribed: false,
    changes: createWaiters(),
  };
}

/** Losses that no subscription has reported yet; the cursor keeps them until one has. */
export function unreportedLosses({ unreported, gone, doubtful, doubtfulEvents }: CursorState): Lost {
  return {
    exact: unreported.exact + gone.count,
    atMost: unreported.atMost + doubtful.count + doubtfulEvents,
  };
}

/** Adds what was just appended: the positions from first to last are wanted by this output. */
export function want(cursor: CursorState, first: Position, last: Position): void {
  cursor.accepted += cursor.pending.addRun(first, last);
}

/** Adds a manifest that has become durable; one that was sealed before is there already. */
export function addManifest(cursor: CursorState, manifest: Manifest): void {
  if (cursor.manifests.some(({ id }) => id === manifest.id)) return;
  cursor.manifests = [...cursor.manifests, manifest];
}

/** Starts (again) from the oldest pending event; what sealed manifests hold is skipped: it is settled with them. */
export function rewind(cursor: CursorState): void {
  cursor.next = 1;
  const lost = unreportedLosses(cursor);
  cursor.accepted = cursor.pending.count + lost.exact + lost.atMost;
  cursor.lost = lost;
  cursor.unreported = NONE;
  cursor.gone.deleteRun(1, Number.MAX_SAFE_INTEGER);
  cursor.doubtful.deleteRun(1, Number.MAX_SAFE_INTEGER);
  cursor.doubtfulEvents = 0;
  cursor.sealed.deleteRun(1, Number.MAX_SAFE_INTEGER);
  for (const manifest of cursor.manifests) {
    for (const [first, last] of manifest.positions.runs()) cursor.sealed.addRun(first, last);
  }
}

/** The positions that {@link Subscription.read} would hand out next, at most `limit` of them. */
export function upcoming(cursor: CursorState, limit: number): PositionSet {
  const { pending, sealed } = cursor;
  const positions = new PositionSet();
  let position = pending.next(cursor.next);
  while (position !== undefined && positions.count < limit) {
    if (!sealed.has(position)) positions.push(position);
    position = pending.next(position + 1);
  }
  return positions;
}

/** Settles positions; those that were settled before are skipped. Manifests with nothing left are dropped. */
export function settle(cursor: CursorState, positions: PositionSet): void {
  for (const [first, last] of positions.runs()) cursor.pending.deleteRun(first, last);
  cursor.through = Math.max(cursor.through, positions.last);
  const done = cursor.manifests.filter(
    (manifest) => meet(manifest.positions, positions) && !isOpen(cursor, manifest),
  );
  if (done.length === 0) return;
  cursor.manifests = cursor.manifests.filter((manifest) => !done.includes(manifest));
  cursor.settling = [...cursor.settling, ...done];
}

/** False when the one ends before the other begins: then settling the one closes nothing of the other. */
function meet(a: PositionSet, b: PositionSet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** The oldest position that the output may still ask for, by what is in memory. */
export function oldestNeeded(cursor: CursorState): Position {
  let needed = cursor.pending.first ?? Number.POSITIVE_INFINITY;
  for (const { positions } of cursor.manifests) needed = Math.min(needed, positions.first);
  for (const { positions } of cursor.settling) needed = Math.min(needed, positions.first);
  return needed;
}

/** No output can ask for an event up to this position again; infinite when nothing is pending. */
export function settledByAll(cursors: Iterable<CursorState>): Position {
  let needed = Number.POSITIVE_INFINITY;
  for (const cursor of cursors) needed = Math.min(needed, oldestNeeded(cursor));
  return needed - 1;
}

/** The oldest position that is pending for any output. */
export function oldestPending(cursors: Iterable<CursorState>): Position | undefined {
  let oldest: Position | undefined;
  for (const { pending } of cursors)
    if (pending.first !== undefined) oldest = Math.min(oldest ?? pending.first, pending.first);
  return oldest;
}

/** True while some position of the manifest is pending. */
export function isOpen(cursor: CursorState, manifest: Manifest): boolean {
  for (const [first, last] of manifest.positions.runs()) {
    const position = cursor.pending.next(first);
    if (position === undefined) return false;
    if (position <= last) return true;
  }
  return false;
}

/** Settles events that are no longer on storage. */
export function lose(cursor: CursorState, positions: PositionSet): void {
  cursor.lost = { ...cursor.lost, exact: cursor.lost.exact + positions.count };
  settle(cursor, positions);
}

/** Unseals batches: their events are read and batched again. */
export function unseal(cursor: CursorState, manifests: readonly Manifest[]): void {
  cursor.manifests = cursor.manifests.filter((manifest) => !manifests.includes(manifest));
  for (const { positions } of manifests)
    for (const [first, last] of positions.runs()) cursor.sealed.deleteRun(first, last);
  // Another batch may hold some of the same positions.
  for (const { positions } of cursor.manifests)
    for (const [first, last] of positions.runs()) cursor.sealed.addRun(first, last);
}
