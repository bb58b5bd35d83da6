import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether a sleep has ended. */
function sleeping(milliseconds: number, signal?: AbortSignal) {
  const state = { awake: false };
  void systemClock.sleep(milliseconds, signal).then(() => {
    state.awake = true;
  });
  return state;
}

it('sleeps for the time given', async () => {
  const state = sleeping(1000);
  await vi.advanceTimersByTimeAsync(999);
  expect(state.awake).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(state.awake).toBe(true);
});

it('sleeps up to 2^31-1 ms, which is the longest timer', async () => {
  const state = sleeping(2 ** 40);
  await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
  expect(state.awake).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(state.awake).toBe(true);
});

it('wakes when the signal aborts, and leaves no timer and no listener', async () => {
  const stop = new AbortController();
  const state = sleeping(1000, stop.signal);
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
  stop.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect([state.awake, vi.getTimerCount()]).toEqual([true, 0]);
  const other = new AbortController();
  const slept = sleeping(5, other.signal);
  await vi.advanceTimersByTimeAsync(5);
  expect([slept.awake, getEventListeners(other.signal, 'abort').length]).toEqual([true, 0]);
});

it('does not sleep when the signal has aborted', async () => {
  const state = sleeping(1000, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(state.awake).toBe(true);
});

it('reads the wall clock and one that starts near zero', () => {
  vi.setSystemTime(1_800_000_000_000);
  expect(systemClock.now()).toBe(1_800_000_000_000);
  expect(systemClock.monotonic()).toBeLessThan(1_000_000_000_000);
});
