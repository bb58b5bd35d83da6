import assert from 'node:assert/strict';
import type { Batch, BatchInfo, EventBlock, StreamedBatch } from '../batching/batch.ts';
import { systemClock } from '../batching/clock.ts';
import type { Mapper } from '../plugins/mapper.ts';
import type { Output } from '../plugins/output.ts';
import { decodeEvent, markedEvents } from './events.ts';

/** A batch of events that can be told apart where they arrive. */
export interface MarkedBatch {
  /** With its records and its blocks: an output takes the one or the other. */
  readonly value: Batch<unknown> & StreamedBatch;
  /** What is looked for, one an event. */
  readonly marks: string[];
}

/** So many marked events as the framework would hand them over. */
export function batchOf(
  count: number,
  mapper: Mapper,
  { partition }: Pick<Output, 'partition'>,
): MarkedBatch {
  const now = systemClock.now();
  const events = markedEvents(count).map(({ mark, raw }) => ({ mark, raw, event: decodeEvent(raw, now) }));
  const records = events.map(({ event }) => {
    const mapped = mapper.map(event);
    assert.ok(mapped.ok, 'the mapper refused the event of the contract');
    return mapped.record;
  });
  const keys = new Set(events.map(({ event }) => partition?.(event) ?? ''));
  assert.equal(keys.size, 1, 'partition() told events of one time, host and source apart');
  const [key] = keys;
  assert.equal(typeof key, 'string', 'partition() refused an event of the contract');
  const raws = events.map(({ raw }) => raw);
  const info: BatchInfo = {
    id: 'contract-batch',
    attempt: 1,
    partition: key as string,
    count,
    bytes: raws.reduce((sum, { byteLength }) => sum + byteLength, 0),
    openedAt: now,
    closedAt: now,
  };
  return {
    value: { ...info, records, blocks: () => blocksOf(raws, now) },
    marks: events.map(({ mark }) => mark),
  };
}

/** The events in one block. */
async function* blocksOf(raws: readonly Uint8Array[], receivedAt: number): AsyncIterable<EventBlock> {
  const bytes = Buffer.concat(raws);
  // A buffer of its own: the receiver may transfer it to another thread.
  const buffer = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(buffer).set(bytes);
  let offset = 0;
  const entries = raws.flatMap(({ byteLength }, index) => {
    const entry = [index, receivedAt, offset, byteLength];
    offset += byteLength;
    return entry;
  });
  yield { buffer, entries: Float64Array.from(entries) };
}
