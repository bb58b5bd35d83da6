import { describe, expect, it } from 'vitest';
import { withBreaker } from '../../../../core/delivery/breaker.ts';
import { createFaults } from '../../../../core/delivery/faults.ts';
import { StoppingError } from '../../../../core/delivery/stopping.ts';
import { type Delivery, delivered, rejected, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never, nobody, sliceOf } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const silentFaults = () => createFaults({ observer: nobody, clock: createFakeClock(), log: { error() {} } });

const POLICY = { failures: 5, initial: 5000, max: 60_000 };

function setUp() {
  const faults = silentFaults();
  const clock = createFakeClock();
  const stopping = new AbortController();
  const log: string[] = [];
  const times: number[] = [];
  const state = { answer: retry('down') as Delivery | Error, calls: 0 };
  const deliver = withBreaker(
    async () => {
      state.calls++;
      await clock.sleep(10);
      if (state.answer instanceof Error) throw state.answer;
      return state.answer;
    },
    POLICY,
    {
      clock,
      random: () => 1,
      stopping: stopping.signal,
      faults,
      onOpen: (reason, probeIn) => {
        log.push(`open: ${reason}`);
        times.push(probeIn);
      },
      onClose: (openFor) => {
        log.push('closed');
        times.push(openFor);
      },
    },
  );
  const tryOnce = () => deliver(sliceOf(1), never);
  return { clock, stopping, log, times, state, tryOnce, faults };
}

async function fail(times: number, { clock, tryOnce }: ReturnType<typeof setUp>) {
  for (let i = 0; i < times; i++) {
    const tried = tryOnce();
    await clock.advance(10);
    await tried;
  }
}

const A_REJECTION = 'unhandled promise rejection in the code of the output: a rejection';

