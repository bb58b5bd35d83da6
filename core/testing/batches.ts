import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Batch, BatchInfo, EventBlock, StreamedBatch } from '../sdk/contract/batch.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { Output } from '../sdk/contract/output.ts';
import { decodeEvent, type MarkedEvent } from './events.ts';

/** A batch as the framework passes it, with both records and blocks: an output reads one of them. */
export type AnyBatch = Batch<unknown> & StreamedBatch;

/** A batch of these events. */
export function batchOf(
  marked: readonly Pick<MarkedEvent, 'raw'>[],
  mapper: Mapper,
  { partition }: Pick<Output, 'partition'>,
): AnyBatch {
  const now = systemClock.now();
  const events = marked.map(({ raw }) => decodeEvent(raw, now));
  const records = events.map((event) => {
    const mapped = mapper.map(event);
    assert.ok(mapped.ok, 'the mapper refused the event of the contract');
    return mapped.record;
  });
  const keys = new Set(events.map((event) => partition?.(event) ?? ''));
  assert.equal(keys.size, 1, 'partition() told events of one time, host and source apart');
  const [key] = keys;
  assert.equal(typeof key, 'string', 'partition() refused an event of the contract');
  const raws = marked.map(({ raw }) => raw);
  const info: BatchInfo = {
    // The same records give the same id: outputs name objects by it.
    id: `contract-${createHash('sha256').update(Buffer.concat(raws)).digest('hex').slice(0, 16)}`,
    attempt: 1,
    partition: key as string,
    count: raws.length,
    bytes: raws.reduce((sum, { byteLength }) => sum + byteLength, 0),
    openedAt: now,
    closedAt: now,
  };
  return { ...info, records, blocks: () => blocksOf(raws, now) };
}

/** The events in one block. */
async function* blocksOf(raws: readonly Uint8Array[], receivedAt: number): AsyncIterable<EventBlock> {
  const bytes = Buffer.concat(raws);
  // A separate buffer, because the receiver may transfer it to another thread.
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
