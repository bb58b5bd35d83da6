import type { StoredEvent } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { PositionSet } from './positions.ts';
import { readEvents, type Source } from './reader.ts';
import type { Segment } from './segment.ts';

/** Gives a new output, that starts at the oldest event, all that is stored. */
export function giveStored({ pending }: Ledger, segments: readonly Segment[]): void {
  for (const { header, last } of segments) if (last >= header.first) pending.addRun(header.first, last);
}

/** Takes the events that a new output does not want out of what it was given. */
export async function leaveOut(
  source: Source,
  { pending }: Ledger,
  wants: (event: StoredEvent) => boolean,
): Promise<void> {
  for await (const { events } of readEvents(source, PositionSet.fromRuns(pending.runs()))) {
    for (const event of events) if (!wants(event)) pending.deleteRun(event.position, event.position);
  }
}