describe('the breaker', () => {
  it('says when it probes, and how long it was open over all probes', async () => {
    const it = setUp();
    const { clock, state, times, tryOnce } = it;
    await fail(5, it);
    expect(times).toEqual([5000]);
    await clock.advance(5000);
    await fail(1, it);
    state.answer = delivered();
    const probe = tryOnce();
    await clock.advance(10_010);
    await probe;
    expect(times).toEqual([5000, 5000 + 10 + 10_000 + 10]);
  });

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

  it.each([
    ['the output is being stopped', new StoppingError(), 0],
    ['something fails in the chain', new Error('a bug'), 5000],
  ])('does not hang when the probe throws because %s', async (_, error, wait) => {
    const it = setUp();
    const { clock, state, log, tryOnce } = it;
    await fail(5, it);
    const thrown = tryOnce().catch(({ message }) => message);
    const next = tryOnce();
    state.answer = error;
    await clock.advance(5000);
    expect(state.calls).toBe(6);
    await clock.advance(10);
    expect(await thrown).toBe(error.message);
    state.answer = delivered();
    const from = clock.monotonic();
    await clock.advanceUntil(() => state.calls > 6);
    // After a bug it waits twice as long as before; a stop says nothing of the destination.
    expect(clock.monotonic() - from).toBe(wait * 2);
    await clock.advance(10);
    expect((await next).status).toBe('delivered');
    expect(log.at(-1)).toBe('closed');
  });

  it('counts a throw as a failure', async () => {
    const it = setUp();
    it.state.answer = new Error('a bug');
    for (let i = 0; i < 5; i++) {
      const tried = it.tryOnce().catch(() => {});
      await it.clock.advance(10);
      await tried;
    }
    expect(it.log).toEqual(['open: a bug']);
  });

  describe('at a fault of the output', () => {
    it('opens at once, and probes again', async () => {
      const it = setUp();
      it.state.answer = delivered();
      await fail(1, it);
      it.faults.report('a rejection');
      expect(it.log).toEqual([`open: ${A_REJECTION}`]);
      const waiting = it.tryOnce();
      await it.clock.advance(4999);
      expect(it.state.calls).toBe(1);
      await it.clock.advance(11);
      expect((await waiting).status).toBe('delivered');
      expect(it.log).toEqual([`open: ${A_REJECTION}`, 'closed']);
    });

    it('is not closed by attempts that began before it', async () => {
      const it = setUp();
      it.state.answer = delivered();
      const before = it.tryOnce();
      await it.clock.advance(5);
      it.faults.report('a rejection');
      await it.clock.advance(5);
      await before;
      expect(it.log).toEqual([`open: ${A_REJECTION}`]);
      const waiting = it.tryOnce();
      await it.clock.advance(4000);
      expect(it.state.calls).toBe(1);
      await it.clock.advance(2000);
      await waiting;
    });

    it('fails the probe under way, and waits longer', async () => {
      const it = setUp();
      const { clock, state, faults, tryOnce } = it;
      await fail(5, it);
      const probe = tryOnce();
      await clock.advance(5005);
      state.answer = delivered();
      faults.report('a rejection');
      await clock.advance(5);
      await probe;
      const next = tryOnce();
      const from = clock.monotonic();
      await clock.advanceUntil(() => state.calls === 7);
      expect(clock.monotonic() - from).toBe(9995);
      await clock.advance(10);
      expect((await next).status).toBe('delivered');
      expect(it.log).toEqual(['open: down', 'closed']);
    });

    it('does not prolong the time while it is open', async () => {
      const it = setUp();
      await fail(5, it);
      await it.clock.advance(4000);
      it.faults.report('a rejection');
      const probe = it.tryOnce();
      await it.clock.advance(1010);
      await probe;
      expect(it.state.calls).toBe(6);
    });

    it('begins open when the fault came before it, and hears of none after the stop', async () => {
      const clock = createFakeClock();
      const stopping = new AbortController();
      const faults = silentFaults();
      faults.report('a rejection while it started');
      const log: string[] = [];
      const deps = { clock, random: () => 1, stopping: stopping.signal, faults };
      withBreaker(async () => delivered(), POLICY, { ...deps, onOpen: (reason) => log.push(reason) });
      expect(log).toEqual([expect.stringContaining('a rejection while it started')]);
      stopping.abort();
      faults.report('a rejection after the stop');
      expect(log).toHaveLength(1);
      withBreaker(async () => delivered(), POLICY, {
        ...deps,
        stopping: never,
        onOpen: (reason) => log.push(reason),
      });
      expect(log.slice(1)).toEqual([expect.stringContaining('a rejection after the stop')]);
    });
  });

  it('stays open for its whole time, though the opening before ended early', async () => {
    const it = setUp();
    const { clock, state, tryOnce } = it;
    await fail(4, it);
    const fifth = tryOnce();
    await clock.advance(5);
    const slow = tryOnce();
    await clock.advance(5);
    await fifth;
    state.answer = delivered();
    await clock.advance(5);
    await slow;
    expect(it.log).toEqual(['open: down', 'closed']);
    state.answer = retry('down');
    await fail(5, it);
    const from = clock.monotonic();
    const { calls } = state;
    const probe = tryOnce();
    await clock.advanceUntil(() => state.calls > calls);
    expect(clock.monotonic() - from).toBe(5000);
    await clock.advance(10);
    await probe;
  });

  it('says that it opens when a probe fails after another attempt has closed it', async () => {
    const it = setUp();
    const { clock, state, tryOnce } = it;
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { sleep } = clock;
    clock.sleep = (ms, signal) => (state.calls === 1 && ms === 10 ? slow : sleep(ms, signal));
    const old = tryOnce();
    await clock.settle();
    await fail(5, it);
    const probe = tryOnce();
    await clock.advance(5000);
    state.answer = delivered();
    release();
    await old;
    state.answer = retry('401', { denied: true });
    await clock.advance(10);
    await probe;
    expect(it.log).toEqual(['open: down', 'closed', 'open: 401']);
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
