import { describe, expect, it } from 'vitest';
import { withBreaker } from '../../../../core/delivery/breaker.ts';
import { type Delivery, delivered, rejected, retry } from '../../../../core/delivery/delivery.ts';
import { StoppingError } from '../../../../core/delivery/stopping.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { never, partOf } from '../../../support/parts.ts';

const POLICY = { failures: 5, initial: 5000, max: 60_000 };

function setUp() {
  const clock = createFakeClock();
  const stopping = new AbortController();
  const log: string[] = [];
  const state = { answer: retry('down') as Delivery, calls: 0 };
  const deliver = withBreaker(
    async () => {
      state.calls++;
      await clock.sleep(10);
      return state.answer;
    },
    POLICY,
    {
      clock,
      random: () => 1,
      stopping: stopping.signal,
      onOpen: (reason) => log.push(`open: ${reason}`),
      onClose: () => log.push('closed'),
    },
  );
  const tryOnce = () => deliver(partOf(1), never);
  return { clock, stopping, log, state, tryOnce };
}

async function fail(times: number, { clock, tryOnce }: ReturnType<typeof setUp>) {
  for (let i = 0; i < times; i++) {
    const tried = tryOnce();
    await clock.advance(10);
    await tried;
  }
}

describe('the breaker', () => {
  it('opens after five failures in a row and lets one batch try from time to time', async () => {
    const it = setUp();
    const { clock, state, log, tryOnce } = it;
    await fail(5, it);
    expect(log).toEqual(['open: down']);
    const waiting = [tryOnce(), tryOnce(), tryOnce()];
    await clock.advance(4989);
    expect(state.calls).toBe(5);
    await clock.advance(20);
    expect(state.calls).toBe(6);
    await clock.advance(9000);
    expect(state.calls).toBe(6);
    state.answer = delivered();
    await clock.advance(1100);
    expect(log).toEqual(['open: down', 'closed']);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([
      'retry',
      'delivered',
      'delivered',
    ]);
  });

  it('forgets failures at a success, and a refusal of the content is one', async () => {
    const it = setUp();
    for (const answer of [delivered(), rejected('bad content'), retry('some failed', { failed: [] })]) {
      it.state.answer = retry('down');
      await fail(4, it);
      it.state.answer = answer;
      await fail(1, it);
    }
    expect(it.log).toEqual([]);
  });

  it('opens at once when the credentials are refused', async () => {
    const it = setUp();
    it.state.answer = retry('403', { denied: true });
    await fail(1, it);
    expect(it.log).toEqual(['open: 403']);
  });

  it('waits twice as long after each probe that fails, at most the longest', async () => {
    const it = setUp();
    const { clock, state, tryOnce } = it;
    await fail(5, it);
    const gaps: number[] = [];
    for (let i = 0; i < 6; i++) {
      const before = clock.monotonic();
      const calls = state.calls;
      const probe = tryOnce();
      await clock.advanceUntil(() => state.calls > calls);
      gaps.push(clock.monotonic() - before);
      await clock.advance(10);
      await probe;
    }
    expect(gaps).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('gives back those who wait when the output is stopped', async () => {
    const it = setUp();
    await fail(5, it);
    const waiting = it.tryOnce();
    await it.clock.settle();
    it.stopping.abort();
    await expect(waiting).rejects.toThrow(StoppingError);
    expect(it.clock.sleepers()).toBe(0);
  });
});
