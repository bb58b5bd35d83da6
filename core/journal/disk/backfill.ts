import type { Ledger } from '../cursor/state.ts';
import type { StoredEvent } from '../journal.ts';
import { PositionSet } from '../positions.ts';
import { readEvents, type Source } from '../segments/reader.ts';

/**
 * Gives a new output that starts at the oldest event what it wants of the events stored before it was created. All their
 * positions are pending when this begins; what is not there or not wanted is taken out. May be repeated after an error.
 */
export async function backfill(
  source: Source,
  ledger: Ledger,
  wants: (event: StoredEvent) => boolean,
): Promise<void> {
  const { pending, backfillThrough } = ledger;
  let next = 1;
  for await (const { events } of readEvents(source, PositionSet.fromRuns(pending.runs(backfillThrough)))) {
    for (const event of events) {
      pending.deleteRun(next, wants(event) ? event.position - 1 : event.position);
      next = event.position + 1;
    }
  }
  if (next <= backfillThrough) pending.deleteRun(next, backfillThrough);
  ledger.backfillThrough = 0;
}
