import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchSlice, Deliver } from '../../../../core/delivery/batch-slice.ts';
import { wholeBatch } from '../../../../core/delivery/batch-slice.ts';
import { callOutput, withVerdict } from '../../../../core/delivery/chain.ts';
import { loadRecords, streamOf } from '../../../../core/delivery/content.ts';
import { DEFAULT_POLICY } from '../../../../core/delivery/policy.ts';
import { withRetry } from '../../../../core/delivery/retry.ts';
import { withBisection, withRequestLimits } from '../../../../core/delivery/split.ts';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import type { Batch, RequestLimits, StreamedBatch } from '../../../../core/sdk/contract/batch.ts';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import type { Mapper } from '../../../../core/sdk/contract/mapper.ts';
import type { Output, StreamOutput } from '../../../../core/sdk/contract/output.ts';
import { type Delivery, delivered, rejected, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never, recordsOf, sliceOf } from '../../../support/batch-slices.ts';
import { rawEvent } from '../../../support/events.ts';
import { numberMapper, numberOf } from '../../../support/output-loop.ts';

const one = () => 1;
/** Retries at once. */
const retrying = { clock: systemClock, random: () => 0, stopping: never, slowNow: () => systemClock.now() };
const decode = createDecoder(noDecodeOptions);

/** Takes every request, unless told otherwise, and remembers what was in each. */
function destination(
  answer: (records: readonly unknown[], slice: BatchSlice) => Delivery = () => delivered(),
) {
  const requests: (readonly unknown[])[] = [];
  const ids: string[] = [];
  const deliver: Deliver = async (slice) => {
    const records = recordsOf(slice);
    requests.push(records);
    ids.push(slice.id);
    return answer(records, slice);
  };
  return { requests, ids, deliver };
}

describe('the limits of a request', () => {
  it('split a batch in order, and leave one within them whole', async () => {
    const { requests, ids, deliver } = destination();
    const limited = withRequestLimits(deliver, { events: 2 }, one);
    expect(await limited(sliceOf(5), never)).toEqual({ status: 'delivered', rejected: [] });
    expect(requests).toEqual([['r0', 'r1'], ['r2', 'r3'], ['r4']]);
    expect(new Set(ids).size).toBe(3);
    await limited(sliceOf(2), never);
    expect(ids.at(-1)).toBe('batch');
  });

  it('count bytes as the output says, and without that as the framework does', async () => {
    const { requests, deliver } = destination();
    await withRequestLimits(deliver, { size: 10, sizeOf: () => 4 }, one)(sliceOf(5), never);
    await withRequestLimits(deliver, { size: 10 }, () => 5)(sliceOf(3), never);
    expect(requests).toEqual([['r0', 'r1'], ['r2', 'r3'], ['r4'], ['r0', 'r1'], ['r2']]);
  });

  it('reject the record that no request can carry, and the one whose size cannot be computed', async () => {
    const { requests, deliver } = destination();
    const sizes: Record<string, number> = { r1: 11, r2: Number.NaN };
    const sizeOf = (record: unknown) => {
      if (record === 'r3') throw new Error('no such member');
      return sizes[record as string] ?? 5;
    };
    const result = await withRequestLimits(deliver, { size: 10, sizeOf }, one)(sliceOf(6), never);
    expect(requests).toEqual([['r0'], ['r4', 'r5']]);
    expect(result).toEqual({
      status: 'delivered',
      rejected: [
        { index: 1, reason: 'the record has 11 bytes, and a request to the destination takes 10' },
        { index: 2, reason: 'the size of the record cannot be computed: it is NaN' },
        { index: 3, reason: 'the size of the record cannot be computed: no such member' },
      ],
    });
  });

  it('end the attempt at the first part that must be retried, and keep its wait', async () => {
    const { requests, deliver } = destination((records) =>
      records.includes('r3') ? retry('busy', { failed: [1], after: 500 }) : delivered(),
    );
    const result = await withRequestLimits(deliver, { events: 2 }, one)(sliceOf(7), never);
    expect(result).toEqual({
      status: 'retry',
      reason: 'busy',
      after: 500,
      failed: [3, 4, 5, 6],
      rejected: [],
    });
    expect(requests).toHaveLength(2);
  });

  it('never exceed a limit, and lose, repeat and reorder nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 }),
        fc.record(
          { events: fc.integer({ min: 1, max: 9 }), size: fc.integer({ min: 1, max: 20 }) },
          { requiredKeys: [] },
        ),
        async (sizes, limits: RequestLimits) => {
          const sizeOf = (record: unknown) => sizes[Number(String(record).slice(1))]!;
          const { requests, deliver } = destination();
          const result = await withRequestLimits(
            deliver,
            { ...limits, sizeOf },
            one,
          )(sliceOf(sizes.length), never);
          const { events = Infinity, size = Infinity } = limits;
          for (const records of requests) {
            expect(records.length).toBeLessThanOrEqual(events);
            expect(records.reduce<number>((sum, record) => sum + sizeOf(record), 0)).toBeLessThanOrEqual(
              size,
            );
          }
          const fitting = sizes.flatMap((bytes, n) => (bytes <= size ? [`r${n}`] : []));
          expect(requests.flat()).toEqual(fitting);
          const refused = result.status === 'delivered' ? (result.rejected ?? []) : [];
          expect(refused.map(({ index }) => index)).toEqual(
            sizes.flatMap((bytes, n) => (bytes > size ? [n] : [])),
          );
        },
      ),
    );
  });

  it('send the parts that are left under the same ids again', async () => {
    let up = false;
    const { ids, deliver } = destination((records) =>
      records.includes('r4') && !up ? retry('down') : delivered(),
    );
    const send = withRetry(
      withRequestLimits(withBisection(deliver), { events: 2 }, one),
      DEFAULT_POLICY.retry,
      {
        ...retrying,
        onRetry: () => {
          up = true;
        },
      },
    );
    await send(sliceOf(8), never);
    const [, , failed, ...again] = ids;
    expect(again).toEqual([failed, again[1]]);
  });
});

