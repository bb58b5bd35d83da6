import type { Logger } from '../../sdk/contract/logger.ts';
import type { CursorRecovery } from '../cursor/recovery.ts';
import type { CursorState } from '../cursor/state.ts';
import { isOpen } from '../cursor/state.ts';
import type { DamageCounts } from '../files/quarantine.ts';
import type { Manifest, Position } from '../journal.ts';
import { PositionSet } from '../positions.ts';
import type { readManifests } from './log.ts';

/** Gives the cursors the manifests that are not settled. Returns the last position that any manifest knows of. */
export function recoverManifests(
  { log }: { readonly log: Logger },
  { cursors, lost }: Pick<CursorRecovery, 'cursors' | 'lost'>,
  { manifests, damagedBytes }: Awaited<ReturnType<typeof readManifests>>,
  counts: DamageCounts,
): Position {
  if (damagedBytes > 0) {
    counts.corruptFrames++;
    log.warn({ bytes: damagedBytes }, 'part of the manifests is corrupt: their events are batched again');
  }
  let last = 0;
  // A manifest may be there twice, after a compaction that was cut short: the last one counts.
  const latest = new Map(manifests.map((entry) => [`${entry.output}\0${entry.manifest.id}`, entry]));
  for (const { output, manifest } of latest.values()) {
    last = Math.max(last, manifest.positions.last);
    const cursor = cursors.get(output);
    if (cursor === undefined) continue;
    const isPending = isOpen(cursor, manifest);
    const left = withoutGone(cursor, manifest, !lost.has(output));
    if (isPending) cursor.manifests = [...cursor.manifests, left];
  }
  return last;
}

/**
 * Keeps the manifest and its id, without the events that are lost. Counts those of them that no segment or index lists.
 *
 * @param known the cursor was readable; otherwise a missing event may have been settled
 */
function withoutGone(cursor: CursorState, manifest: Manifest, known: boolean): Manifest {
  const { pending, gone, doubtful, through } = cursor;
  const positions = new PositionSet();
  for (const position of manifest.positions) {
    const isPending = pending.has(position);
    if (known && !isPending && position > through) {
      gone.addRun(position);
      doubtful.deleteRun(position);
    } else if (isPending || (known && !gone.has(position))) positions.push(position);
  }
  return positions.count === manifest.positions.count ? manifest : { ...manifest, positions };
}
