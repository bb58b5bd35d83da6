import { describe, expect, it } from 'vitest';
import { withTimeout, withVerdict } from '../../../../core/delivery/chain.ts';
import { StoppingError } from '../../../../core/delivery/stopping.ts';
import { delivered, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never, sliceOf } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

describe('the timeout', () => {
  it('leaves a quick answer alone and leaves nothing behind', async () => {
    const clock = createFakeClock();
    const deliver = withTimeout(async () => delivered(), 30_000, clock);
    expect(await deliver(sliceOf(1), never)).toEqual(delivered());
    expect(clock.sleepers()).toBe(0);
  });

  it('aborts an attempt that takes too long and takes its answer when it comes within a second', async () => {
    const clock = createFakeClock();
    const deliver = withTimeout(
      withVerdict(async (_, signal) => {
        await clock.sleep(1e9, signal);
        await clock.sleep(900);
        throw signal.reason;
      }),
      30_000,
      clock,
    );
    const result = deliver(sliceOf(1), never);
    await clock.advance(30_900);
    expect(await result).toEqual(retry('no answer within 30000 ms'));
  });

  it('does not wait for an output that ignores the abort, nor listen to it later', async () => {
    const clock = createFakeClock();
    let late = false;
    const deliver = withTimeout(
      async () => {
        await clock.sleep(60_000);
        late = true;
        throw new Error('too late to matter');
      },
      30_000,
      clock,
    );
    const result = deliver(sliceOf(1), never);
    await clock.advance(31_000);
    expect(await result).toMatchObject({ status: 'retry', reason: expect.stringContaining('did not stop') });
    await clock.advance(60_000);
    expect(late).toBe(true);
  });

  it('gives the batch back when the stop aborts the attempt', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const hung = withTimeout(() => new Promise(() => {}), 30_000, clock)(sliceOf(1), stop.signal);
    const polite = withTimeout(
      withVerdict(async (_, signal) => {
        await clock.sleep(1e9, signal);
        throw signal.reason;
      }),
      30_000,
      clock,
    )(sliceOf(1), stop.signal);
    const outcomes = Promise.allSettled([hung, polite]);
    await clock.settle();
    stop.abort();
    await clock.advance(1000);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoppingError) });
    }
  });

  it('counts an answer that made it in spite of the stop', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const result = withTimeout(
      async () => {
        await clock.sleep(500);
        return delivered();
      },
      30_000,
      clock,
    )(sliceOf(1), stop.signal);
    await clock.settle();
    stop.abort();
    await clock.advance(500);
    expect(await result).toEqual(delivered());
  });
});