describe('the events of a batch', () => {
  const positions = PositionSet.fromRuns([[1, 30]]);
  const manifest = { id: 'm', partition: '', positions, bytes: 0, openedAt: 0, closedAt: Date.now() };
  const stored = (position: number) => ({ position, receivedAt: 5, raw: rawEvent(position) });

  it('belong to the records, whatever is split, refused, rejected and retried', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 30 })),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 })),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 })),
        fc.integer({ min: 1, max: 9 }),
        async (unmappable, guilty, busy, events) => {
          const mapper: Mapper<number> = {
            map: (event) => {
              const n = numberOf(event.raw);
              return unmappable.includes(n) ? { ok: false, reason: 'no' } : { ok: true, record: n };
            },
          };
          const all = Array.from({ length: 30 }, (_, i) => stored(i + 1));
          const content = await loadRecords(manifest, [all.slice(0, 11), all.slice(11)], decode, mapper);
          const waiting = new Set(busy);
          const taken: number[] = [];
          const output = {
            async deliver(batch: Batch<number>): Promise<Delivery> {
              expect(batch.events.map(({ raw }) => numberOf(raw))).toEqual(batch.records);
              expect(batch.events).toHaveLength(batch.count);
              if (batch.records.some((n) => guilty.includes(n))) return rejected('guilty');
              const failed = batch.records.flatMap((n, index) => (waiting.delete(n) ? [index] : []));
              taken.push(...batch.records.filter((_, index) => !failed.includes(index)));
              return failed.length > 0 ? retry('busy', { failed }) : delivered();
            },
          } as unknown as Output;
          const chain = withRequestLimits(withBisection(withVerdict(callOutput(output))), { events }, one);
          const send = withRetry(chain, DEFAULT_POLICY.retry, {
            ...retrying,
          });
          const { setAside } = await send(wholeBatch(manifest, content), never);
          const wanted = all.map(({ position }) => position).filter((n) => !unmappable.includes(n));
          expect(taken.sort((a, b) => a - b)).toEqual(wanted.filter((n) => !guilty.includes(n)));
          expect(setAside.map(({ position }) => position).sort((a, b) => a - b)).toEqual(
            wanted.filter((n) => guilty.includes(n)),
          );
        },
      ),
    );
  });

  it('are not decoded until they are read, and once an attempt', async () => {
    let decoded = 0;
    const counting: typeof decode = (raw, receivedAt) => {
      decoded++;
      return decode(raw, receivedAt);
    };
    const content = await loadRecords(manifest, [[stored(1), stored(2)]], counting, numberMapper);
    expect(decoded).toBe(2);
    let read = false;
    const output = {
      async deliver(batch: Batch<number>) {
        if (read) expect(batch.events).toBe(batch.events);
        return delivered();
      },
    } as unknown as Output;
    const deliver = callOutput(output);
    await deliver(wholeBatch(manifest, content), never);
    expect(decoded).toBe(2);
    read = true;
    await deliver(wholeBatch(manifest, content), never);
    expect(decoded).toBe(4);
  });

  it('come from a stream with their index, also when some are left', async () => {
    const source = {
      async *fetch(asked: PositionSet) {
        for (const position of asked) yield [stored(position)];
      },
    };
    const found: [number, number][][] = [];
    const output = {
      async deliver({ events }: StreamedBatch) {
        const seen: [number, number][] = [];
        for await (const { index, event } of events()) seen.push([index, numberOf(event.raw)]);
        found.push(seen);
        return found.length === 1 ? retry('busy', { failed: [3, 7] }) : delivered();
      },
    } as unknown as StreamOutput;
    const send = withRetry(withVerdict(callOutput(output)), DEFAULT_POLICY.retry, {
      ...retrying,
    });
    await send(wholeBatch(manifest, streamOf(manifest, source, decode)), never);
    expect(found[0]).toEqual(Array.from({ length: 30 }, (_, i) => [i, i + 1]));
    expect(found[1]).toEqual([
      [0, 4],
      [1, 8],
    ]);
  });
});
