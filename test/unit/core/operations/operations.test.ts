import { describe, expect, it } from 'vitest';
import { type DeadLetter, openDeadLetterStore } from '../../../../core/dead-letters/store.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { createOperations } from '../../../../core/operations/operations.ts';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import { rawEvent } from '../../../support/events.ts';

const letter = (n: number, members: Partial<DeadLetter> = {}): DeadLetter => ({
  output: 'lake',
  cause: 'rejected',
  reason: `too large ${n}`,
  raw: rawEvent(n),
  receivedAt: 1000 + n,
  firstAttempt: 2000 + n,
  lastAttempt: 3000 + n,
  attempts: 1,
  ...members,
});

/** Real stores in memory; `lake` and `oncall` are configured, `lake` runs; `old` has a cursor, and is not configured. */
async function setup(letters: readonly DeadLetter[]) {
  const journal = createMemoryJournal();
  const lake = await journal.subscribe('lake');
  const oncall = await journal.subscribe('oncall');
  await (await journal.subscribe('old')).close();
  const deadLetters = await openDeadLetterStore(createMemoryJournal(), systemClock);
  if (letters.length > 0) await deadLetters.append(letters);
  const said: string[] = [];
  const say = (_: object | string, text?: string) => void said.push(String(text));
  const others = new Set(['oncall']);
  const operations = createOperations({
    journal,
    deadLetters,
    outputs: () => [{ name: 'lake', pending: lake.pending() }, ...[...others].map((name) => ({ name }))],
    log: { debug: say, info: say, warn: say, error: say },
  });
  const listed = async () => {
    const found: number[] = [];
    for await (const { id } of operations.deadLetters({})) found.push(id);
    return found;
  };
  return { journal, lake, oncall, deadLetters, operations, others, listed, said };
}

describe('replay', () => {
  it('gives events back to the output that refused them, byte for byte, and to no other', async () => {
    const { lake, oncall, operations, listed, said } = await setup([letter(1), letter(2), letter(3)]);
    expect(await operations.replay({ ids: [1, 3] })).toEqual({ replayed: 2, left: [] });
    const events = await lake.read({ events: 10, bytes: 1 << 20 }, AbortSignal.timeout(1000));
    expect(events.map(({ raw }) => raw)).toEqual([rawEvent(1), rawEvent(3)]);
    expect(oncall.pending()).toBe(0);
    expect(await listed()).toEqual([2]);
    expect(said).toEqual(['2 dead letters were handed back to their outputs']);
  });

  it('leaves what no output would deliver, and what has lost its bytes, and says so', async () => {
    const { operations, listed } = await setup([
      letter(1, { output: 'gone' }),
      letter(2),
      letter(3, { raw: new Uint8Array() }),
      letter(4, { output: 'old' }),
    ]);
    expect(await operations.replay({})).toEqual({
      replayed: 1,
      left: [
        { output: 'gone', dead_letters: 1, reason: expect.stringContaining('does not have this output') },
        { output: 'lake', dead_letters: 1, reason: expect.stringContaining('lost on disk') },
        { output: 'old', dead_letters: 1, reason: expect.stringContaining('does not have this output') },
      ],
    });
    expect(await listed()).toEqual([1, 3, 4]);
  });

  it('ends, though the output refuses all of it again at once', async () => {
    const { journal, deadLetters, operations } = await setup([letter(1), letter(2)]);
    const append = journal.append;
    journal.append = async (entries) => {
      await append(entries);
      await deadLetters.append(entries.map(() => letter(9, { lastAttempt: Date.now() + 10_000 })));
    };
    expect(await operations.replay({})).toEqual({ replayed: 2, left: [] });
    expect(deadLetters.count()).toBe(2);
  });

  it('hands each back once when two are asked for at once, and says of both what they did', async () => {
    const letters = Array.from({ length: 3000 }, (_, n) => letter(n, { output: n % 2 ? 'lake' : 'old' }));
    const { journal, operations, others, listed } = await setup([...letters, letter(1, { output: 'gone' })]);
    others.add('old');
    const { newest } = journal.status();
    const left = [{ output: 'gone', dead_letters: 1, reason: expect.stringContaining('does not have') }];
    expect(await Promise.all([operations.replay({}), operations.replay({})])).toEqual([
      { replayed: 3000, left },
      { replayed: 0, left },
    ]);
    expect(journal.status().newest - newest).toBe(3000);
    expect(await listed()).toEqual([3001]);
  });

  it('takes what was set aside while the clock was ahead', async () => {
    const { operations } = await setup([letter(1, { lastAttempt: Date.now() + 10 * 365 * 86_400_000 })]);
    expect(await operations.replay({})).toEqual({ replayed: 1, left: [] });
  });

  it('is not overtaken by the end of the cursor that its events are handed back to', async () => {
    const letters = Array.from({ length: 1200 }, (_, n) => letter(n, { output: 'old' }));
    const { journal, operations, deadLetters, others } = await setup(letters);
    others.add('old');
    const { append } = journal;
    const begun = new Promise<void>((resolve) => {
      journal.append = (entries) => append(entries).then(resolve);
    });
    const replay = operations.replay({});
    await begun;
    // A reload takes it out of the configuration.
    others.delete('old');
    const [replayed, forgotten] = await Promise.all([replay, operations.forget('old')]);
    expect([replayed, forgotten]).toEqual([{ replayed: 1200, left: [] }, 1200]);
    expect(deadLetters.count()).toBe(0);
  });
});

