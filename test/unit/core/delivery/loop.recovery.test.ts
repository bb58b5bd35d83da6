/** What the delivery of an output lives through: a disk that refuses cursors, a change of type, a change of destination. */
import { afterEach, describe, expect, it } from 'vitest';
import { openDiskJournal } from '../../../../core/journal/disk/journal.ts';
import type { Journal } from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import type { Batch } from '../../../../core/sdk/contract/batch.ts';
import { delivered, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { createFakeMachine, type FakeMachine } from '../../../model/fake-file-system.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import { createWorld } from '../../../support/output-loop.ts';
import { alwaysHeld, silent } from '../journal/fixtures.ts';

let journal: Journal;
afterEach(() => journal.close());

async function open(machine: FakeMachine, clock: FakeClock): Promise<Journal> {
  journal = await openDiskJournal({
    directory: '/j',
    maxBytes: 64 << 10,
    segmentBytes: 8 << 10,
    clock,
    log: silent,
    fileSystem: machine.mount(),
    lock: alwaysHeld,
  });
  return journal;
}

describe('a disk that refuses the cursor', () => {
  const drops = { policy: { maxLag: { events: 10, action: 'drop_oldest' } } } as const;

  it('ends no output: what is dropped stays dropped, and later events are delivered', async () => {
    const machine = createFakeMachine();
    const clock = createFakeClock();
    const world = await createWorld({ clock, journal: await open(machine, clock) });
    let up = false;
    const got: number[] = [];
    const { loop, counts, identity } = await world.run(
      {
        async deliver({ records }: Batch<number>) {
          if (!up) return retry('down');
          got.push(...records);
          return delivered();
        },
      },
      drops,
    );
    await world.accept(30);
    machine.faults.capacity = machine.used();
    // Nor is there a reserve to give up.
    machine.unlink('/j/reserve');
    await clock.advance(5000);
    expect(counts.dropped).toBeGreaterThan(10);
    expect(identity()).toBe(0);
    machine.faults.capacity = Number.POSITIVE_INFINITY;
    up = true;
    await clock.advance(120_000);
    await world.accept(1);
    await clock.advance(5000);
    expect([loop.health().state, loop.accounts().pending, identity()]).toEqual(['ok', 0, 0]);
    expect(got.at(-1)).toBe(30);
    await loop.stop(AbortSignal.abort());
  });

  it('keeps the events of an output that is new, also beyond the end of the process', async () => {
    const machine = createFakeMachine();
    const clock = createFakeClock();
    const world = await createWorld({ clock, journal: await open(machine, clock) });
    await world.run({ deliver: async () => delivered() }, { name: 'old' });
    machine.faults.capacity = machine.used();
    machine.unlink('/j/reserve');
    const fresh = await world.run({ deliver: async () => retry('down') }, { name: 'fresh' });
    machine.faults.capacity = Number.POSITIVE_INFINITY;
    await world.accept(3);
    expect(fresh.loop.accounts()).toMatchObject({ accepted: 3, pending: 3 });
    machine.kill();
    const again = await open(machine, clock);
    expect((await again.subscribe('fresh')).pending()).toBe(3);
  });
});

it('an error of the journal at the opening is tried again, and the output is there meanwhile', async () => {
  const memory = createMemoryJournal();
  let broken = true;
  journal = {
    ...memory,
    subscribe(...args) {
      return broken ? Promise.reject(new Error('EIO')) : memory.subscribe(...args);
    },
  };
  const world = await createWorld({ journal });
  const got: number[] = [];
  const { loop } = await world.run({
    async deliver({ records }: Batch<number>) {
      got.push(...records);
      return delivered();
    },
  });
  expect(loop.health()).toMatchObject({ state: 'stopped', reason: expect.stringContaining('EIO') });
  await world.clock.advance(10_000);
  expect(loop.health().reason).toContain('EIO');
  broken = false;
  await world.clock.advance(60_000);
  await world.accept(2);
  await world.clock.advance(2000);
  expect([got, loop.health().state]).toEqual([[0, 1], 'ok']);
});

describe('batches that were sealed', () => {
  const seal = { limits: { events: 5 }, policy: { concurrency: 1 } };

  it('for another type of output under the same name are made again', async () => {
    journal = createMemoryJournal();
    const before = await createWorld({ journal });
    const first = await before.run({ deliver: async () => retry('down') }, { ...seal, type: 'webhook' });
    await before.accept(5);
    await before.clock.advance(100);
    await first.loop.stop(AbortSignal.abort());

    const after = await createWorld({ journal });
    const given: [string, readonly number[]][] = [];
    const { identity } = await after.run(
      {
        partition: () => 'day=1',
        async deliver({ partition, records }: Batch<number>) {
          given.push([partition, records]);
          return delivered();
        },
      },
      { ...seal, type: 'lake' },
    );
    await after.clock.advance(1000);
    expect(given).toEqual([['day=1', [0, 1, 2, 3, 4]]]);
    expect(identity()).toBe(0);
  });

  /** An output that writes objects into folders; `denies` says which folder refuses it. */
  function lake(folder: string, written: Map<string, readonly number[]>, denies = (_: string) => false) {
    return {
      destination: () => folder,
      async deliver(batch: Batch<number>) {
        const place = batch.destination ?? folder;
        if (denies(place)) return retry('403', { denied: true });
        const key = `${place}/${batch.id}`;
        // As a store with If-None-Match: the first one under a name stays.
        if (!written.has(key)) written.set(key, batch.records);
        return delivered();
      },
    };
  }

  async function interrupted(written: Map<string, readonly number[]>) {
    journal = createMemoryJournal();
    const before = await createWorld({ journal });
    const output = lake('v1', written);
    // It arrives, and the process ends before it hears of it.
    const first = await before.run(
      {
        ...output,
        deliver: async (batch: Batch<number>) => {
          await output.deliver(batch);
          return retry('killed');
        },
      },
      seal,
    );
    await before.accept(5);
    await before.clock.advance(100);
    await first.loop.stop(AbortSignal.abort());
    return createWorld({ journal });
  }

  it('go where they were sealed for, though the destination has changed since', async () => {
    const written = new Map<string, readonly number[]>();
    const after = await interrupted(written);
    const { counts } = await after.run(lake('v2', written), seal);
    await after.accept(5);
    await after.clock.advance(10_000);
    expect(counts.delivered).toBe(10);
    expect([...written].map(([key, records]) => [key.slice(0, 2), records])).toEqual([
      ['v1', [0, 1, 2, 3, 4]],
      ['v2', [0, 1, 2, 3, 4]],
    ]);
  });

  it('are made again where their destination refuses the output', async () => {
    const written = new Map<string, readonly number[]>();
    const after = await interrupted(written);
    written.clear();
    const { counts, identity, loop } = await after.run(
      lake('v2', written, (place) => place === 'v1'),
      seal,
    );
    await after.clock.advance(60_000);
    expect([counts.delivered, identity(), loop.health().state]).toEqual([5, 0, 'ok']);
    expect([...written.keys()].map((key) => key.slice(0, 2))).toEqual(['v2']);
  });
});
