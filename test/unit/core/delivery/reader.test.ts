import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { createBatchScheduler } from '../../../../core/delivery/batch-scheduler.ts';
import { createReader } from '../../../../core/delivery/reader.ts';
import type { StoredEvent, Subscription } from '../../../../core/journal/journal.ts';
import { never, nobody } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

function setUp(subscription: Partial<Subscription>, stopping: AbortSignal = never) {
  const submitted: number[] = [];
  const clock = createFakeClock();
  const reader = createReader({
    subscription: { output: 'o', identify: () => '', ...subscription } as Subscription,
    type: 'test',
    destinationOf: () => undefined,
    newest: () => 3,
    scheduler: createBatchScheduler({ events: 2 }),
    decode: () => {
      throw new Error('nobody looks');
    },
    submit: async ({ positions }) => void submitted.push(...positions),
    writeDeadLetters: async (setAside) => setAside,
    clock,
    observer: nobody,
    health: { raise() {}, clear() {}, reset() {}, health: () => ({ state: 'ok', since: 0 }) },
    stopping,
  });
  return { reader, submitted, clock };
}

it('ends at what was accepted by the time of the end, though more keeps coming, and though that was before it began', async () => {
  let read = 0;
  const { reader, submitted } = setUp({
    // Never caught up: there is always a newer event, up to a bound that a mistake would run into.
    caughtUp: () => read >= 50,
    read: async () => [{ position: ++read, receivedAt: 0, raw: new Uint8Array(1) }],
  });
  reader.drain();
  await reader.run();
  expect([read, submitted]).toEqual([3, [1, 2, 3]]);
});

/** A journal whose reads wait for events that do not come, and the waits that have begun. */
function silentJournal() {
  const waits: AbortSignal[] = [];
  return {
    waits,
    caughtUp: () => false,
    read: (_: unknown, signal?: AbortSignal) =>
      new Promise<StoredEvent[]>((resolve) => {
        waits.push(signal!);
        signal!.addEventListener('abort', () => resolve([]), { once: true });
      }),
  };
}

it('ends its wait when it is to drain, and then waits a second for events that do not come', async () => {
  const journal = silentJournal();
  const stopping = new AbortController();
  const { reader, clock } = setUp(journal, stopping.signal);
  const running = reader.run();
  await clock.settle();
  expect(journal.waits.map(({ aborted }) => aborted)).toEqual([false]);
  reader.drain();
  await clock.settle();
  expect(journal.waits.map(({ aborted }) => aborted)).toEqual([true, false]);
  await clock.advance(1000);
  expect(journal.waits.map(({ aborted }) => aborted)).toEqual([true, true, false]);
  stopping.abort();
  await running;
  expect(journal.waits).toHaveLength(3);
});

it('ends its wait when the output is being stopped, and leaves no timer and no listener behind', async () => {
  const journal = silentJournal();
  const stopping = new AbortController();
  const { reader, clock, submitted } = setUp(journal, stopping.signal);
  const running = reader.run();
  await clock.settle();
  stopping.abort();
  await running;
  expect([journal.waits.length, submitted]).toEqual([1, []]);
  expect(clock.sleepers()).toBe(0);
  const other = new AbortController().signal;
  const drained = setUp({ caughtUp: () => true }, other);
  drained.reader.drain();
  await drained.reader.run();
  expect(getEventListeners(other, 'abort')).toEqual([]);
});
