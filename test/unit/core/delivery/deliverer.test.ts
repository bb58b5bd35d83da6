import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Content, SetAside } from '../../../../core/delivery/content.ts';
import { createDeliverer, type DelivererDeps } from '../../../../core/delivery/deliverer.ts';
import { createHealthBoard } from '../../../../core/delivery/health.ts';
import { StoppingError } from '../../../../core/delivery/stopping.ts';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import type { Manifest, Subscription } from '../../../../core/journal/journal.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import { never, nobody } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { silent } from '../journal/fixtures.ts';

const manifestOf = (id: string, ...positions: number[]): Manifest => ({
  id,
  partition: '',
  positions: PositionSet.of(...positions),
  bytes: 3,
  openedAt: 0,
  closedAt: 0,
});

function setUp(deps: Partial<DelivererDeps> & Pick<DelivererDeps, 'chain'>) {
  const clock = createFakeClock();
  return createDeliverer({
    subscription: subscriptionThat({}),
    load: async ({ manifest }) => streamOf(manifest.positions.count, () => []),
    writeDeadLetters: async (setAside) => setAside,
    confirms: true,
    ordered: false,
    places: 1,
    clock,
    observer: nobody,
    health: createHealthBoard(clock, nobody),
    log: silent,
    stopping: never,
    deadline: never,
    learn() {},
    onMoved() {},
    ...deps,
  });
}

const subscriptionThat = (does: Partial<Subscription>) =>
  ({ seal: async () => {}, acknowledge() {}, ...does }) as Partial<Subscription> as Subscription;

const streamOf = (count: number, setAside: () => readonly SetAside[]): Content => ({
  stream: true,
  decode: createDecoder(noDecodeOptions),
  count,
  positionOf: (index) => index + 1,
  positions: () => PositionSet.fromRuns([[1, count]]),
  setAside,
  async *blocks() {},
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate();
}

const resultWith = (...setAside: SetAside[]) => ({
  setAside,
  attempts: 1,
  firstAttempt: 0,
  lastAttempt: 0,
});

it('sets an event aside once that was refused, and then found damaged when it was read again', async () => {
  const corrupt: SetAside[] = [];
  const written: SetAside[] = [];
  const told = { delivered: 0, rejected: 0, lost: 0 };
  const deliverer = setUp({
    load: async () => streamOf(3, () => [...corrupt]),
    async chain() {
      const damaged = (position: number) => ({ position, cause: 'lost' as const, reason: 'gone' });
      corrupt.push(damaged(2), damaged(3));
      return resultWith({ position: 2, cause: 'rejected', reason: 'no' });
    },
    writeDeadLetters: async (setAside) => {
      written.push(...setAside);
      return setAside;
    },
    observer: {
      ...nobody,
      delivered: (events) => {
        told.delivered += events;
      },
      deadLettered: (events, cause) => {
        told[cause as 'rejected'] += events;
      },
      lost: (events) => {
        told.lost += events;
      },
    },
  });
  await deliverer.submit({ manifest: manifestOf('b', 1, 2, 3) });
  await deliverer.idle();
  expect(told).toEqual({ delivered: 1, rejected: 1, lost: 1 });
  // The refused one is written by the chain.
  expect(written.map(({ position }) => position)).toEqual([3]);
});

it('is not idle before a batch that waits for its turn is sealed or not: the next to open the cursor must find it', async () => {
  const stopping = new AbortController();
  const sealed: string[] = [];
  let finishSealing = () => {};
  const deliverer = setUp({
    confirms: true,
    ordered: true,
    stopping: stopping.signal,
    subscription: subscriptionThat({
      async seal({ id }) {
        if (id === 'second')
          await new Promise<void>((resolve) => {
            finishSealing = resolve;
          });
        sealed.push(id);
      },
    }),
    chain: () =>
      new Promise((_, reject) => {
        stopping.signal.addEventListener('abort', () => reject(new StoppingError()));
      }),
  });
  await deliverer.submit({ manifest: manifestOf('first', 1) });
  await deliverer.submit({ manifest: manifestOf('second', 2) });
  await turns();
  stopping.abort();
  let idle = false;
  const done = deliverer.idle().then(() => {
    idle = true;
  });
  await turns();
  expect([idle, sealed]).toEqual([false, ['first']]);
  finishSealing();
  await done;
  expect(sealed).toEqual(['first', 'second']);
});
