import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  type DeadLetter,
  decodeDeadLetter,
  encodeDeadLetter,
} from '../../../../../core/delivery/dead-letters/codec.ts';
import {
  type DeadLetterFilter,
  type DeadLetterStore,
  openDeadLetterStore,
} from '../../../../../core/delivery/dead-letters/store.ts';
import type { JournalEntry } from '../../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../../core/journal/memory.ts';
import { rawEvent } from '../../../../support/events.ts';
import { createFakeClock } from '../../../../support/fake-clock.ts';

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
    fc.assert(
      fc.property(letters, (given) => {
        const decoded = decodeDeadLetter(encodeDeadLetter(given));
        expect({ ...decoded, raw: [...decoded.raw] }).toEqual({ ...given, raw: [...given.raw] });
      }),
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
    const count = await store.replay({ output: 'lake' }, async (entries) => {
      appended.push(...entries);
      chunks.push(entries.length);
    });
    expect(count).toBe(600);
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
    const full = () => Promise.reject(new Error('the journal is full'));
    await expect(store.replay({}, full)).rejects.toThrow('full');
    expect(store.count()).toBe(1);
  });

  it('shows two readers the same while one drops', async () => {
    const { store, reasons } = await setUp(Array.from({ length: 50 }, (_, n) => letter(n)));
    const [all] = await Promise.all([reasons(), store.drop({ until: 3025 }), store.append([letter(60)])]);
    expect(all.length).toBeGreaterThanOrEqual(25);
    expect(await reasons()).toHaveLength(26);
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
    await again.replay({ output: 'lake' }, async () => {});
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
    const again = await openDeadLetterStore(journal, createFakeClock(), () => warned++);
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
