import { describe, expect, it } from 'vitest';
import type { Journal } from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { type Delivery, delivered, rejected, retry } from '../../../../core/sdk/contract/verdicts.ts';
import type { Batch, StreamedBatch } from '../../../../core/sdk/index.ts';
import { rawEvent } from '../../../support/events.ts';
import { createWorld, numberOf, silent } from '../../../support/output-loop.ts';

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const soon = () => AbortSignal.timeout(60_000);

/** An output that keeps what it is given. */
function collector() {
  const batches: Batch<number>[] = [];
  return {
    batches,
    records: () => batches.flatMap(({ records }) => records),
    output: {
      async deliver(batch: Batch<number>) {
        batches.push(batch);
        return delivered();
      },
    },
  };
}

describe('the delivery of an output', () => {
  it('delivers every event once, in batches', async () => {
    const world = await createWorld();
    const { batches, records, output } = collector();
    const { counts, loop, identity } = await world.run(output);
    await world.accept(25);
    await world.clock.settle();
    expect(records()).toEqual(numbers(0, 20));
    await world.clock.advance(1000);
    expect(records()).toEqual(numbers(0, 25));
    expect(batches.map(({ count, attempt }) => [count, attempt])).toEqual([
      [10, 1],
      [10, 1],
      [5, 1],
    ]);
    expect(counts).toMatchObject({ delivered: 25, closed: { events: 2, age: 1 } });
    expect(loop.accounts()).toMatchObject({ accepted: 25, pending: 0 });
    expect(identity()).toBe(0);
    await loop.stop(soon());
    expect(world.clock.sleepers()).toBe(0);
  });

  it('keeps partitions apart, and sets aside what has none', async () => {
    const world = await createWorld();
    const { batches, output } = collector();
    const partition = (event: { fields: Readonly<Record<string, unknown>> }) => {
      const n = Number(event.fields.n);
      if (n === 7) throw new Error('seven');
      return n % 3 === 2 ? { reject: 'no day' } : `p${n % 3}`;
    };
    const { counts, identity } = await world.run({ ...output, partition });
    await world.accept(10);
    await world.clock.advance(1000);
    expect(batches.map(({ partition, records }) => [partition, records])).toEqual([
      ['p0', [0, 3, 6, 9]],
      ['p1', [1, 4]],
    ]);
    expect(counts).toMatchObject({ delivered: 6, deadLettered: 4, causes: { partition: 4 } });
    expect((await world.letters()).map(({ reason, raw }) => [numberOf(raw), reason])).toEqual([
      [2, 'no day'],
      [5, 'no day'],
      [7, 'its partition failed: seven'],
      [8, 'no day'],
    ]);
    expect(identity()).toBe(0);
  });

  it('sets aside what cannot be mapped, and does not deliver a batch of nothing', async () => {
    const world = await createWorld();
    const { records, output } = collector();
    const mapper = {
      map(event: { fields: Readonly<Record<string, unknown>> }) {
        const record = Number(event.fields.n);
        if (record === 3) throw new Error('three');
        return record < 12 && record >= 2
          ? ({ ok: true, record } as const)
          : ({ ok: false, reason: 'small' } as const);
      },
    };
    const { counts, identity } = await world.run(output, { mapper, limits: { events: 2 } });
    await world.accept(14);
    await world.clock.settle();
    expect(records().toSorted((a, b) => a - b)).toEqual([2, ...numbers(4, 12)]);
    expect(counts).toMatchObject({ delivered: 9, deadLettered: 5, causes: { unmappable: 5 } });
    const letters = await world.letters();
    expect(letters.find(({ raw }) => numberOf(raw) === 3)).toMatchObject({
      output: 'out',
      cause: 'unmappable',
      reason: 'the mapper failed: three',
      attempts: 0,
    });
    expect(identity()).toBe(0);
  });

  it('sets aside the guilty records of a batch that is refused, with their original bytes', async () => {
    const world = await createWorld();
    const taken: number[] = [];
    const { counts, identity } = await world.run({
      async deliver({ records }: Batch<number>) {
        if (records.includes(4) || records.includes(5)) return rejected('it smells');
        taken.push(...records);
        return delivered({
          rejected: records.flatMap((n, index) => (n === 8 ? [{ index, reason: 'eight' }] : [])),
        });
      },
    });
    await world.accept(10);
    await world.clock.settle();
    expect(taken.sort()).toEqual([0, 1, 2, 3, 6, 7, 8, 9]);
    expect(counts).toMatchObject({ delivered: 7, deadLettered: 3, causes: { rejected: 3 } });
    const letters = await world.letters();
    expect(letters.map(({ reason, attempts }) => [reason, attempts])).toEqual([
      ['it smells', 1],
      ['it smells', 1],
      ['eight', 1],
    ]);
    expect(letters[0]!.raw).toEqual(rawEvent(4));
    expect(identity()).toBe(0);
  });

  it('streams the events of a batch as blocks, again on each attempt', async () => {
    const world = await createWorld();
    const seen: number[][] = [];
    const deliver = async (batch: StreamedBatch) => {
      const read: number[] = [];
      for await (const { buffer, entries } of batch.blocks()) {
        for (let i = 0; i < entries.length; i += 4) {
          expect(entries[i]).toBe(read.length);
          read.push(numberOf(new Uint8Array(buffer, entries[i + 2], entries[i + 3])));
        }
      }
      seen.push(read);
      expect(batch.count).toBe(read.length);
      if (seen.length === 1)
        return retry('half', { failed: [1, 3, 8], rejected: [{ index: 9, reason: 'nine' }] });
      return delivered();
    };
    const { counts, identity } = await world.run({ deliver }, { stream: true });
    await world.accept(10);
    await world.clock.advance(1000);
    expect(seen).toEqual([numbers(0, 10), [1, 3, 8]]);
    expect(counts).toMatchObject({ delivered: 9, deadLettered: 1 });
    expect((await world.letters()).map(({ raw }) => numberOf(raw))).toEqual([9]);
    expect(identity()).toBe(0);
  });

  it('isolates an output that hangs: another delivers, and nothing grows', async () => {
    const world = await createWorld();
    const { records, output } = collector();
    let under = 0;
    let most = 0;
    const hung = await world.run(
      {
        deliver(_batch: Batch<number>, signal: AbortSignal): Promise<Delivery> {
          most = Math.max(most, ++under);
          return new Promise((_, refuse) => {
            signal.addEventListener('abort', () => {
              under--;
              refuse(new Error('aborted'));
            });
          });
        },
      },
      { name: 'hung' },
    );
    const fine = await world.run(output, { name: 'fine' });
    for (let i = 0; i < 20; i++) {
      await world.accept(150);
      await world.clock.advance(10_000);
    }
    expect(records()).toHaveLength(3000);
    expect(fine.loop.health().state).toBe('ok');
    expect(most).toBe(4);
    // 5 places, 128 small ones that wait, and one batch in hand.
    expect(hung.counts.closed.events).toBeLessThanOrEqual(5 + 128 + 1);
    expect(hung.loop.health()).toMatchObject({ state: 'open' });
    expect(hung.loop.accounts()).toMatchObject({ accepted: 3000, pending: 3000 });
    expect([hung.identity(), fine.identity()]).toEqual([0, 0]);
    const stopped = Promise.all([hung.loop.stop(AbortSignal.abort()), fine.loop.stop(soon())]);
    await world.clock.advance(1000);
    await stopped;
    expect(world.clock.sleepers()).toBe(0);
  });

  it('delivers a batch that was closed before a stop under its old id', async () => {
    const world = await createWorld();
    const ids: string[] = [];
    const first = await world.run({
      async deliver({ id }: Batch<number>) {
        ids.push(id);
        return retry('down');
      },
    });
    await world.accept(15);
    await world.clock.advance(500);
    const stopped = first.loop.stop(soon());
    await world.clock.settle();
    await stopped;
    expect(first.loop.health()).toMatchObject({ state: 'stopped' });

    // Other limits would make other batches of events that had not been sealed.
    const { batches, records, output } = collector();
    const second = await world.run(output, { limits: { events: 3, every: 1000 } });
    await world.clock.advance(1000);
    expect(records()).toEqual(numbers(0, 15));
    expect(batches.map(({ count }) => count)).toEqual([10, 3, 2]);
    expect(batches[0]!.id).toBe(ids[0]);
    expect(second.loop.accounts()).toMatchObject({ accepted: 15, pending: 0 });
    expect(second.identity()).toBe(0);
  });

  it('writes no second dead letter for an event that comes again after a crash', async () => {
    const world = await createWorld();
    const { subscribe } = world.journal;
    const refuse = { deliver: async ({ records }: Batch<number>) => rejected(`no ${records.join()}`) };
    // It ends between the dead letters and the acknowledgement.
    world.journal.subscribe = async (...given) => ({ ...(await subscribe(...given)), acknowledge() {} });
    const first = await world.run(refuse, { limits: { events: 2, every: 100 } });
    await world.accept(4);
    await world.clock.advance(500);
    const stopped = first.loop.stop(soon());
    await world.clock.settle();
    await stopped;
    world.journal.subscribe = subscribe;
    const second = await world.run(refuse, { limits: { events: 2, every: 100 } });
    await world.accept(1);
    await world.clock.advance(500);
    expect((await world.letters()).map(({ raw }) => numberOf(raw))).toEqual([0, 1, 2, 3, 4]);
    expect(second.counts).toMatchObject({ deadLettered: 5, delivered: 0 });
    expect(second.identity()).toBe(0);
  });

  it('seals such a batch again before it is delivered: its manifest may have been written and not synced', async () => {
    const world = await createWorld();
    const first = await world.run({ deliver: async () => retry('down') });
    await world.accept(10);
    await world.clock.advance(500);
    const stopped = first.loop.stop(soon());
    await world.clock.settle();
    await stopped;

    const order: string[] = [];
    const { subscribe } = world.journal;
    world.journal.subscribe = async (...given) => {
      const subscription = await subscribe(...given);
      return {
        ...subscription,
        async seal(manifest) {
          await subscription.seal(manifest);
          order.push(`sealed ${manifest.id}`);
        },
      };
    };
    await world.run({
      async deliver({ id }: Batch<number>) {
        order.push(`delivered ${id}`);
        return delivered();
      },
    });
    await world.clock.advance(1000);
    expect(order.map((line) => line.split(' ')[0])).toEqual(['sealed', 'delivered']);
    expect(order[0]!.split(' ')[1]).toBe(order[1]!.split(' ')[1]);
  });

  it('finishes what is under way when it stops, and flushes only when told to', async () => {
    for (const flushOnStop of [false, true]) {
      const world = await createWorld();
      const done: number[] = [];
      const { loop, identity } = await world.run(
        {
          async deliver({ records }: Batch<number>) {
            await world.clock.sleep(2000);
            done.push(...records);
            return delivered();
          },
        },
        { policy: { flushOnStop }, limits: { events: 10, every: 60_000 } },
      );
      await world.accept(13);
      await world.clock.advance(1000);
      const stopped = loop.stop(soon());
      await world.clock.advance(5000);
      await stopped;
      expect(done).toEqual(numbers(0, flushOnStop ? 13 : 10));
      expect(loop.accounts().pending).toBe(flushOnStop ? 0 : 3);
      expect(identity()).toBe(0);
    }
  });

  it('reads on until it has caught up when it is to flush, as far as the deadline lets it', async () => {
    for (const [patience, delivers] of [
      [60_000, 3950],
      [1000, 2000],
    ] as const) {
      const world = await createWorld();
      const done: number[] = [];
      const { loop, identity } = await world.run(
        {
          async deliver({ records }: Batch<number>, signal: AbortSignal) {
            await world.clock.sleep(100, signal);
            if (signal.aborted) return retry('told to stop');
            done.push(...records);
            return delivered();
          },
        },
        { policy: { flushOnStop: true, concurrency: 2 }, limits: { events: 100, every: 60_000 } },
      );
      // More than one read takes, and nobody has time to deliver it.
      await world.accept(3950);
      await world.clock.settle();
      const deadline = new AbortController();
      const stopped = loop.stop(deadline.signal);
      await world.clock.advance(patience);
      deadline.abort();
      await stopped;
      expect(done.length).toBe(delivers);
      expect(loop.accounts().pending).toBe(3950 - delivers);
      expect(identity()).toBe(0);
      expect(world.clock.sleepers()).toBe(0);
    }
  });

  it('chases no stream when it is to flush: it ends behind what was accepted before the stop', async () => {
    const world = await createWorld();
    const { records, output } = collector();
    const { loop } = await world.run(
      {
        async deliver(batch: Batch<number>) {
          // Each delivery brings more than it took away.
          await world.clock.sleep(100);
          await world.accept(batch.count + 1);
          return output.deliver(batch);
        },
      },
      { policy: { flushOnStop: true, concurrency: 1 }, limits: { events: 10, every: 60_000 } },
    );
    await world.accept(35);
    await world.clock.settle();
    const stopped = loop.stop(soon());
    await world.clock.advance(2000);
    await stopped;
    expect(records().length).toBeGreaterThanOrEqual(35);
    expect(loop.accounts().pending).toBeGreaterThan(0);
  });

  it('starts again and again, says why it cannot, and keeps the events meanwhile', async () => {
    const world = await createWorld();
    const { records, output } = collector();
    let starts = 0;
    const { loop } = await world.run({
      ...output,
      async start() {
        if (++starts < 4) throw new Error('no route to host');
      },
    });
    await world.accept(10);
    await world.clock.advance(6999);
    expect(loop.health()).toMatchObject({ state: 'stopped', reason: 'it could not start: no route to host' });
    await world.clock.advance(1);
    expect([starts, records().length, loop.health().state]).toEqual([4, 10, 'ok']);
  });

  it('keeps the order within a partition through retries', async () => {
    const world = await createWorld();
    const order: string[] = [];
    const failures = new Set(['a0', 'a2']);
    await world.run(
      {
        partition: (event) => (Number(event.fields.n) % 2 === 0 ? 'a' : 'b'),
        async deliver({ partition, records }: Batch<number>) {
          const name = partition + records[0];
          if (failures.delete(name)) return retry('busy');
          order.push(name);
          return delivered();
        },
      },
      { policy: { ordering: 'partition' }, limits: { events: 1 } },
    );
    await world.accept(6);
    await world.clock.advance(30_000);
    expect(order.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a2', 'a4']);
    expect(order.filter((name) => name.startsWith('b'))).toEqual(['b1', 'b3', 'b5']);
    expect(order.indexOf('b5')).toBeLessThan(order.indexOf('a4'));
  });

  it('counts what the destination does not confirm', async () => {
    const world = await createWorld();
    const output = { deliver: async () => delivered() };
    const sends = await world.run(output, { name: 'udp', policy: { confirms: false } });
    const asks = await world.run(output, { name: 'tcp' });
    await world.accept(3);
    await world.clock.advance(2000);
    expect(sends.counts).toMatchObject({ delivered: 3, unconfirmed: 3 });
    expect(asks.counts).toMatchObject({ delivered: 3, unconfirmed: 0 });
    expect(sends.identity()).toBe(0);
  });

  it('counts losses that no scrape has seen before the cursor is opened again', async () => {
    const real = createMemoryJournal();
    const found: { exact: number; atMost: number }[] = [];
    const subscribe: Journal['subscribe'] = async (...args) => {
      const subscription = await real.subscribe(...args);
      const own = { exact: 0, atMost: 0 };
      found.push(own);
      return {
        ...subscription,
        lost: () => ({ ...own }),
        accepted: () => subscription.accepted() + own.exact + own.atMost,
      };
    };
    const world = await createWorld({ journal: { ...real, subscribe } });
    const { counts, identity } = await world.run(
      { deliver: async () => retry('down') },
      { policy: { maxLag: { events: 10, action: 'drop_oldest' } } },
    );
    await world.accept(100);
    Object.assign(found[0]!, { exact: 3, atMost: 20 });
    await world.clock.advance(5000);
    expect(found.length).toBeGreaterThan(1);
    expect([counts.lost, counts.maybeLost]).toEqual([3, 20]);
    expect(counts.dropped).toBeGreaterThan(0);
    expect(identity()).toBe(0);
  });

  it('acknowledges nothing while the dead letters are full, and says so', async () => {
    const world = await createWorld({ deadLetterBytes: 3000 });
    const { loop, counts, identity } = await world.run(
      { deliver: async () => rejected('never') },
      { limits: { events: 1 } },
    );
    await world.accept(30);
    await world.clock.advance(1000);
    expect(counts.deadLettered).toBeGreaterThan(2);
    expect(counts.deadLettered).toBeLessThan(30);
    const { state, reason } = loop.health();
    expect([state, reason]).toEqual(['stopped', expect.stringMatching(/dead letters are full.*max_size/)]);
    expect(identity()).toBe(0);
    let dropped = 0;
    for (let i = 0; i < 30 && loop.accounts().pending > 0; i++) {
      dropped += await world.deadLetters.drop({});
      await world.clock.advance(1000);
    }
    expect(loop.accounts().pending).toBe(0);
    expect(dropped + (await world.letters()).length).toBe(30);
    expect(loop.health().state).toBe('ok');
    expect(identity()).toBe(0);
  });

  it('gives up the oldest events of an output that lags, in the way it was told', async () => {
    for (const action of ['dead_letter', 'drop_oldest'] as const) {
      const world = await createWorld();
      let up = false;
      const taken: number[] = [];
      const { loop, counts, identity } = await world.run(
        {
          async deliver({ records }: Batch<number>) {
            if (!up) return retry('down');
            taken.push(...records);
            return delivered();
          },
        },
        { policy: { maxLag: { action, events: 500 } } },
      );
      for (let i = 0; i < 10; i++) {
        await world.accept(100);
        await world.clock.advance(1000);
        expect(identity()).toBe(0);
      }
      await world.clock.advance(2000);
      expect(loop.accounts().pending).toBeLessThanOrEqual(500);
      up = true;
      await world.clock.advance(180_000);
      expect(loop.accounts()).toMatchObject({ accepted: 1000, pending: 0 });
      const given = 1000 - taken.length;
      expect(counts).toMatchObject(
        action === 'dead_letter' ? { causes: { lag: given } } : { dropped: given },
      );
      expect(given).toBeGreaterThan(0);
      expect(taken.toSorted((a, b) => a - b)).toEqual(numbers(given, 1000));
      expect(await world.letters()).toHaveLength(action === 'dead_letter' ? given : 0);
      expect(identity()).toBe(0);
    }
  });

  it('says nothing of errors when it is stopped while it sheds and the dead letters are full', async () => {
    const world = await createWorld({ deadLetterBytes: 12_000 });
    const errors: unknown[] = [];
    const { loop, identity } = await world.run(
      { deliver: async () => retry('down') },
      {
        policy: { maxLag: { action: 'dead_letter', events: 10 } },
        log: { ...silent, error: (...said: unknown[]) => void errors.push(said) },
      },
    );
    await world.accept(300);
    await world.clock.advance(5000);
    expect(loop.health().reason).toMatch(/dead letters are full/);
    await loop.stop(soon());
    expect(errors).toEqual([]);
    expect(identity()).toBe(0);
  });

  it('takes no batch for old because the clock was set ahead before it was started again', async () => {
    const MINUTE = 60_000;
    const world = await createWorld();
    const output = { deliver: async () => retry('down') };
    const policy = { retry: { initial: 1000, max: 60_000, maxAge: 60 * MINUTE } };
    const first = await world.run(output, { policy });
    await world.accept(1);
    await world.clock.advance(MINUTE);
    await first.loop.stop(soon());
    world.clock.jump(365 * 24 * 60 * MINUTE);
    const second = await world.run(output, { policy });
    await world.clock.advance(30 * MINUTE);
    expect(second.counts.deadLettered).toBe(0);
    await world.clock.advance(31 * MINUTE);
    expect(second.counts.causes).toEqual({ expired: 1 });
  });

  it('makes room in a full journal when it may, also while it cannot start', async () => {
    const world = await createWorld({ maxBytes: 20_000 });
    const { counts, identity } = await world.run(
      {
        start: () => Promise.reject(new Error('down')),
        deliver: async () => delivered(),
      },
      { policy: { maxLag: { action: 'drop_oldest' } } },
    );
    for (let i = 0; i < 30; i++) {
      await world.accept(10).catch((error) => expect(error).toMatchObject({ name: 'JournalFullError' }));
      await world.clock.advance(2000);
    }
    await world.accept(10);
    expect(counts.dropped).toBeGreaterThan(0);
    expect(identity()).toBe(0);
  });
});
