import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Journal, Manifest, StoredEvent } from '../../core/journal/journal.ts';
import { JournalFullError } from '../../core/journal/journal.ts';
import { PositionSet } from '../../core/journal/positions.ts';
import { runs } from '../support/runs.ts';
import { ample, bodies, drain, entry, fetchAll, never, positionsOf } from '../unit/core/journal/fixtures.ts';

/** What the suite needs of an implementation. */
export interface JournalFixture {
  /** A journal with the given budget. */
  open(options: { maxBytes: number }): Promise<Journal>;
  /** Closes and opens again, where the implementation outlives its process. */
  reopen?(): Promise<Journal>;
  dispose(): Promise<void>;
}

function manifestOf(id: string, events: readonly StoredEvent[]): Manifest {
  const bytes = events.reduce((sum, { raw }) => sum + raw.length, 0);
  return { id, partition: 'a/b', positions: positionsOf(events), bytes, openedAt: 1, closedAt: 2 };
}

function positionsOfAll(events: readonly StoredEvent[]): number[] {
  return events.map(({ position }) => position);
}

/** A manifest that can be compared. */
function plain(manifest: Manifest): object {
  return { ...manifest, positions: [...manifest.positions.runs()] };
}

/** What every journal must do, wherever it keeps its events. */
export function journalContract(name: string, createFixture: () => Promise<JournalFixture>): void {
  describe(`journal contract: ${name}`, () => {
    let fixture: JournalFixture;
    let journal: Journal;

    beforeEach(async () => {
      fixture = await createFixture();
      journal = await fixture.open({ maxBytes: 1 << 20 });
    });

    afterEach(async () => {
      await journal.close();
      await fixture.dispose();
    });

    test('every output reads what names it, in order, byte for byte', async () => {
      const a = await journal.subscribe('a');
      const b = await journal.subscribe('b');
      await journal.append([entry('1', 'a', 'b'), entry('2', 'b'), entry('3', 'a'), entry('4')]);
      expect(bodies(await drain(a))).toEqual(['1', '3']);
      const ofB = await drain(b);
      expect(bodies(ofB)).toEqual(['1', '2']);
      expect(ofB[0]!.receivedAt).toBe(1_700_000_000_000);
      expect([a.pending(), b.pending(), a.accepted(), b.accepted()]).toEqual([2, 2, 2, 2]);
      expect(journal.status()).toMatchObject({ state: 'ok', newest: 4 });
    });

    test('bytes survive whatever they are', async () => {
      const a = await journal.subscribe('a');
      await fc.assert(
        fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 5 }), async (raws) => {
          await journal.append(raws.map((raw) => ({ raw, receivedAt: 5, outputs: ['a'] })));
          const events = await drain(a);
          expect(events.map(({ raw }) => [...raw])).toEqual(raws.map((raw) => [...raw]));
          a.acknowledge(positionsOf(events));
        }),
        {
          numRuns: runs(20),
          examples: [
            [[]],
            [[0, 1, 4096, 65_535, 65_536, 65_537].map((size) => new Uint8Array(size).fill(7))],
          ],
        },
      );
    });

    test('a waiting read is woken by an append, and ended by its signal', async () => {
      const a = await journal.subscribe('a');
      const waiting = a.read(ample, never);
      await journal.append([entry('not for a', 'b'), entry('1', 'a')]);
      expect(bodies(await waiting)).toEqual(['1']);
      const stop = new AbortController();
      const stopped = a.read(ample, stop.signal);
      stop.abort();
      expect(await stopped).toEqual([]);
      expect(await a.read(ample, AbortSignal.abort())).toEqual([]);
    });

    test('limits: by count, by bytes, never less than one', async () => {
      const a = await journal.subscribe('a');
      await journal.append(Array.from({ length: 10 }, (_, i) => entry(`event ${i}`, 'a')));
      expect(await a.read({ events: 3, bytes: 1 << 20 }, never)).toHaveLength(3);
      expect(await a.read({ events: 9, bytes: 15 }, never)).toHaveLength(2);
      expect(await a.read({ events: 9, bytes: 1 }, never)).toHaveLength(1);
      expect(bodies(await drain(a))).toEqual(['event 6', 'event 7', 'event 8', 'event 9']);
    });

    test('acknowledging in any order, twice, and before it was read', async () => {
      const a = await journal.subscribe('a');
      await journal.append(Array.from({ length: 6 }, (_, i) => entry(`${i + 1}`, 'a')));
      const [first, second, third] = await a.read({ events: 3, bytes: 1000 }, never);
      a.acknowledge(PositionSet.of(third!.position));
      a.acknowledge(PositionSet.of(first!.position, third!.position));
      expect(a.pending()).toBe(4);
      expect(a.settled()).toBeGreaterThanOrEqual(first!.position);
      expect(a.settled()).toBeLessThan(second!.position);
      a.acknowledge(PositionSet.of(third!.position + 1));
      expect(bodies(await drain(a))).toEqual(['5', '6']);
      a.acknowledge(PositionSet.fromRuns([[second!.position, third!.position + 3]]));
      expect([a.pending(), a.accepted(), a.oldest()]).toEqual([0, 6, undefined]);
      expect(a.settled()).toBeGreaterThanOrEqual(third!.position + 3);
      await a.flush();
    });

    test('fetch reads back by position, acknowledged or not, while its segment is held', async () => {
      const a = await journal.subscribe('a');
      await journal.append(Array.from({ length: 500 }, (_, i) => entry(`event ${i}`, 'a')));
      const events = await drain(a);
      const chosen = events.filter((_, i) => i % 7 === 3);
      expect(await fetchAll(a, positionsOf(chosen))).toEqual(chosen);
    });

    test('an output that nobody reads holds up nobody else', async () => {
      const slow = await journal.subscribe('slow');
      const quick = await journal.subscribe('quick');
      for (let i = 0; i < 50; i++) {
        await journal.append([entry(`${i}`, 'slow', 'quick')]);
        const events = await quick.read(ample, never);
        expect(bodies(events)).toEqual([`${i}`]);
        quick.acknowledge(positionsOf(events));
      }
      expect(await drain(slow)).toHaveLength(50);
      expect([quick.pending(), slow.pending()]).toEqual([0, 50]);
    });

    test('a new output starts now, or at the oldest event kept', async () => {
      const a = await journal.subscribe('a');
      await journal.append([entry('1', 'a'), entry('2', 'b')]);
      const now = await journal.subscribe('now');
      const old = await journal.subscribe('old', { start: 'oldest' });
      await journal.append([entry('3', 'now', 'old')]);
      expect(bodies(await drain(now))).toEqual(['3']);
      expect(bodies(await drain(old))).toEqual(['1', '2', '3']);
      expect([now.accepted(), old.accepted(), a.accepted()]).toEqual([1, 3, 1]);
    });

    test('a new output that starts at the oldest event is given what it wants of those kept', async () => {
      await journal.subscribe('a');
      await journal.append([entry('1', 'a'), entry('2', 'a'), entry('3', 'a')]);
      const wants = ({ raw }: StoredEvent) => Buffer.from(raw).toString() !== '2';
      const old = await journal.subscribe('old', { start: 'oldest', wants });
      await journal.append([entry('2', 'old')]);
      expect([old.accepted(), old.pending()]).toEqual([3, 3]);
      expect(bodies(await drain(old))).toEqual(['1', '3', '2']);
    });

    test('an output is subscribed once; closed, it is an orphan; forgotten, it is gone', async () => {
      const a = await journal.subscribe('a');
      await expect(journal.subscribe('a')).rejects.toThrow('"a" is subscribed already');
      await expect(journal.forget('a')).rejects.toThrow('in use');
      await journal.append([entry('1', 'a'), entry('2', 'a')]);
      await a.close();
      expect(await journal.orphans()).toEqual([{ output: 'a', pending: 2 }]);
      const again = await journal.subscribe('a');
      expect(bodies(await drain(again))).toEqual(['1', '2']);
      await again.close();
      await journal.forget('a');
      expect(await journal.orphans()).toEqual([]);
      expect((await journal.subscribe('a')).pending()).toBe(0);
    });

    test('closing a subscription ends its reads', async () => {
      const a = await journal.subscribe('a');
      const waiting = a.read(ample, never);
      await a.close();
      expect(await waiting).toEqual([]);
    });

    test('manifests not settled are given back at the next opening, and their events are passed over', async () => {
      const a = await journal.subscribe('a');
      await journal.append(Array.from({ length: 6 }, (_, i) => entry(`${i + 1}`, 'a')));
      const events = await a.read({ events: 5, bytes: 1000 }, never);
      const even = manifestOf(
        'even',
        events.filter(({ position }) => position % 2 === 0),
      );
      const odd = manifestOf(
        'odd',
        events.filter(({ position }) => position % 2 === 1),
      );
      await a.seal(even);
      await a.seal(odd);
      a.acknowledge(even.positions);
      a.acknowledge(PositionSet.of(odd.positions.first));
      await a.close();
      let again = await journal.subscribe('a');
      expect(again.unsettled.map(plain)).toEqual([plain(odd)]);
      // It may not have been durable before: whoever goes on with it seals it again, and it is still one.
      await again.seal(again.unsettled[0]!);
      await again.close();
      again = await journal.subscribe('a');
      expect(again.unsettled.map(plain)).toEqual([plain(odd)]);
      // The whole batch can be rebuilt, though part of it was acknowledged.
      expect((await fetchAll(again, odd.positions)).map(({ position }) => position)).toEqual([
        ...odd.positions,
      ]);
      expect(bodies(await drain(again))).toEqual(['6']);
      again.acknowledge(odd.positions);
      again.acknowledge(PositionSet.of(6));
      expect(again.pending()).toBe(0);
      await again.close();
      expect((await journal.subscribe('a')).unsettled).toEqual([]);
    });

    test('the budget: refused whole, room again once an output has settled, nothing lost', async () => {
      await journal.close();
      await fixture.dispose();
      fixture = await createFixture();
      const maxBytes = 64 << 10;
      journal = await fixture.open({ maxBytes });
      const a = await journal.subscribe('a');
      const big = 'x'.repeat(4000);
      let taken = 0;
      await expect(
        (async () => {
          for (;;) {
            await journal.append([entry(`${taken} ${big}`, 'a')]);
            taken++;
          }
        })(),
      ).rejects.toThrow(JournalFullError);
      expect(taken).toBeGreaterThan(8);
      expect(journal.status().state).toBe('full');
      expect(journal.status().bytes).toBeLessThanOrEqual(maxBytes);
      expect(a.pending()).toBe(taken);

      let room = false;
      const waiting = journal.waitForRoom(never).then(() => {
        room = true;
      });
      const events = await drain(a);
      expect(bodies(events).map((body) => Number.parseInt(body, 10))).toEqual([...Array(taken).keys()]);
      expect(room).toBe(false);
      a.acknowledge(positionsOf(events));
      await a.flush();
      await waiting;
      await journal.append([entry(`after ${big}`, 'a')]);
      expect(journal.status().state).toBe('ok');
      expect(bodies(await drain(a))).toEqual([`after ${big}`]);
      await expect(journal.append([entry('y'.repeat(maxBytes), 'a')])).rejects.toThrow(RangeError);
    });

    test('the oldest event is the oldest pending one, of any output', async () => {
      const a = await journal.subscribe('a');
      const b = await journal.subscribe('b');
      expect(journal.status().oldest).toBeUndefined();
      // Far apart in bytes: a disk knows the time to within 64 KiB of events.
      const padding = 'x'.repeat(70_000);
      for (let i = 1; i <= 4; i++)
        await journal.append([
          { ...entry(`${i}${padding}`, ...(i < 3 ? ['a', 'b'] : ['a'])), receivedAt: i },
        ]);
      expect([journal.status().oldest, a.oldest(), b.oldest()]).toEqual([1, 1, 1]);
      const [one, two, three] = positionsOfAll(await drain(a));
      a.acknowledge(PositionSet.of(one!, two!));
      expect([journal.status().oldest, a.oldest()]).toEqual([1, 3]);
      b.acknowledge(PositionSet.of(one!));
      expect([journal.status().oldest, b.oldest()]).toEqual([2, 2]);
      b.acknowledge(PositionSet.of(two!));
      expect([journal.status().oldest, b.oldest()]).toEqual([3, undefined]);
      a.acknowledge(PositionSet.fromRuns([[three!, three! + 1]]));
      expect(journal.status().oldest).toBeUndefined();
    });

    test('positions are identified: the same each time, and given up manifests are read again', async () => {
      const a = await journal.subscribe('a');
      await journal.append([entry('1', 'a'), entry('2', 'a'), entry('3', 'a')]);
      const events = await drain(a);
      const positions = positionsOf(events.slice(0, 2));
      const identity = a.identify(positions);
      expect(identity).not.toBe('');
      expect(a.identify(positionsOf(events.slice(0, 2)))).toBe(identity);
      const manifest = { ...manifestOf('m', events.slice(0, 2)), type: 'webhook', destination: 'x/y' };
      await a.seal(manifest);
      await a.close();
      const again = await journal.subscribe('a');
      expect(again.unsettled.map(plain)).toEqual([plain(manifest)]);
      expect(again.identify(positions)).toBe(identity);
      await again.unseal(again.unsettled);
      expect(again.unsettled).toEqual([]);
      expect(bodies(await drain(again))).toEqual(['1', '2', '3']);
      await again.close();
      expect((await journal.subscribe('a')).unsettled).toEqual([]);
    });

    test('nothing is lost and the journal has not failed', async () => {
      const a = await journal.subscribe('a');
      await journal.append([entry('1', 'a')]);
      expect([a.lost(), journal.failed.aborted]).toEqual([{ exact: 0, atMost: 0 }, false]);
      expect(journal.status().quarantinedFiles).toBe(0);
    });

    test('a large append that is refused makes nothing full: small ones go on, and each waits for its own size', async () => {
      await journal.close();
      await fixture.dispose();
      fixture = await createFixture();
      journal = await fixture.open({ maxBytes: 128 << 10 });
      const a = await journal.subscribe('a');
      const fill = 'x'.repeat(4000);
      for (let i = 0; i < 20; i++) await journal.append([entry(fill, 'a')]);
      const large = [entry('y'.repeat(60_000), 'a')];
      const refusal = await journal.append(large).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(JournalFullError);
      const { bytes } = refusal as JournalFullError;
      expect(bytes).toBeGreaterThanOrEqual(60_000);
      expect(journal.status().state).toBe('ok');
      expect(journal.status().reason).toBeUndefined();
      await journal.append([entry('small', 'a')]);
      await journal.waitForRoom(never);
      await journal.waitForRoom(never, 10_000);
      let room = false;
      const waiting = journal.waitForRoom(never, bytes).then(() => {
        room = true;
      });
      const events = await drain(a);
      expect(room).toBe(false);
      a.acknowledge(positionsOf(events));
      await a.flush();
      await waiting;
      await journal.append(large);
      expect(journal.status().state).toBe('ok');
    });

    test('full is where a small append has no room, an eighth of a small budget', async () => {
      await journal.close();
      await fixture.dispose();
      fixture = await createFixture();
      journal = await fixture.open({ maxBytes: 64 << 10 });
      const a = await journal.subscribe('a');
      const append = (bytes: number) => journal.append([entry('x'.repeat(bytes), 'a')]);
      const left = () => (64 << 10) - journal.status().bytes;
      while (left() > 9_000) await append(500);
      expect(journal.status().state).toBe('ok');
      while (left() >= 8 << 10) await append(50);
      expect(journal.status()).toMatchObject({
        state: 'full',
        reason: expect.stringContaining('the journal holds'),
      });
      // It is not refused what still fits.
      await append(500);
      expect(a.pending()).toBeGreaterThan(60);
    });

    test('waiting for room ends with its signal', async () => {
      await journal.subscribe('a');
      await expect(
        (async () => {
          for (;;) await journal.append([entry('x'.repeat(10_000), 'a')]);
        })(),
      ).rejects.toThrow(JournalFullError);
      const stop = new AbortController();
      const waiting = journal.waitForRoom(stop.signal);
      stop.abort();
      await waiting;
    });

    test('many appends at once: each output gets them in one order, none twice', async () => {
      const a = await journal.subscribe('a');
      const b = await journal.subscribe('b');
      const reading = (async () => {
        const events: StoredEvent[] = [];
        while (events.length < 400) events.push(...(await a.read({ events: 37, bytes: 1 << 20 }, never)));
        return events;
      })();
      await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          journal.append([entry(`${i}a`, 'a', 'b'), entry(`${i}b`, 'a')]),
        ),
      );
      const events = await reading;
      expect(new Set(bodies(events)).size).toBe(400);
      for (let i = 1; i < 400; i++) expect(events[i]!.position).toBeGreaterThan(events[i - 1]!.position);
      expect(bodies(await drain(b))).toEqual(bodies(events).filter((body) => body.endsWith('a')));
    });

    test('an empty append, and names that are no file names', async () => {
      await journal.append([]);
      const names = ['a/../b', '..', '', 'ü 漢 %2f', 'CON', 'x'.repeat(300), 'A', 'a'];
      const subscriptions = await Promise.all(names.map((output) => journal.subscribe(output)));
      await journal.append([entry('1', ...names)]);
      for (const subscription of subscriptions) {
        expect(bodies(await drain(subscription))).toEqual(['1']);
        subscription.acknowledge(PositionSet.of(1));
        await subscription.flush();
      }
    });

    test('after closing, an append is refused', async () => {
      await journal.close();
      await expect(journal.append([entry('1', 'a')])).rejects.toThrow('closed');
    });

    test('all of it is there after a restart', async ({ skip }) => {
      if (fixture.reopen === undefined) return skip('this journal does not outlive its process');
      const { epoch } = journal;
      let a = await journal.subscribe('a');
      const b = await journal.subscribe('b/ü');
      await journal.append(Array.from({ length: 10 }, (_, i) => entry(`${i + 1}`, 'a', 'b/ü')));
      const events = await drain(a);
      const manifest = manifestOf('m', events.slice(4, 6));
      await a.seal(manifest);
      a.acknowledge(PositionSet.of(1, 2, 8, 9));
      await a.flush();
      expect(b.pending()).toBe(10);
      journal = await fixture.reopen();
      expect(journal.epoch).toBe(epoch);
      expect(journal.status().newest).toBe(10);
      a = await journal.subscribe('a');
      expect([a.pending(), a.accepted()]).toEqual([6, 6]);
      expect(a.unsettled.map(plain)).toEqual([plain(manifest)]);
      expect(bodies(await drain(a))).toEqual(['3', '4', '7', '10']);
      expect(await journal.orphans()).toEqual([{ output: 'b/ü', pending: 10 }]);
      await journal.append([entry('11', 'a', 'b/ü')]);
      expect((await a.read(ample, never))[0]!.position).toBeGreaterThan(10);
    });
  });
}
