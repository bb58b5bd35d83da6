import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type DeadLetter, decodeDeadLetter, encodeDeadLetter } from '../../../../core/dead-letters/codec.ts';
import {
  type DeadLetterFilter,
  type DeadLetterStore,
  type HandBack,
  openDeadLetterStore,
} from '../../../../core/dead-letters/store.ts';
import { type JournalEntry, JournalFullError } from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import { rawEvent } from '../../../support/events.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const letter = (n: number, members: Partial<DeadLetter> = {}): DeadLetter => ({
  output: 'lake',
  cause: 'rejected',
  reason: `reason ${n}`,
  raw: rawEvent(n),
  receivedAt: 1000 + n,
  firstAttempt: 2000 + n,
  lastAttempt: 3000 + n,
  attempts: n,
  ...members,
});

async function setUp(letters: readonly DeadLetter[]) {
  const journal = createMemoryJournal();
  const store = await openDeadLetterStore(journal, createFakeClock());
  await store.append(letters);
  const reasons = async (filter?: DeadLetterFilter) => {
    const all: string[] = [];
    for await (const { reason } of store.list(filter)) all.push(reason);
    return all;
  };
  return { journal, store, reasons };
}

/** A journal that takes what is handed back, for outputs that have a cursor there. */
const handBack = (appended: JournalEntry[], outputs = ['lake', 'oncall']): HandBack => ({
  outputs: async () => new Set(outputs),
  append: async (entries) => void appended.push(...entries),
});

describe('a dead letter', () => {
  it('comes out of its bytes as it went in', () => {
    const letters = fc.record({
      output: fc.string({ unit: 'binary' }),
      cause: fc.constantFrom('rejected' as const, 'lag' as const),
      reason: fc.string({ unit: 'grapheme' }),
      raw: fc.uint8Array(),
      receivedAt: fc.nat(),
      firstAttempt: fc.nat(),
      lastAttempt: fc.nat(),
      attempts: fc.nat(),
      event: fc.record({ epoch: fc.uuid(), position: fc.maxSafeNat() }),
    });
    type Given = typeof letters extends fc.Arbitrary<infer T> ? T : never;
    fc.assert(
      fc.property(letters, (given) => {
        const decoded = decodeDeadLetter(encodeDeadLetter(given));
        expect({ ...decoded, raw: [...decoded.raw] }).toEqual({ ...given, raw: [...given.raw] });
      }),
      {
        examples: [0, 1, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 32, 1_772_600_760_000].map((n): [Given] => [
          {
            output: n === 0 ? '' : 'é'.repeat(200),
            cause: 'lag',
            reason: n === 0 ? '' : 'r'.repeat(70_000),
            raw: new Uint8Array(n === 0 ? 0 : 65_537),
            receivedAt: n,
            firstAttempt: n,
            lastAttempt: n,
            attempts: Math.min(n, 2 ** 31 - 1),
            event: { epoch: '00000000-0000-4000-8000-000000000000', position: n === 0 ? 0 : 2 ** 53 - 1 },
          },
        ]),
      },
    );
  });

  it.each([[[]], [[2, 0, 0, 0, 0]], [[1, 200, 0, 0, 0, 123]]])('refuses bytes that are none: %j', (bytes) => {
    expect(() => decodeDeadLetter(Uint8Array.from(bytes))).toThrow(RangeError);
  });
});

