import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClosedBatch,
  createBatchScheduler,
  type SchedulerOptions,
} from '../../../../core/delivery/batch-scheduler.ts';
import type { BatchLimits } from '../../../../core/sdk/contract/batch.ts';

const T0 = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;

/** A scheduler with a clock in its hand. */
function setUp(limits: BatchLimits, options?: SchedulerOptions) {
  const scheduler = createBatchScheduler(limits, options);
  let position = 0;
  const state = { now: T0 };
  return {
    scheduler,
    state,
    add: (partition = '', bytes = 100, receivedAt = state.now) =>
      scheduler.add(partition, ++position, bytes, receivedAt, state.now),
  };
}

const summary = (batches: readonly ClosedBatch[]) =>
  batches.map(({ partition, positions, reason }) => [partition, [...positions], reason]);

describe('the batch scheduler', () => {
  it('closes on the number of events, each partition by itself', () => {
    const { add, scheduler } = setUp({ events: 2 });
    expect(add('a')).toEqual([]);
    expect(add('b')).toEqual([]);
    expect(summary(add('a'))).toEqual([['a', [1, 3], 'events']]);
    expect(scheduler.events()).toBe(1);
    expect(scheduler.nextDue(true)).toBeUndefined();
  });

  it('closes before a batch would become too large, and when it is large enough', () => {
    const { add } = setUp({ size: 1000 });
    add('', 600);
    expect(summary(add('', 600))).toEqual([['', [1], 'size']]);
    expect(summary(add('', 400))).toEqual([['', [2, 3], 'size']]);
    expect(summary(add('', 5000))).toEqual([['', [4], 'size']]);
  });

  it('learns what a batch comes to at the destination', () => {
    const { add, scheduler } = setUp({ size: 1000 });
    for (let i = 0; i < 50; i++) scheduler.learn(10 << 20, 1 << 20);
    expect(add('', 4000)).toEqual([]);
    expect(add('', 4000)).toEqual([]);
    expect(summary(add('', 4000))).toEqual([['', [1, 2], 'size']]);
    scheduler.learn(0, 5);
    scheduler.learn(100, Number.NaN);
    expect(scheduler.events()).toBe(1);
  });

  it('never exceeds the raw bytes that memory allows', () => {
    const { add } = setUp({ events: 1000 }, { maxBytes: 1000 });
    add('', 900);
    expect(summary(add('', 200))).toEqual([['', [1], 'size']]);
  });

  it('closes by age, counted from the acceptance of the first event', () => {
    const { add, scheduler, state } = setUp({ every: 5 * MINUTE });
    add('a', 100, T0 - 2 * MINUTE);
    state.now += MINUTE;
    add('b');
    expect(scheduler.nextDue(true)).toBe(T0 + 3 * MINUTE);
    expect(scheduler.due(T0 + 3 * MINUTE - 1, true)).toEqual([]);
    const closed = scheduler.due(T0 + 3 * MINUTE, true);
    expect(summary(closed)).toEqual([['a', [1], 'age']]);
    expect(closed[0]).toMatchObject({ openedAt: T0 - 2 * MINUTE, closedAt: T0 + 3 * MINUTE, bytes: 100 });
    expect(scheduler.nextDue(true)).toBe(T0 + 6 * MINUTE);
  });

  it('never closes two batches of a partition by age within the time', () => {
    const { add, scheduler, state } = setUp({ every: 5 * MINUTE });
    add('', 100, T0 - 10 * MINUTE);
    expect(scheduler.due(T0, true)).toHaveLength(1);
    state.now = T0 + 1000;
    // Accepted long ago, but the partition has just had its batch.
    add('', 100, T0 - 10 * MINUTE);
    expect(scheduler.due(T0 + 1000, true)).toEqual([]);
    expect(scheduler.nextDue(true)).toBe(T0 + 5 * MINUTE);
    expect(scheduler.due(T0 + 5 * MINUTE, true)).toHaveLength(1);
  });

  it('lets a backlog grow into large batches while the reader is behind, but not for ever', () => {
    const { add, scheduler } = setUp({ every: 5 * MINUTE });
    add('', 100, T0 - 60 * MINUTE);
    expect(scheduler.due(T0, false)).toEqual([]);
    expect(scheduler.due(T0 + MINUTE, true)).toHaveLength(1);
    const other = setUp({ every: 5 * MINUTE });
    other.add('', 100, T0 - 60 * MINUTE);
    expect(other.scheduler.due(T0 + 5 * MINUTE, false)).toHaveLength(1);
  });

  it('does not wait for hours when the clock is set back', () => {
    const { add, scheduler } = setUp({ every: 5 * MINUTE });
    add('', 100, T0 - MINUTE);
    expect(scheduler.due(T0 - 60 * MINUTE, true)).toEqual([]);
    expect(scheduler.due(T0 - 55 * MINUTE, true)).toHaveLength(1);
  });

  it('closes all at the ticks of the schedule, in UTC', () => {
    const { add, scheduler, state } = setUp({ cron: '30 12 * * *' });
    add('a');
    add('b');
    const tick = Date.UTC(2026, 0, 15, 12, 30);
    expect(scheduler.nextDue(true)).toBe(tick);
    expect(scheduler.due(tick - 1, true)).toEqual([]);
    expect(summary(scheduler.due(tick, true))).toEqual([
      ['a', [1], 'schedule'],
      ['b', [2], 'schedule'],
    ]);
    // The next tick passes while nothing is open: it is not for the event that comes after it.
    state.now = tick + 25 * 3_600_000;
    add('c');
    expect(scheduler.due(state.now, true)).toEqual([]);
    expect(scheduler.nextDue(true)).toBe(Date.UTC(2026, 0, 17, 12, 30));
  });

  it('says what is wrong with a schedule', () => {
    expect(() => createBatchScheduler({ cron: 'every morning' })).toThrow();
    expect(() => createBatchScheduler({ cron: '61 * * * *' })).toThrow();
  });

  it('closes the oldest when too many partitions are open', () => {
    const { add, scheduler } = setUp({ events: 100 }, { maxOpen: 2 });
    add('a');
    add('b');
    add('a');
    expect(summary(add('c'))).toEqual([['a', [1, 3], 'pressure']]);
    expect(summary(scheduler.closeAll('shutdown', T0))).toEqual([
      ['b', [2], 'shutdown'],
      ['c', [4], 'shutdown'],
    ]);
    expect(scheduler.events()).toBe(0);
  });

  it('puts every event into exactly one batch, of its own partition and within the limits', () => {
    const limits = fc.record(
      {
        events: fc.integer({ min: 1, max: 5 }),
        size: fc.integer({ min: 50, max: 400 }),
        every: fc.integer({ min: 1, max: 500 }),
      },
      { requiredKeys: [] },
    );
    const step = fc.record({
      partition: fc.constantFrom('a', 'b', 'c', 'd'),
      bytes: fc.integer({ min: 1, max: 200 }),
      pass: fc.integer({ min: -200, max: 400 }),
      caughtUp: fc.boolean(),
    });
    type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const scheduler = createBatchScheduler(given, { maxOpen: 3 });
        const closed: ClosedBatch[] = [];
        const partitions: string[] = [];
        const sizes: number[] = [];
        let now = T0;
        steps.forEach(({ partition, bytes, pass, caughtUp }, i) => {
          now += pass;
          partitions.push(partition);
          sizes.push(bytes);
          closed.push(...scheduler.add(partition, i + 1, bytes, now - 50, now));
          closed.push(...scheduler.due(now, caughtUp));
        });
        closed.push(...scheduler.closeAll('shutdown', now));
        expect(closed.flatMap(({ positions }) => [...positions]).sort((a, b) => a - b)).toEqual(
          steps.map((_, i) => i + 1),
        );
        for (const { partition, positions, bytes } of closed) {
          for (const position of positions) expect(partitions[position - 1]).toBe(partition);
          expect(bytes).toBe([...positions].reduce((sum, p) => sum + sizes[p - 1]!, 0));
          if (given.events !== undefined) expect(positions.count).toBeLessThanOrEqual(given.events);
          if (given.size !== undefined && positions.count > 1) expect(bytes).toBeLessThanOrEqual(given.size);
        }
      }),
      {
        // Each limit just missed, just reached and just passed.
        examples: [49, 50, 51].flatMap((n) =>
          [{}, { events: 1 }, { events: n }, { size: n }, { every: n }].map(
            (given): [typeof given, Step[]] => [
              given,
              Array.from({ length: 51 }, (_, i) => ({
                partition: 'a',
                bytes: i === 0 ? 49 : 1,
                pass: i === 1 ? 50 : 0,
                caughtUp: true,
              })),
            ],
          ),
        ),
      },
    );
  });
});
