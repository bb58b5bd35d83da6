import { expect, it } from 'vitest';
import { createBatchScheduler } from '../../../../core/delivery/batch-scheduler.ts';
import { createReader } from '../../../../core/delivery/reader.ts';
import type { Subscription } from '../../../../core/journal/journal.ts';
import { never, nobody } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

it('ends at what was accepted by the time of the end, though more keeps coming, and though that was before it began', async () => {
  let read = 0;
  const subscription = {
    output: 'o',
    // Never caught up: there is always a newer event, up to a bound that a mistake would run into.
    caughtUp: () => read >= 50,
    identify: () => '',
    read: async () => [{ position: ++read, receivedAt: 0, raw: new Uint8Array(1) }],
  } as unknown as Subscription;
  const submitted: number[] = [];
  const reader = createReader({
    subscription,
    type: 'test',
    destinationOf: () => undefined,
    newest: () => 3,
    scheduler: createBatchScheduler({ events: 2 }),
    decode: () => {
      throw new Error('nobody looks');
    },
    submit: async ({ positions }) => void submitted.push(...positions),
    writeDeadLetters: async (setAside) => setAside,
    clock: createFakeClock(),
    observer: nobody,
    health: { raise() {}, clear() {}, reset() {}, health: () => ({ state: 'ok', since: 0 }) },
  });
  await reader.run(never, AbortSignal.abort());
  await reader.flush();
  expect([read, submitted]).toEqual([3, [1, 2, 3]]);
});
