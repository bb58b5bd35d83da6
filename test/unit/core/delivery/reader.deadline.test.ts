import { describe, expect, it } from 'vitest';
import { createAlarm } from '../../../../core/delivery/alarm.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

describe('createAlarm', () => {
  it('rings at the time, at the latest, and makes no timer where one will do', async () => {
    const clock = createFakeClock();
    const alarm = createAlarm(clock, []);
    const start = clock.now();
    const first = alarm.by(start + 1000);
    for (const later of [1000, 1500, 9000, Number.POSITIVE_INFINITY]) {
      expect(alarm.by(start + later)).toBe(first);
    }
    expect(clock.sleepers()).toBe(1);
    await clock.advance(999);
    expect(first.aborted).toBe(false);
    await clock.advance(1);
    expect(first.aborted).toBe(true);
    const second = alarm.by(start + 9000);
    const sooner = alarm.by(start + 3000);
    expect([second.aborted, sooner.aborted, clock.sleepers()]).toEqual([true, false, 1]);
    await clock.advance(2000);
    expect(sooner.aborted).toBe(true);
    expect(alarm.by(start).aborted).toBe(false);
    await clock.settle();
    await clock.advance(0);
    expect(alarm.by(Number.POSITIVE_INFINITY).aborted).toBe(false);
    alarm.close();
  });

  it('goes by the clock as it was set last, at the next call', async () => {
    const clock = createFakeClock();
    const alarm = createAlarm(clock, []);
    const at = clock.now() + 60_000;
    const first = alarm.by(at);
    clock.jump(50_000);
    const second = alarm.by(at);
    await clock.advance(10_000);
    expect([first.aborted, second.aborted, clock.now() >= at]).toEqual([true, true, true]);
    const third = alarm.by(clock.now() + 1000);
    clock.jump(-50_000);
    expect(alarm.by(clock.now() + 1500)).toBe(third);
    alarm.close();
  });

  it('rings once for each of its signals, and leaves no timer behind', async () => {
    const clock = createFakeClock();
    const [stop, ending] = [new AbortController(), new AbortController()];
    const alarm = createAlarm(clock, [stop.signal, ending.signal]);
    const waits = alarm.by(Number.POSITIVE_INFINITY);
    ending.abort();
    expect(waits.aborted).toBe(true);
    const last = alarm.by(clock.now() + 1000);
    expect(last.aborted).toBe(false);
    stop.abort();
    expect(last.aborted).toBe(true);
    alarm.by(clock.now() + 1000);
    alarm.close();
    await clock.settle();
    expect(clock.sleepers()).toBe(0);
  });
});
