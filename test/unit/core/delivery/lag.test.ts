import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { excessiveLag, shed } from '../../../../core/delivery/lag.ts';
import type { Manifest } from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import { never, nobody } from '../../../support/batch-slices.ts';
import { rawEvent } from '../../../support/events.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

/** An output that lags by ten events of which none is allowed, the first three of them in a sealed batch. */
async function lagging() {
  const journal = createMemoryJournal();
  const first = await journal.subscribe('lake');
  for (let n = 1; n <= 10; n++)
    await journal.append([{ raw: rawEvent(n), receivedAt: n, outputs: ['lake'] }]);
  const manifest: Manifest = {
    id: 'b',
    partition: '',
    positions: PositionSet.of(1, 2, 3),
    bytes: 3,
    openedAt: 0,
    closedAt: 0,
  };
  await first.seal(manifest);
  await first.close();
  return { journal, subscription: await journal.subscribe('lake'), clock: createFakeClock() };
}

it('gives nothing up before its dead letter is durable', async () => {
  const { journal, subscription, clock } = await lagging();
  const asked: number[][] = [];
  let done = () => {};
  const shedding = shed(subscription, {
    policy: { action: 'dead_letter', events: 0 },
    journal,
    clock,
    since: 0,
    writeDeadLetters(setAside) {
      asked.push(setAside.map(({ position }) => position));
      return new Promise((resolve) => {
        done = () => resolve(setAside);
      });
    },
    observer: nobody,
    stopping: never,
  });
  for (const [letters, before] of [
    [[1, 2, 3], 10],
    [[4, 5, 6, 7, 8, 9, 10], 7],
  ] as const) {
    for (let turns = 0; turns < 20; turns++) await setImmediate();
    expect(asked.at(-1)).toEqual(letters);
    expect(subscription.pending()).toBe(before);
    done();
  }
  expect(await shedding).toBe(10);
  expect(subscription.pending()).toBe(0);
});

it('believes no age before it has run for a while: the clock may be years ahead at boot', async () => {
  const { journal, subscription, clock } = await lagging();
  const lag = (since: number) =>
    excessiveLag(subscription, { policy: { action: 'drop_oldest', age: 3_600_000 }, journal, clock, since });
  clock.jump(14 * 365 * 86_400_000);
  await clock.advance(15 * 60_000 - 1);
  expect(lag(0)).toBeUndefined();
  await clock.advance(1);
  expect(lag(0)).toContain('the oldest event is');
  expect(lag(1)).toBeUndefined();
  // A short limit needs no longer than itself.
  const short = { action: 'drop_oldest', age: 1000 } as const;
  const at = clock.monotonic();
  expect(excessiveLag(subscription, { policy: short, journal, clock, since: at - 999 })).toBeUndefined();
  expect(excessiveLag(subscription, { policy: short, journal, clock, since: at - 1000 })).toContain(
    '1000 allowed',
  );
});

it('sheds the output that holds the oldest position of a full journal, whatever the clock said then', async () => {
  const journal = createMemoryJournal({ maxBytes: 4000 });
  const clock = createFakeClock();
  const slow = await journal.subscribe('slow');
  const quick = await journal.subscribe('quick');
  const raw = new Uint8Array(900);
  // The clock was years ahead at the first event, and was corrected after it.
  await journal.append([{ raw, receivedAt: 1e12, outputs: ['slow'] }]);
  for (let n = 1; n < 4; n++) await journal.append([{ raw, receivedAt: n, outputs: ['quick'] }]);
  expect(journal.status().state).toBe('full');
  const lag = (subscription: typeof slow) =>
    excessiveLag(subscription, { policy: { action: 'drop_oldest' }, journal, clock, since: 0 });
  expect([lag(slow), lag(quick)]).toEqual(['the journal is full', undefined]);
});
