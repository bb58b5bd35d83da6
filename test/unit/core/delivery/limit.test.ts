import { describe, expect, it } from 'vitest';
import type { BatchSlice } from '../../../../core/delivery/batch-slice.ts';
import { type PartitionLane, withLimit, withOrder, withRateLimit } from '../../../../core/delivery/limit.ts';
import { StoppingError } from '../../../../core/delivery/stopping.ts';
import { delivered } from '../../../../core/sdk/contract/verdicts.ts';
import { never, scripted, sliceOf } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

describe('the rate limit', () => {
  it('saves up one burst and then keeps the rate', async () => {
    const clock = createFakeClock();
    const { deliver, slices } = scripted(delivered());
    const limited = withRateLimit(deliver, { events: 10, per: 1000 }, clock, never);
    await clock.advance(60_000);
    for (let i = 0; i < 30; i++) limited(sliceOf(1), never);
    await clock.settle();
    expect(slices).toHaveLength(10);
    await clock.advance(1000);
    expect(slices).toHaveLength(20);
    await clock.advance(1000);
    expect(slices).toHaveLength(30);
  });

  it('lets a batch larger than the bucket pass, and pays for it afterwards', async () => {
    const clock = createFakeClock();
    const { deliver, slices } = scripted(delivered());
    const limited = withRateLimit(deliver, { events: 10, per: 1000 }, clock, never);
    await limited(sliceOf(50), never);
    const next = limited(sliceOf(1), never);
    await clock.advance(4000);
    expect(slices).toHaveLength(1);
    await clock.advance(200);
    expect(slices).toHaveLength(2);
    await next;
  });
});

describe('the limit', () => {
  it('holds so many attempts at once, first come first served', async () => {
    const clock = createFakeClock();
    const order: string[] = [];
    let most = 0;
    let now = 0;
    const limited = withLimit(
      async (slice: BatchSlice) => {
        most = Math.max(most, ++now);
        await clock.sleep(100);
        now--;
        order.push(slice.id);
        return delivered();
      },
      2,
      never,
    );
    const all = ['a', 'b', 'c', 'd', 'e'].map((id) => limited(sliceOf(1, { id }), never));
    await clock.advance(300);
    await Promise.all(all);
    expect(most).toBe(2);
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('gives back those who wait when the output is stopped, and lets those inside finish', async () => {
    const clock = createFakeClock();
    const stopping = new AbortController();
    const deliver = async () => {
      await clock.sleep(100);
      return delivered();
    };
    const limited = withLimit(deliver, 1, stopping.signal);
    const outcomes = Promise.allSettled([limited(sliceOf(1), never), limited(sliceOf(1), never)]);
    await clock.settle();
    stopping.abort();
    await clock.advance(100);
    const [inside, outside] = await outcomes;
    expect(inside).toMatchObject({ status: 'fulfilled' });
    expect(outside).toMatchObject({ status: 'rejected', reason: expect.any(StoppingError) });
  });
});

describe('the order', () => {
  it('holds within a partition, whatever each takes, and partitions do not wait for each other', async () => {
    const clock = createFakeClock();
    const done: string[] = [];
    const work = withOrder(
      async ({ id, takes }: { id: string; takes: number }) => {
        await clock.sleep(takes);
        done.push(id);
        if (id === 'a2') throw new Error('a failure does not block the lane');
      },
      ({ id }) => id[0]!,
      never,
    );
    const all = Promise.allSettled([
      work({ id: 'a1', takes: 300 }),
      work({ id: 'a2', takes: 10 }),
      work({ id: 'a3', takes: 10 }),
      work({ id: 'b1', takes: 50 }),
    ]);
    await clock.advance(400);
    await all;
    expect(done).toEqual(['b1', 'a1', 'a2', 'a3']);
  });

  it('keeps no lane of a partition that has no work', async () => {
    const clock = createFakeClock();
    const lanes = new Map<string, PartitionLane>();
    const work = withOrder(
      () => clock.sleep(10),
      (partition: string) => partition,
      never,
      lanes,
    );
    const all = ['a', 'a', 'b', 'c'].map((partition) => work(partition));
    await clock.settle();
    expect([...lanes.keys()]).toEqual(['a', 'b', 'c']);
    await clock.advance(10);
    expect([...lanes.keys()]).toEqual(['a']);
    await clock.advance(10);
    await Promise.all(all);
    expect(lanes.size).toBe(0);
  });
});
