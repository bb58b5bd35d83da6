import type { Event } from '../event/event.ts';
import type { Batch } from '../sdk/contract/batch.ts';
import { eventOf } from './event-of.ts';

/** 2 January 2026, 03:04:05 UTC. */
const TIME = Date.UTC(2026, 0, 2, 3, 4, 5);

/**
 * A batch of records, for tests that call `deliver` or `preview` themselves. What it says of itself can be replaced.
 *
 * @param records what the output's mapper makes; of records that are events `events` holds those, else some event each
 * @example
 * const output = definition.create(options, contextOf());
 * await output.deliver(batchOf(['{"rule":"a"}', '{"rule":"b"}'], { attempt: 2 }), neverAborts());
 */
export function batchOf<R>(records: readonly R[], more: Partial<Batch<R>> = {}): Batch<R> {
  return {
    id: 'batch-1',
    attempt: 1,
    partition: '',
    count: records.length,
    bytes: 100 * records.length,
    openedAt: TIME,
    closedAt: TIME,
    records,
    events: records.map((record) => (isEvent(record) ? record : eventOf())),
    ...more,
  };
}

function isEvent(record: unknown): record is Event {
  return record instanceof Object && 'rule' in record && 'raw' in record;
}
