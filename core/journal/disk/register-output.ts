import type { Logger } from '../../sdk/contract/logger.ts';
import type { CursorState } from '../cursor/state.ts';
import { createCursorState } from '../cursor/state.ts';
import type { CursorWriter } from '../cursor/writer.ts';
import type { Journal, Position, StoredEvent } from '../journal.ts';
import { PositionSet } from '../positions.ts';
import type { SegmentReader } from '../segments/reader.ts';

/**
 * Finds the cursor of an output, or creates it. A new cursor is durable when this resolves, unless the disk refuses it: then
 * it is written later, and until then a crash costs redelivery, not events.
 */
export type RegisterOutput = (
  output: string,
  options: NonNullable<Parameters<Journal['subscribe']>[1]>,
) => Promise<CursorState>;

export function createRegisterOutput(options: {
  readonly cursors: Map<string, CursorState>;
  readonly cursorWriter: CursorWriter;
  readonly reader: SegmentReader;
  readonly newest: () => Position;
  readonly log: Logger;
}): RegisterOutput {
  const { cursors, cursorWriter, reader, log } = options;
  /** Cursors whose first file is not written yet. */
  const isNew = new Set<CursorState>();

  function create(output: string, start: 'now' | 'oldest'): CursorState {
    const newest = options.newest();
    const cursor = createCursorState(output, newest);
    const oldest = reader.segments[0]?.header.first ?? newest + 1;
    if (start === 'oldest' && oldest <= newest) {
      cursor.pending.addRun(oldest, newest);
      cursor.backfillThrough = newest;
    }
    cursors.set(output, cursor);
    cursorWriter.adopt(cursor);
    isNew.add(cursor);
    return cursor;
  }

  return async (output, { start = 'now', wants = () => true }) => {
    // Once it is created, events are kept for it, whatever fails below.
    const cursor = cursors.get(output) ?? create(output, start);
    if (cursor.backfillThrough > 0) await backfill(reader, cursor, wants);
    if (isNew.delete(cursor)) {
      cursorWriter.changed(cursor);
      await cursorWriter.save(cursor).catch(() => {});
      log.debug({ output, start, pending: cursor.pending.count }, 'created the cursor of a new output');
    }
    return cursor;
  };
}

/**
 * Leaves a new output that starts at the oldest event what it wants of the events stored before it was created. All their
 * positions are pending when this begins; those that are not there or not wanted are removed. May be repeated after an error.
 */
async function backfill(
  reader: SegmentReader,
  cursor: CursorState,
  wants: (event: StoredEvent) => boolean,
): Promise<void> {
  const { pending, backfillThrough } = cursor;
  let next = 1;
  for await (const { events } of reader.read(PositionSet.fromRuns(pending.runs(backfillThrough)))) {
    for (const event of events) {
      pending.deleteRun(next, wants(event) ? event.position - 1 : event.position);
      next = event.position + 1;
    }
  }
  if (next <= backfillThrough) pending.deleteRun(next, backfillThrough);
  cursor.backfillThrough = 0;
}