describe('the dead letter store', () => {
  it('lists, filters and shows', async () => {
    const { store, reasons } = await setUp([
      letter(1),
      letter(2, { output: 'oncall', reason: 'Status 400: Bad Field' }),
      letter(3),
    ]);
    expect(await reasons()).toEqual(['reason 1', 'Status 400: Bad Field', 'reason 3']);
    expect(await reasons({ output: 'lake' })).toEqual(['reason 1', 'reason 3']);
    expect(await reasons({ reason: 'bad field' })).toEqual(['Status 400: Bad Field']);
    expect(await reasons({ since: 3002, until: 3003 })).toEqual(['Status 400: Bad Field']);
    expect(await store.show(3)).toMatchObject({ id: 3, reason: 'reason 3', raw: rawEvent(3), attempts: 3 });
    expect(await store.show(99)).toBeUndefined();
    expect(store.count()).toBe(3);
  });

  it('drops, once, and what is dropped stays dropped after it is opened again', async () => {
    const { journal, store, reasons } = await setUp(Array.from({ length: 10 }, (_, n) => letter(n)));
    expect(await store.drop({ ids: [2, 4, 4, 77] })).toBe(2);
    expect(await store.drop({ ids: [2, 4] })).toBe(0);
    expect(await store.drop({ since: 3005 })).toBe(5);
    expect(await reasons()).toEqual(['reason 0', 'reason 2', 'reason 4']);
    await store.append([letter(11)]);
    expect(await reasons()).toEqual(['reason 0', 'reason 2', 'reason 4', 'reason 11']);
    await store.close();
    const again = await openDeadLetterStore(journal, createFakeClock());
    expect(again.count()).toBe(4);
    const left: string[] = [];
    for await (const { reason } of again.list()) left.push(reason);
    expect(left).toEqual(['reason 0', 'reason 2', 'reason 4', 'reason 11']);
  });

  it('hands events back for the output that refused them, and for no other', async () => {
    const letters = Array.from({ length: 1200 }, (_, n) => letter(n, { output: n % 2 ? 'oncall' : 'lake' }));
    const { store } = await setUp([...letters, letter(9999, { cause: 'damaged', raw: new Uint8Array() })]);
    const appended: JournalEntry[] = [];
    const chunks: number[] = [];
    const back = handBack(appended);
    const append: HandBack['append'] = (entries) => {
      chunks.push(entries.length);
      return back.append(entries);
    };
    const { replayed } = await store.replay({ output: 'lake' }, { ...back, append });
    expect(replayed).toBe(600);
    // 500 at once, not 600: what is held in memory has a bound.
    expect(chunks).toEqual([500, 100]);
    expect(appended.map(({ outputs }) => outputs.join())).toEqual(Array(600).fill('lake'));
    expect(appended[1]!.raw).toEqual(rawEvent(2));
    // The other output's, and the one whose bytes are lost.
    expect(store.count()).toBe(601);
  });

  it('writes one letter for one event of one output, also when a crash came between', async () => {
    const event = (position: number, epoch = 'e') => ({ event: { epoch, position } });
    const { journal, store } = await setUp([letter(1, event(7)), letter(2, event(8))]);
    await store.append([letter(3, event(8)), letter(4, event(9))]);
    await store.close();
    const again = await openDeadLetterStore(journal, createFakeClock());
    await again.append([letter(5, event(7)), letter(6, event(10)), letter(7, event(9))], 6);
    await again.append([letter(8, event(10)), letter(9, { ...event(7), output: 'oncall' }), letter(10)], 6);
    await again.append([letter(11, event(7, 'another journal')), letter(12), letter(12)], 6);
    const all: string[] = [];
    for await (const { reason } of again.list()) all.push(reason.slice('reason '.length));
    expect(all).toEqual(['1', '2', '4', '6', '9', '10', '11', '12', '12']);
  });

  it('remembers no event that cannot come again', async () => {
    const event = (position: number) => ({ event: { epoch: 'e', position } });
    const { store, reasons } = await setUp([letter(1, event(7)), letter(2, event(8))]);
    await store.append([letter(3, event(7)), letter(4, event(8))], 7);
    expect(await reasons()).toEqual(['reason 1', 'reason 2', 'reason 3']);
  });

  it('keeps what could not be handed back', async () => {
    const { store } = await setUp([letter(1)]);
    const append = () => Promise.reject(new Error('the journal is full'));
    await expect(store.replay({}, { ...handBack([]), append })).rejects.toThrow('full');
    expect(store.count()).toBe(1);
  });

  it('shows two readers the same while one drops', async () => {
    const { store, reasons } = await setUp(Array.from({ length: 50 }, (_, n) => letter(n)));
    const [all] = await Promise.all([reasons(), store.drop({ until: 3025 }), store.append([letter(60)])]);
    expect(all.length).toBeGreaterThanOrEqual(25);
    expect(await reasons()).toHaveLength(26);
  });

  describe('with replays and drops that overlap', () => {
    const many = Array.from({ length: 3000 }, (_, n) => letter(n, { output: n % 3 ? 'lake' : 'oncall' }));
    const none = { replayed: 0, left: new Map() };

    it('hands each letter back once, and tells the second replay that nothing was left', async () => {
      const { store } = await setUp(many);
      const appended: JournalEntry[] = [];
      const results = await Promise.all([
        store.replay({}, handBack(appended)),
        store.replay({}, handBack(appended)),
      ]);
      expect(results).toEqual([{ replayed: 3000, left: new Map() }, none]);
      expect(appended).toHaveLength(3000);
      expect(store.count()).toBe(0);
    });

    it.each([
      ['a replay, then a drop', true],
      ['a drop, then a replay', false],
    ])('settles each letter in one way: %s', async (_, replayFirst) => {
      const { store } = await setUp(many);
      const appended: JournalEntry[] = [];
      const replay = () => store.replay({}, handBack(appended)).then(({ replayed }) => replayed);
      const drop = () => store.drop({ output: 'lake' });
      const results = await Promise.all(replayFirst ? [replay(), drop()] : [drop(), replay()]);
      expect(results).toEqual(replayFirst ? [3000, 0] : [2000, 1000]);
      expect(appended).toHaveLength(replayFirst ? 3000 : 1000);
      expect(store.count()).toBe(0);
    });

    it('gives each of two overlapping filters its own count', async () => {
      const { store } = await setUp(many);
      const appended: JournalEntry[] = [];
      const results = await Promise.all([
        store.replay({ until: 3000 + 2000 }, handBack(appended)),
        store.replay({ since: 3000 + 1000 }, handBack(appended)),
      ]);
      expect(results.map(({ replayed }) => replayed)).toEqual([2000, 1000]);
      expect(new Set(appended.map(({ raw }) => raw.join())).size).toBe(3000);
    });

    it('leaves alone what comes in after it was asked for, though it had to wait', async () => {
      const { store } = await setUp(many.slice(0, 10));
      const refusedAgain = async (entries: readonly JournalEntry[]) =>
        store.append(entries.map((_, n) => letter(5000 + n)));
      const results = await Promise.all([
        store.replay({}, { ...handBack([]), append: refusedAgain }),
        store.replay({}, handBack([])),
        store.drop({}),
      ]);
      expect(results).toEqual([{ replayed: 10, left: new Map() }, none, 0]);
      expect(store.count()).toBe(10);
    });

    it('goes on with the next after one that failed in the middle', async () => {
      const { store } = await setUp(many);
      const appended: JournalEntry[] = [];
      const append = async (entries: readonly JournalEntry[]) => {
        if (appended.length >= 1000) throw new JournalFullError('full');
        appended.push(...entries);
      };
      const [failed, next] = await Promise.allSettled([
        store.replay({}, { ...handBack([]), append }),
        store.replay({ output: 'lake' }, handBack(appended)),
      ]);
      expect(failed).toMatchObject({ status: 'rejected', reason: expect.any(JournalFullError) });
      expect(next).toMatchObject({ status: 'fulfilled', value: { replayed: expect.any(Number) } });
      expect(new Set(appended.map(({ raw }) => raw.join())).size).toBe(appended.length);
      expect(store.count()).toBe(3000 - appended.length);
    });

    it('lists and shows while a replay waits for the journal, and what was dropped is not shown again', async () => {
      const { store, reasons } = await setUp(many);
      let goOn = () => {};
      const slow = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const replaying = store.replay({ ids: [1] }, { ...handBack([]), append: () => slow });
      const dropping = store.drop({ output: 'lake' });
      expect(await store.show(2)).toMatchObject({ id: 2 });
      const listing = store.list();
      await listing.next();
      expect(await reasons()).toHaveLength(3000);
      goOn();
      expect([(await replaying).replayed, await dropping]).toEqual([1, 2000]);
      // More than half is gone, so the store has forgotten which: the listing under way must not show them.
      const rest: string[] = [];
      for await (const { output } of listing) rest.push(output);
      expect(new Set(rest)).toEqual(new Set(['oncall']));
    });

    it('runs other work alone too, in its turn', async () => {
      const { store } = await setUp(many);
      const order: string[] = [];
      await Promise.all([
        store.replay({}, handBack([])).then(() => order.push('replay')),
        store.alone(async () => void order.push('work')),
        store.drop({}).then(() => order.push('drop')),
      ]);
      expect(order).toEqual(['replay', 'work', 'drop']);
    });

    it('ends a replay after the chunk under way when it is closed, and begins no other', async () => {
      const { journal, store } = await setUp(many);
      const appended: JournalEntry[] = [];
      let closing: Promise<void> | undefined;
      const append = async (entries: readonly JournalEntry[]) => {
        closing ??= store.close();
        await Promise.resolve();
        appended.push(...entries);
      };
      const [running, waiting] = await Promise.allSettled([
        store.replay({}, { ...handBack([]), append }),
        store.drop({}),
      ]);
      await closing;
      expect(running).toMatchObject({ reason: { message: expect.stringContaining('500 were handed back') } });
      expect(waiting).toMatchObject({ reason: { message: expect.stringContaining('is stopping') } });
      const again = await openDeadLetterStore(journal, createFakeClock());
      expect(appended).toHaveLength(500);
      expect(again.count()).toBe(2500);
    });
  });

  it('counts what is stored by output: what was there at the opening, what came and what went', async () => {
    const { journal, store } = await setUp([letter(1), letter(2, { output: 'oncall' }), letter(3)]);
    const size = (...numbers: number[]) => numbers.reduce((sum, n) => sum + rawEvent(n).length, 0);
    const told = (of: DeadLetterStore) => of.byOutput() && Object.fromEntries(of.byOutput()!);
    expect(told(store)).toEqual({
      lake: { letters: 2, bytes: size(1, 3) },
      oncall: { letters: 1, bytes: size(2) },
    });
    await store.drop({ ids: [1] });
    await store.close();
    const again = await openDeadLetterStore(journal, createFakeClock());
    // Counted in the background: before it is done no number is told rather than a wrong one.
    expect(told(again)).toBeUndefined();
    await again.append([letter(4)]);
    await vi.waitUntil(() => told(again) !== undefined);
    expect(told(again)).toEqual({
      lake: { letters: 2, bytes: size(3, 4) },
      oncall: { letters: 1, bytes: size(2) },
    });
    await again.replay({ output: 'lake' }, handBack([]));
    await again.drop({ ids: [2] });
    expect(told(again)).toEqual({});
    await again.close();
  });

  it('keeps letters of a later version, and lets them keep back no others', async () => {
    const { journal, store } = await setUp([letter(1)]);
    await journal.append([{ raw: Uint8Array.of(9, 9, 9), receivedAt: 0, outputs: ['dead_letters'] }]);
    await store.append([letter(2)]);
    await store.close();
    let warned = 0;
    const again = await openDeadLetterStore(journal, createFakeClock(), { onUnreadable: () => warned++ });
    await vi.waitUntil(() => again.byOutput() !== undefined);
    expect(again.byOutput()!.get('lake')!.letters).toBe(2);
    // What stands there already is looked through before a letter of the same output is written.
    await again.append([letter(3, { event: { epoch: 'e', position: 7 } })]);
    const listed: string[] = [];
    for await (const { reason } of again.list()) listed.push(reason);
    expect(listed).toEqual(['reason 1', 'reason 2', 'reason 3']);
    expect(await again.drop({})).toBe(3);
    expect(again.count()).toBe(1);
    expect(warned).toBe(1);
  });

  it('is followed: each new letter once, none of a later version, and on from there by the next process', async () => {
    const { journal, store } = await setUp([letter(1)]);
    const { signal } = new AbortController();
    const feed = await store.follow();
    await store.append([letter(2), letter(3)]);
    await journal.append([{ raw: Uint8Array.of(9, 9, 9), receivedAt: 0, outputs: ['notices'] }]);
    expect((await feed.read(signal)).map(({ id, reason }) => [id, reason])).toEqual([
      [2, 'reason 2'],
      [3, 'reason 3'],
    ]);
    feed.acknowledge(PositionSet.of(2));
    expect(await feed.read(AbortSignal.abort())).toEqual([]);
    await feed.close();
    await store.close();
    const again = await openDeadLetterStore(journal, createFakeClock());
    const next = await again.follow();
    await again.append([letter(5)]);
    const ids: number[] = [];
    while (ids.length < 2) ids.push(...(await next.read(signal)).map(({ id }) => id));
    expect(ids).toEqual([3, 5]);
    await next.close();
    await again.unfollow();
    expect(await journal.orphans()).toEqual([]);
    // Nobody follows: the letters are there all the same.
    await again.append([letter(6)]);
    expect(again.count()).toBe(5);
    await again.close();
  });

  it('can be closed while what it holds is being read', async () => {
    const { journal, store } = await setUp(Array.from({ length: 20_000 }, (_, n) => letter(n)));
    await store.close();
    for (const reading of [
      (of: DeadLetterStore) => void of.byOutput(),
      (of: DeadLetterStore) => void of.show(1),
      (of: DeadLetterStore) =>
        void of.append([letter(1, { event: { epoch: 'e', position: 7 } })]).catch(() => {}),
    ]) {
      const again = await openDeadLetterStore(journal, createFakeClock());
      reading(again);
      await again.close();
      expect(again.byOutput()).toBeUndefined();
    }
  });
});
