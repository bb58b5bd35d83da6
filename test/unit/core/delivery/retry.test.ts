import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlowClock, withRetry } from '../../../../core/delivery/retry.ts';
import { StoppingError } from '../../../../core/delivery/stopping.ts';
import { delivered, rejected, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never, recordsOf, scripted, sliceOf } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const POLICY = { initial: 1000, max: 60_000, maxAge: 3_600_000 };

describe('retry', () => {
  it('doubles up to the longest wait, with full jitter and without limit of attempts', async () => {
    const clock = createFakeClock();
    const times: number[] = [];
    const settle = withRetry(
      async () => {
        times.push(clock.monotonic());
        return times.length === 10 ? delivered() : retry('busy');
      },
      POLICY,
      { clock, slowNow: createSlowClock(clock), random: () => 0.5, stopping: never },
    );
    const settled = settle(sliceOf(1), never);
    await clock.advance(600_000);
    expect(times.map((time, i) => (i === 0 ? 0 : time - times[i - 1]!))).toEqual([
      0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(await settled).toMatchObject({
      attempts: 10,
      setAside: [],
      lastAttempt: clock.now() - 600_000 + times[9]!,
    });
  });

  it('tries only what is left, under an id of its own, and keeps count of the batch', async () => {
    const clock = createFakeClock();
    const { deliver, slices } = scripted(
      retry('busy', { failed: [1, 3, 4], rejected: [{ index: 2, reason: 'too long' }] }),
      retry('busy', { failed: [0, 2], rejected: [{ index: 1, reason: 'bad' }] }),
      delivered({ bytes: 99, rejected: [{ index: 1, reason: 'worse' }] }),
    );
    const settled = withRetry(deliver, POLICY, {
      clock,
      slowNow: createSlowClock(clock),
      random: () => 1,
      stopping: never,
    })(sliceOf(5), never);
    await clock.advance(10_000);
    expect(slices.map(recordsOf)).toEqual([
      ['r0', 'r1', 'r2', 'r3', 'r4'],
      ['r1', 'r3', 'r4'],
      ['r1', 'r4'],
    ]);
    expect(slices.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(slices.map(({ id }) => id)).size).toBe(3);
    const { setAside, bytes } = await settled;
    expect(setAside).toEqual([
      { position: 3, cause: 'rejected', reason: 'too long' },
      { position: 4, cause: 'rejected', reason: 'bad' },
      { position: 5, cause: 'rejected', reason: 'worse' },
    ]);
    expect(bytes).toBeUndefined();
  });

  it('keeps the id when all of it is tried again', async () => {
    const clock = createFakeClock();
    const { deliver, slices } = scripted(retry('busy', { failed: [0, 1] }), delivered({ bytes: 7 }));
    const settled = withRetry(deliver, POLICY, {
      clock,
      slowNow: createSlowClock(clock),
      random: () => 1,
      stopping: never,
    })(sliceOf(2), never);
    await clock.advance(1000);
    expect(slices.map(({ id }) => id)).toEqual(['batch', 'batch']);
    expect(await settled).toMatchObject({ bytes: 7 });
  });

  describe('with a batch that keeps failing', () => {
    const HOUR = 3_600_000;
    const MINUTE = 60_000;
    const YEARS = 10 * 365 * 24 * HOUR;

    /** A destination that is down, tried every minute; `expired` is when the batch was set aside, by the fake clock. */
    function setUp(maxAge = HOUR) {
      const clock = createFakeClock();
      const policy = { initial: MINUTE, max: MINUTE, maxAge };
      const deps = { clock, slowNow: createSlowClock(clock), random: () => 1, stopping: never };
      const settle = withRetry(async () => retry('down'), policy, deps);
      const state: { expired?: number; reasons?: unknown } = {};
      const begin = (closedAt = clock.now()) =>
        settle(sliceOf(1, { closedAt }), never).then(({ setAside }) => {
          state.expired = clock.monotonic();
          state.reasons = setAside;
        });
      return { clock, state, begin };
    }

    it('sets it aside after the time, counted from its closing', async () => {
      const { clock, state, begin } = setUp();
      begin(clock.now() - 30 * MINUTE);
      await clock.advance(2 * HOUR);
      expect(state).toEqual({
        expired: 30 * MINUTE,
        reasons: [{ position: 1, cause: 'expired', reason: 'still failing after 3600000 ms: down' }],
      });
    });

    it.each([
      [HOUR, 15 * MINUTE],
      [2 * MINUTE, 2 * MINUTE],
    ])('tries it for a while in this process, however old it is: max_age %i', async (maxAge, tried) => {
      const { clock, state, begin } = setUp(maxAge);
      begin(clock.now() - 30 * 24 * HOUR);
      await clock.advance(2 * HOUR);
      expect(state.expired).toBe(tried);
    });

    it('does not count what a clock says that was ahead at the start and was set right', async () => {
      const { clock, state, begin } = setUp();
      const closedAt = clock.now() - 10 * MINUTE;
      clock.jump(YEARS);
      begin(closedAt);
      await clock.advance(10 * MINUTE);
      clock.jump(-YEARS);
      await clock.advance(2 * HOUR);
      expect(state.expired).toBe(50 * MINUTE);
    });

    it.each([
      ['forward', YEARS],
      ['back', -YEARS],
    ])('does not expire it because the time was set %s meanwhile', async (_, step) => {
      const { clock, state, begin } = setUp();
      begin();
      await clock.advance(MINUTE / 2);
      clock.jump(step);
      await clock.advance(2 * HOUR);
      expect(state.expired).toBe(HOUR);
    });

    it('does not expire it because the time was set between its closing and its first attempt', async () => {
      const { clock, state, begin } = setUp();
      await clock.advance(MINUTE);
      const closedAt = clock.now();
      clock.jump(60 * 24 * HOUR);
      begin(closedAt);
      await clock.advance(2 * HOUR);
      expect(state.expired).toBe(MINUTE + HOUR);
    });

    it('takes a closing before 2020 as unknown: the machine had no clock yet', async () => {
      const { clock, state, begin } = setUp();
      begin(90_000);
      await clock.advance(2 * HOUR);
      expect(state.expired).toBe(HOUR);
    });

    it('expires it in time whatever the clock does, and never early where the clock was right once', async () => {
      const step = fc.integer({ min: -YEARS, max: YEARS });
      const script = fc.record({
        maxAge: fc.integer({ min: MINUTE, max: 48 * HOUR }),
        // How old it truly is when this process starts, and how wrong the clock was that closed it.
        age: fc.integer({ min: 0, max: 96 * HOUR }),
        closedWrong: fc.oneof(fc.constant(0), step),
        steps: fc.array(fc.tuple(fc.integer({ min: 0, max: 24 * HOUR }), step), { maxLength: 5 }),
        wrongAtStart: fc.oneof(fc.constant(0), step),
      });
      await fc.assert(
        fc.asyncProperty(script, async ({ maxAge, age, closedWrong, steps, wrongAtStart }) => {
          const { clock, state, begin } = setUp(maxAge);
          const closedAt = clock.now() - age + closedWrong;
          let wrong = wrongAtStart;
          clock.jump(wrongAtStart);
          begin(closedAt);
          /** The least that the clock was ahead at an attempt that failed. */
          let leastWrong = wrong;
          for (const [wait, jump] of steps) {
            await clock.advance(wait);
            if (state.expired !== undefined) break;
            wrong += jump;
            clock.jump(jump);
            // The next attempt reads it.
            await clock.advance(MINUTE);
            if (state.expired === undefined) leastWrong = Math.min(leastWrong, wrong);
          }
          await clock.advance(maxAge + MINUTE);
          expect(state.expired).toBeLessThan(maxAge + MINUTE);
          expect(state.expired).toBeGreaterThanOrEqual(Math.min(maxAge, 15 * MINUTE));
          if (leastWrong <= closedWrong) expect(age + state.expired!).toBeGreaterThanOrEqual(maxAge);
        }),
        { numRuns: 60 },
      );
    });
  });

  it('takes a single record that is refused as such', async () => {
    const clock = createFakeClock();
    const settle = withRetry(scripted(rejected('bad')).deliver, POLICY, {
      clock,
      slowNow: createSlowClock(clock),
      random: () => 1,
      stopping: never,
    });
    expect((await settle(sliceOf(1), never)).setAside).toEqual([
      { position: 1, cause: 'rejected', reason: 'bad' },
    ]);
  });

  it('gives the batch back when the output is stopped in a backoff', async () => {
    const clock = createFakeClock();
    const stopping = new AbortController();
    const deps = { clock, slowNow: createSlowClock(clock), random: () => 1, stopping: stopping.signal };
    const settled = withRetry(scripted(retry('busy')).deliver, POLICY, deps)(sliceOf(1), never);
    await clock.settle();
    stopping.abort();
    await expect(settled).rejects.toThrow(StoppingError);
    expect(clock.sleepers()).toBe(0);
  });
});