it('drops by filter, and only what was there when it was asked for', async () => {
  const { operations, listed } = await setup([letter(1), letter(2, { output: 'oncall' }), letter(3)]);
  expect(await operations.drop({ output: 'lake', until: 3003 })).toBe(1);
  expect(await operations.drop({ reason: 'TOO LARGE 2' })).toBe(1);
  expect(await listed()).toEqual([3]);
});

it('shows a dead letter with the event as it was sent, bytes that are no text too', async () => {
  const broken = Buffer.from([...rawEvent(1).slice(0, -1), 0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  const { operations } = await setup([
    letter(1),
    letter(2, { raw: broken }),
    letter(3, { raw: new Uint8Array() }),
  ]);
  expect(await operations.deadLetter(1)).toMatchObject({
    id: 1,
    rule: 'rule 1',
    event: Buffer.from(rawEvent(1)).toString(),
    last_attempt: '1970-01-01T00:00:03.001Z',
  });
  const bytes = (await operations.deadLetter(2))?.event_base64;
  expect(Buffer.from(bytes!, 'base64').equals(broken)).toBe(true);
  const lost = await operations.deadLetter(3);
  expect([lost?.event, lost?.rule, lost?.bytes]).toEqual([undefined, undefined, 0]);
  expect(await operations.deadLetter(9)).toBeUndefined();
});

it('tells the outputs of the configuration from orphans, and forgets only those', async () => {
  const { journal, operations } = await setup([letter(1)]);
  await journal.append([{ raw: rawEvent(1), receivedAt: 1, outputs: ['lake', 'old'] }]);
  expect(await operations.journal()).toMatchObject({
    state: 'ok',
    newest: 1,
    dead_letters: 1,
    outputs: [{ output: 'lake', pending: 1 }],
    orphans: [{ output: 'old', pending: 1 }],
  });
  await expect(operations.forget('lake')).rejects.toMatchObject({ kind: 'conflict' });
  await expect(operations.forget('oncall')).rejects.toMatchObject({ kind: 'conflict' });
  await expect(operations.forget('nobody')).rejects.toMatchObject({ kind: 'not_found' });
  expect(await operations.forget('old')).toBe(1);
  expect((await operations.journal()).orphans).toEqual([]);
});

it('replays more bytes than the journal takes at once, piece by piece', async () => {
  const large = (n: number) => letter(n, { raw: rawEvent(n, { output: 'x'.repeat(1 << 20) }) });
  const { journal, operations } = await setup(Array.from({ length: 12 }, (_, n) => large(n)));
  const sizes: number[] = [];
  const append = journal.append;
  journal.append = (entries) => {
    sizes.push(entries.length);
    return append(entries);
  };
  expect(await operations.replay({})).toEqual({ replayed: 12, left: [] });
  expect(sizes).toEqual([4, 4, 4]);
});
