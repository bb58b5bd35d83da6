import type { Manifest, Position } from '../journal.ts';
import type { Ledger } from '../ledger.ts';
import { isOpen } from '../ledger.ts';
import { readManifests } from '../manifests.ts';
import { PositionSet } from '../positions.ts';
import type { Books } from './ledgers.ts';
import type { RecoverOptions, Tally } from './options.ts';

/** Gives the ledgers the manifests that are not settled. Returns the last position that any manifest knows of. */
export async function enterManifests(
  { fs, directory, log }: Pick<RecoverOptions, 'fs' | 'directory' | 'log'>,
  { ledgers, lost }: Pick<Books, 'ledgers' | 'lost'>,
  tally: Tally,
): Promise<Position> {
  const { manifests, damagedBytes } = await readManifests(fs, directory);
  if (damagedBytes > 0) {
    tally.corruptFrames++;
    log.warn({ bytes: damagedBytes }, 'part of the manifests is damaged: their batches may be cut anew');
  }
  let last = 0;
  // Sealed twice after a compaction was cut short, perhaps: the last one counts.
  const latest = new Map(manifests.map((entry) => [`${entry.output}\0${entry.manifest.id}`, entry]));
  for (const { output, manifest } of latest.values()) {
    last = Math.max(last, manifest.positions.last);
    const ledger = ledgers.get(output);
    if (ledger === undefined) continue;
    const isPending = isOpen(ledger, manifest);
    const left = withoutGone(ledger, manifest, !lost.has(output));
    if (isPending) ledger.manifests = [...ledger.manifests, left];
  }
  for (const { output, gone } of ledgers.values()) {
    if (gone.count === 0) continue;
    log.error(
      { output, lost: gone.count },
      `${gone.count} events that output "${output}" had not settled are gone`,
    );
  }
  return last;
}

/**
 * The manifest under its old id, without the events that are gone: nobody can deliver them. Those that only the manifest
 * remembers are booked here.
 *
 * @param known the cursor was readable; without it nobody knows whether an event that is not there was settled
 */
function withoutGone(ledger: Ledger, manifest: Manifest, known: boolean): Manifest {
  const { pending, gone, through } = ledger;
  const positions = new PositionSet();
  for (const position of manifest.positions) {
    const isPending = pending.has(position);
    if (known && !isPending && position > through) gone.addRun(position);
    else if (isPending || (known && !gone.has(position))) positions.push(position);
  }
  return positions.count === manifest.positions.count ? manifest : { ...manifest, positions };
}
