import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type BatchSlice, type Deliver, wholeBatch } from '../delivery/batch-slice.ts';
import { callOutput, withUnmappable } from '../delivery/chain.ts';
import { loadRecords, streamOf } from '../delivery/content.ts';
import { withBisection, withRequestLimits } from '../delivery/split.ts';
import type { Manifest, StoredEvent } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { RequestLimits } from '../sdk/contract/batch.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { Output, StreamOutput } from '../sdk/contract/output.ts';
import { type Delivery, retry } from '../sdk/contract/verdicts.ts';
import { recordJson } from '../sdk/record/record-json.ts';
import { decodeEvent, type MarkedEvent } from './events.ts';

/** One batch of these events, as the framework makes it for the output. */
export async function sliceOf(
  marked: readonly Pick<MarkedEvent, 'raw'>[],
  mapper: Mapper,
  output: Output | StreamOutput,
  { stream, attempt, now }: { readonly stream: boolean; readonly attempt: number; readonly now: number },
): Promise<BatchSlice> {
  const events: StoredEvent[] = marked.map(({ raw }, index) => ({
    position: index + 1,
    receivedAt: now,
    raw,
  }));
  const keys = new Set(events.map(({ raw }) => output.partition?.(decodeEvent(raw, now)) ?? ''));
  assert.equal(keys.size, 1, 'partition() told events of one time, host and source apart');
  const [partition] = keys;
  assert.ok(typeof partition === 'string', 'partition() refused an event of the contract');
  const destination = output.destination?.(partition);
  const raws = marked.map(({ raw }) => raw);
  const manifest: Manifest = {
    // The same records give the same id: outputs name objects by it.
    id: `contract-${createHash('sha256').update(Buffer.concat(raws)).digest('hex').slice(0, 16)}`,
    partition,
    ...(destination !== undefined && { destination }),
    positions: PositionSet.fromRuns([[1, events.length]]),
    bytes: raws.reduce((sum, { byteLength }) => sum + byteLength, 0),
    openedAt: now,
    closedAt: now,
  };
  const source = {
    async *fetch(positions: PositionSet) {
      const wanted = new Set(positions);
      yield events.filter(({ position }) => wanted.has(position));
    },
  };
  const content = stream
    ? streamOf(manifest, source, decodeEvent)
    : await loadRecords(manifest, [events], decodeEvent, mapper);
  assert.equal(content.count, marked.length, 'the mapper refused an event of the contract');
  return { ...wholeBatch(manifest, content), attempt };
}

/** Delivers as the framework does: in requests within the limits, a part that is rejected bisected. An error is a retry. */
export function deliverer(output: Output | StreamOutput, mapper: Mapper, limits: RequestLimits): Deliver {
  const toJson = recordJson(mapper);
  const call = withUnmappable(callOutput(output), toJson);
  const deliver: Deliver = async (slice, signal): Promise<Delivery> => {
    try {
      return await call(slice, signal);
    } catch (error) {
      return retry(error instanceof Error ? error.message : String(error));
    }
  };
  return withRequestLimits(withBisection(deliver), limits, (record) => Buffer.byteLength(toJson(record)));
}
