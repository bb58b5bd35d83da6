import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../../../core/dead-letters/codec.ts';
import { isNotice } from '../../../../core/dead-letters/notice.ts';
import { createDeadLetterNotices, type DeadLetterNotices } from '../../../../core/dead-letters/notices.ts';
import { type DeadLetterStore, openDeadLetterStore } from '../../../../core/dead-letters/store.ts';
import { parseEvent } from '../../../../core/event/parse.ts';
import {
  type Journal,
  type JournalEntry,
  JournalFailedError,
  JournalFullError,
} from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { rawEvent } from '../../../support/events.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import { runs } from '../../../support/runs.ts';

const MINUTE = 60_000;
const letter = (n: number, members: Partial<DeadLetter> = {}): DeadLetter => ({
  output: 'siem',
  cause: 'rejected',
  reason: `reason ${n}`,
  raw: rawEvent(n),
  receivedAt: 1000 + n,
  firstAttempt: 2000 + n,
  lastAttempt: 3000 + n,
  attempts: 1,
  ...members,
});
const letters = (count: number, members?: Partial<DeadLetter>) =>
  Array.from({ length: count }, (_, n) => letter(n, members));

interface Notice {
  readonly target: string;
  readonly raw: Uint8Array;
  /** Fake milliseconds since the clock was made. */
  readonly at: number;
  readonly output: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A process: a store on `dead`, and notices into a journal that takes them while `full` and `broken` are not set. */
interface World {
  readonly dead: Journal;
  readonly clock: FakeClock;
  readonly store: DeadLetterStore;
  readonly notices: DeadLetterNotices;
  readonly written: Notice[];
  readonly counted: string[];
  readonly logged: string[];
  /** Dead letters that the log says are told to nobody. */
  unwritten: number;
  full: boolean;
  broken: boolean;
  makeRoom(): void;
}

const open: DeadLetterNotices[] = [];
afterEach(async () => {
  for (const notices of open.splice(0)) await notices.stop();
});

async function start(
  targets: Record<string, string> = { siem: 'oncall' },
  { dead = createMemoryJournal(), clock = createFakeClock() } = {},
): Promise<World> {
  const store = await openDeadLetterStore(dead, clock);
  const written: Notice[] = [];
  const counted: string[] = [];
  const logged: string[] = [];
  let wake = () => {};
  const world = {
    dead,
    clock,
    store,
    written,
    counted,
    logged,
    unwritten: 0,
    full: false,
    broken: false,
    makeRoom() {
      world.full = false;
      wake();
    },
  };
  const log = (details: object | string, message = '') => {
    logged.push(message);
    if (message.startsWith('The journal is full'))
      world.unwritten += (details as { dead_letters: number }).dead_letters;
  };
  const notices = createDeadLetterNotices({
    store,
    clock,
    hostname: 'node-1',
    log: { debug: log, info: log, warn: log, error: log },
    onNotice: (output, target) => counted.push(`${output} -> ${target}`),
    journal: {
      async append(entries: readonly JournalEntry[]) {
        if (world.broken) throw new JournalFailedError('no disk');
        if (world.full) throw new JournalFullError('full', { bytes: 7 });
        for (const { raw, receivedAt, outputs } of entries) {
          const parsed = parseEvent(raw, receivedAt);
          if (!parsed.ok) throw new Error(parsed.reason);
          const { output, fields } = parsed.event;
          written.push({ target: outputs.join(), raw, at: clock.monotonic(), output, fields });
        }
      },
      waitForRoom: (signal, bytes) =>
        new Promise((resolve) => {
          expect(bytes).toBe(7);
          wake = resolve;
          signal.addEventListener('abort', () => resolve());
        }),
    },
  });
  open.push(notices);
  await notices.prepare(new Map(Object.entries(targets)));
  await notices.apply();
  await clock.settle();
  return Object.assign(world, { notices });
}

/** Ends like a crash: nothing is stopped; what the memory journal holds is what a disk would. */
async function startAgain({ dead, store, notices, clock }: World, targets?: Record<string, string>) {
  await notices.stop();
  open.splice(open.indexOf(notices), 1);
  await store.close();
  return start(targets, { dead, clock });
}

const countsOf = ({ written }: World) =>
  written.map(({ target, fields }) => `${target}: ${fields['tiercel.dead_letters']}`);

describe('notices of dead letters', () => {
  it('tell what happened, where, why, and what to run', async () => {
    const world = await start();
    await world.store.append([
      letter(1, { reason: 'HTTP 400: no such index.' }),
      letter(2),
      letter(3, { cause: 'expired' }),
    ]);
    await world.clock.advance(1000);
    expect(world.written).toHaveLength(1);
    const [{ raw, target, output, fields }] = world.written as [Notice];
    expect(target).toBe('oncall');
    expect(output).toBe(
      '3 events became dead letters at the output siem (2 rejected, 1 expired). First reason: HTTP 400: no such index. To list them: tiercel dlq list --output siem',
    );
    expect(fields).toMatchObject({
      'tiercel.output': 'siem',
      'tiercel.dead_letters': 3,
      'tiercel.causes': '2 rejected, 1 expired',
      'tiercel.reason': 'HTTP 400: no such index',
      'tiercel.first_dead_letter': 1,
      'tiercel.command': 'tiercel dlq list --output siem',
    });
    expect(String(fields['tiercel.event_ids']).split(', ')).toHaveLength(3);
    expect(JSON.parse(Buffer.from(raw).toString())).toMatchObject({
      rule: 'Events became dead letters',
      priority: 'Error',
      source: 'tiercel',
      hostname: 'node-1',
      time: '2026-01-15T12:00:01.000000000Z',
    });
    expect(world.counted).toEqual(['siem -> oncall']);
  });

  it('come at once, then once a minute and output', async () => {
    const world = await start({ siem: 'oncall', lake: 'oncall' });
    await world.store.append(letters(2));
    await world.clock.advance(999);
    expect(countsOf(world)).toEqual([]);
    await world.clock.advance(1);
    expect(countsOf(world)).toEqual(['oncall: 2']);
    for (let second = 0; second < 30; second++) {
      await world.store.append([letter(10 + second)]);
      await world.clock.advance(1000);
    }
    await world.store.append([letter(99, { output: 'lake' })]);
    await world.clock.advance(1000);
    expect(countsOf(world)).toEqual(['oncall: 2', 'oncall: 1']);
    expect(world.written[1]!.fields['tiercel.output']).toBe('lake');
    await world.clock.advance(MINUTE - 31_000);
    expect(countsOf(world)).toEqual(['oncall: 2', 'oncall: 1', 'oncall: 30']);
    // Quiet for a minute: the next one is at once again.
    await world.clock.advance(5 * MINUTE);
    await world.store.append([letter(100)]);
    await world.clock.advance(1000);
    expect(countsOf(world)).toHaveLength(4);
  });

  it('are few and small for ten thousand dead letters', async () => {
    const world = await start();
    for (let n = 0; n < 100; n++) {
      await world.store.append(letters(100, { reason: 'x'.repeat(2000), raw: rawEvent(n) }));
      if (n % 10 === 0) await world.clock.advance(5000);
    }
    await world.clock.advance(2 * MINUTE);
    const counts = world.written.map(({ fields }) => Number(fields['tiercel.dead_letters']));
    expect(counts.length).toBeLessThanOrEqual(3);
    expect(counts.reduce((sum, count) => sum + count)).toBe(10_000);
    for (const { raw } of world.written) expect(raw.length).toBeLessThan(4096);
  });

  it('are of no dead letter that is a notice, so that two outputs tell each other once', async () => {
    const world = await start({ siem: 'oncall', oncall: 'siem' });
    await world.store.append([letter(1)]);
    await world.clock.advance(1000);
    const { raw } = world.written[0]!;
    expect(isNotice({ raw, receivedAt: 1 })).toBe(true);
    // Rejected by its target; a real event that the target rejects is told.
    await world.store.append([letter(2, { output: 'oncall', raw })]);
    await world.clock.advance(2 * MINUTE);
    expect(countsOf(world)).toEqual(['oncall: 1']);
    await world.store.append([letter(3, { output: 'oncall' }), letter(4, { output: 'oncall', raw })]);
    await world.clock.advance(2 * MINUTE);
    expect(countsOf(world)).toEqual(['oncall: 1', 'siem: 1']);
  });

  it('are not missing after the process ended before they were written', async () => {
    let world = await start();
    await world.store.append(letters(3));
    world = await startAgain(world);
    expect(world.written).toEqual([]);
    await world.clock.advance(1000);
    expect(countsOf(world)).toEqual(['oncall: 3']);
    await world.store.append(letters(4));
    await world.clock.advance(1000);
    world = await startAgain(world);
    await world.clock.advance(1000);
    expect(countsOf(world)).toEqual(['oncall: 4']);
    // All were told.
    world = await startAgain(world);
    await world.clock.advance(2 * MINUTE);
    expect(world.written).toEqual([]);
    expect(await world.dead.orphans()).toEqual([]);
  });

  it('go to the target of this start; without one, nothing is kept', async () => {
    let world = await start();
    await world.store.append(letters(3));
    world = await startAgain(world, { siem: 'mail' });
    await world.clock.advance(1000);
    expect(countsOf(world)).toEqual(['mail: 3']);
    await world.store.append(letters(2));
    world = await startAgain(world, { lake: 'mail' });
    await world.clock.advance(2 * MINUTE);
    expect(world.written).toEqual([]);
    await world.store.drop({});
    expect(world.dead.status().bytes).toBe(0);
    await world.store.append(letters(2));
    world = await startAgain(world, {});
    await world.store.append(letters(2));
    await world.store.drop({});
    expect(world.dead.status().bytes).toBe(0);
    expect(await world.dead.orphans()).toEqual([]);
  });

  it('do not tell of dead letters from before they were wanted', async () => {
    let world = await start({});
    await world.store.append(letters(3));
    world = await startAgain(world);
    await world.store.append([letter(9)]);
    await world.clock.advance(1000);
    expect(countsOf(world)).toEqual(['oncall: 1']);
  });

  it('wait through a change of targets', async () => {
    const world = await start();
    await world.store.append(letters(2));
    await world.notices.prepare(new Map([['siem', 'mail']]));
    await world.store.append(letters(3));
    await world.clock.advance(2 * MINUTE);
    expect(world.written).toEqual([]);
    await world.notices.apply();
    await world.clock.advance(1000);
    expect(countsOf(world)).toEqual(['mail: 2']);
    await world.clock.advance(MINUTE);
    expect(countsOf(world)).toEqual(['mail: 2', 'mail: 3']);
    await world.store.append(letters(2));
    await world.clock.settle();
    await world.notices.prepare(new Map());
    await world.notices.apply();
    await world.store.drop({});
    expect(world.dead.status().bytes).toBe(0);
  });

  it('wait for room in the journal, and meanwhile keep no space of dead letters', async () => {
    const world = await start();
    world.full = true;
    await world.store.append(letters(3));
    await world.clock.advance(1000);
    await world.store.append(letters(4));
    await world.clock.advance(2 * MINUTE);
    expect(world.written).toEqual([]);
    await world.store.drop({});
    expect(world.dead.status().bytes).toBe(0);
    world.makeRoom();
    await world.clock.settle();
    await world.clock.settle();
    expect(countsOf(world)).toEqual(['oncall: 7']);
    // From here on they are kept again.
    await world.store.append(letters(2));
    const again = await startAgain(world);
    await again.clock.advance(1000);
    expect(countsOf(again)).toEqual(['oncall: 2']);
  });

  it('say that they were not written when the process stops while the journal is full', async () => {
    const world = await start();
    world.full = true;
    await world.store.append(letters(3));
    await world.clock.advance(1000);
    await world.notices.stop();
    expect(world.logged.join()).toContain('no output is told of 3 dead letters of "siem"');
  });

  it('are tried again after an error', async () => {
    const world = await start();
    world.broken = true;
    await world.store.append(letters(3));
    await world.clock.advance(8000);
    expect(world.logged.join()).toContain('notices of dead letters cannot be written; retrying');
    world.broken = false;
    await world.clock.advance(5000);
    expect(countsOf(world)).toEqual(['oncall: 3']);
  });

  it('name reasons and events of any kind', async () => {
    const world = await start();
    const reason = `${'x'.repeat(499)}😀 and more`;
    await world.store.append([letter(1, { reason, raw: Buffer.from('no event') })]);
    await world.clock.advance(1000);
    const told = String(world.written[0]!.fields['tiercel.reason']);
    expect(told.startsWith('x'.repeat(499))).toBe(true);
    expect(told.length).toBeLessThan(502);
    expect(encodeURIComponent(told)).toContain('x');
    expect(world.written[0]!.fields['tiercel.event_ids']).toBe('');
  });

  it('tell of every dead letter once, or say that they do not, through full journals and restarts', async () => {
    const step = fc.oneof(
      fc.record({ append: fc.constantFrom(1, 2, 7), output: fc.constantFrom('siem', 'lake', 'other') }),
      fc.record({ advance: fc.constantFrom(0, 1, 999, 1000, 1001, 59_999, 60_000, 61_000) }),
      fc.constantFrom('full' as const, 'room' as const, 'restart' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const targets = { siem: 'oncall', lake: 'oncall' };
        let world = await start(targets);
        const appended = new Map<string, number>();
        const told = new Map<string, number>();
        let unwritten = 0;
        /** Adds up what a process did, which keeps the time between its notices of an output. */
        const account = () => {
          const last = new Map<string, number>();
          for (const { fields, at } of world.written) {
            const output = String(fields['tiercel.output']);
            told.set(output, (told.get(output) ?? 0) + Number(fields['tiercel.dead_letters']));
            expect(at - (last.get(output) ?? -MINUTE)).toBeGreaterThanOrEqual(MINUTE);
            last.set(output, at);
          }
          unwritten += world.unwritten;
        };
        for (const one of steps) {
          if (one === 'full') world.full = true;
          else if (one === 'room') world.makeRoom();
          else if (one === 'restart') {
            const next = await startAgain(world, targets);
            account();
            next.full = world.full;
            world = next;
          } else if ('advance' in one) await world.clock.advance(one.advance);
          else {
            await world.store.append(letters(one.append, { output: one.output }));
            appended.set(one.output, (appended.get(one.output) ?? 0) + one.append);
          }
        }
        await world.clock.settle();
        world.makeRoom();
        await world.clock.advance(3 * MINUTE);
        account();
        expect(told.has('other')).toBe(false);
        const of = (counts: Map<string, number>) => (counts.get('siem') ?? 0) + (counts.get('lake') ?? 0);
        expect(of(told) + unwritten).toBe(of(appended));
        expect((await world.dead.orphans()).length).toBe(0);
        await world.store.drop({});
        expect(world.dead.status().bytes).toBe(0);
      }),
      {
        numRuns: runs(200),
        examples: [
          [[]],
          [[{ append: 1, output: 'siem' }, 'restart', { advance: 1000 }, 'restart', { advance: 61_000 }]],
          [
            [
              { append: 2, output: 'siem' },
              'full',
              { advance: 1000 },
              { append: 1, output: 'lake' },
              'restart',
            ],
          ],
        ],
      },
    );
  });
});
