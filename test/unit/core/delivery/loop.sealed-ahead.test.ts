import { describe, expect, it } from 'vitest';
import type { Journal, Subscription } from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { type Delivery, delivered, retry } from '../../../../core/sdk/contract/verdicts.ts';
import type { Batch } from '../../../../core/sdk/index.ts';
import { rawEvent } from '../../../support/events.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import { createWorld } from '../../../support/output-loop.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A journal on which a seal takes ten milliseconds, as many at once as there are: like the group commit of a disk. */
function slowSeals(clock: FakeClock) {
  const journal = createMemoryJournal();
  const seen = { sealed: new Set<string>(), under: 0, most: 0, fetches: 0 };
  const slow = (subscription: Subscription): Subscription => ({
    ...subscription,
    fetch(positions, signal) {
      seen.fetches++;
      return subscription.fetch(positions, signal);
    },
    async seal(manifest) {
      seen.most = Math.max(seen.most, ++seen.under);
      await clock.sleep(10);
      await subscription.seal(manifest);
      seen.under--;
      seen.sealed.add(manifest.id);
    },
  });
  const wrapped: Journal = {
    ...journal,
    subscribe: async (output, options) => slow(await journal.subscribe(output, options)),
  };
  return { journal: wrapped, seen };
}

describe('batches that wait for a place', () => {
  it('share a sync: five hundred of one event are sealed in the time of a few', async () => {
    const clock = createFakeClock();
    const { journal, seen } = slowSeals(clock);
    const world = await createWorld({ clock, journal });
    const done: number[] = [];
    const { identity, loop } = await world.run(
      {
        async deliver({ id, records }: Batch<number>) {
          // The promise: sealed before the first attempt.
          expect(seen.sealed.has(id)).toBe(true);
          done.push(...records);
          return delivered();
        },
      },
      { limits: { events: 1 } },
    );
    await world.accept(500);
    await clock.advance(50);
    expect(done.toSorted((a, b) => a - b)).toEqual(numbers(500));
    expect(seen.most).toBeGreaterThan(100);
    expect(seen.most).toBeLessThanOrEqual(5 + 128);
    // Their events were at hand.
    expect(seen.fetches).toBe(0);
    expect([identity(), loop.accounts().pending]).toEqual([0, 0]);
  });

  it('keep the order of their partition, also when the first is sealed again and fails at first', async () => {
    const clock = createFakeClock();
    const { journal, seen } = slowSeals(clock);
    let failures = 3;
    const failing: Journal = {
      ...journal,
      async subscribe(output, options) {
        const subscription = await journal.subscribe(output, options);
        return {
          ...subscription,
          async seal(manifest) {
            if (manifest.positions.first === 1 && failures-- > 0) throw new Error('EIO');
            await subscription.seal(manifest);
          },
        };
      },
    };
    const world = await createWorld({ clock, journal: failing });
    const done: number[] = [];
    const { identity } = await world.run(
      {
        async deliver({ records, attempt }: Batch<number>) {
          if (records[0]! % 7 === 3 && attempt === 1) return retry('busy');
          done.push(...records);
          return delivered();
        },
      },
      { limits: { events: 1 }, policy: { ordering: 'partition' } },
    );
    await world.accept(60);
    await clock.advance(2500);
    expect(done).toEqual([]);
    expect(seen.sealed.size).toBe(59);
    await clock.advance(60_000);
    expect(done).toEqual(numbers(60));
    expect(identity()).toBe(0);
  });

  it.each([
    [(1 << 20) / 8, 8],
    [(1 << 20) / 8 + 1, 7],
  ])('wait up to a MiB of events: of %i bytes each, %i', async (size, taken) => {
    const clock = createFakeClock();
    const world = await createWorld({ clock });
    const { counts, loop } = await world.run(
      {
        deliver: (_: Batch<number>, signal: AbortSignal) =>
          new Promise<Delivery>((resolve) =>
            signal.addEventListener('abort', () => resolve(retry('told to stop'))),
          ),
      },
      { limits: { events: 1 }, policy: { concurrency: 1, timeout: 3_600_000 } },
    );
    await world.accept(20, (n) => ({ output: 'x'.repeat(size - rawEvent(n, { output: '' }).length) }));
    await clock.settle();
    // One more is closed, and waits to be taken.
    expect(counts.closed.events).toBe(taken + 1);
    const stopped = loop.stop(AbortSignal.abort());
    await clock.advance(1000);
    await stopped;
  });

  it('are few when they are large', async () => {
    const clock = createFakeClock();
    const world = await createWorld({ clock });
    const { counts, loop } = await world.run(
      {
        deliver: (_: Batch<number>, signal: AbortSignal) =>
          new Promise<Delivery>((resolve) =>
            signal.addEventListener('abort', () => resolve(retry('told to stop'))),
          ),
      },
      { limits: { events: 1 }, policy: { concurrency: 2, timeout: 3_600_000 } },
    );
    const output = 'x'.repeat(400_000);
    await world.accept(20, () => ({ output }));
    await clock.settle();
    // Three places and one in hand: their bytes are beyond what may wait.
    expect(counts.closed.events).toBe(4);
    const stopped = loop.stop(AbortSignal.abort());
    await clock.advance(1000);
    await stopped;
  });

  it('are all sealed or not at all when the output stops, and come back under their ids', async () => {
    const clock = createFakeClock();
    const { journal, seen } = slowSeals(clock);
    const world = await createWorld({ clock, journal });
    const first = await world.run({ deliver: async () => retry('down') }, { limits: { events: 1 } });
    await world.accept(300);
    await clock.advance(5);
    const stopped = first.loop.stop(AbortSignal.abort());
    await clock.advance(1000);
    await stopped;
    expect(seen.under).toBe(0);
    const sealed = new Set(seen.sealed);
    expect(sealed.size).toBeGreaterThan(100);
    const ids: string[] = [];
    const records: number[] = [];
    const second = await world.run(
      {
        async deliver(batch: Batch<number>) {
          ids.push(batch.id);
          records.push(...batch.records);
          return delivered();
        },
      },
      { limits: { events: 50, every: 100 } },
    );
    await clock.advance(1000);
    expect(records.toSorted((a, b) => a - b)).toEqual(numbers(300));
    expect(ids.filter((id) => sealed.has(id))).toHaveLength(sealed.size);
    expect(second.identity()).toBe(0);
  });
});
