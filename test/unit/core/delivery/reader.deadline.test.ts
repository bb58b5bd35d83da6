import { describe, expect, it } from 'vitest';
import { createReadDeadline } from '../../../../core/delivery/reader.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

describe('createReadDeadline', () => {
  it('aborts at the time, at the latest, and makes no timer where one will do', async () => {
    const clock = createFakeClock();
    const deadline = createReadDeadline(clock);
    const start = clock.now();
    const first = deadline.signalFor(start + 1000);
    for (const later of [1000, 1500, 9000, Number.POSITIVE_INFINITY]) {
      expect(deadline.signalFor(start + later)).toBe(first);
    }
    expect(clock.sleepers()).toBe(1);
    await clock.advance(999);
    expect(first.aborted).toBe(false);
    await clock.advance(1);
    expect(first.aborted).toBe(true);
    const second = deadline.signalFor(start + 9000);
    const sooner = deadline.signalFor(start + 3000);
    expect([second.aborted, sooner.aborted, clock.sleepers()]).toEqual([true, false, 1]);
    await clock.advance(2000);
    expect(sooner.aborted).toBe(true);
    expect(deadline.signalFor(start).aborted).toBe(false);
    await clock.settle();
    await clock.advance(0);
    expect(deadline.signalFor(Number.POSITIVE_INFINITY).aborted).toBe(false);
    deadline.abort();
  });

  it('goes by the clock as it was set last, at the next call', async () => {
    const clock = createFakeClock();
    const deadline = createReadDeadline(clock);
    const at = clock.now() + 60_000;
    const first = deadline.signalFor(at);
    clock.jump(50_000);
    const second = deadline.signalFor(at);
    await clock.advance(10_000);
    expect([first.aborted, second.aborted, clock.now() >= at]).toEqual([true, true, true]);
    const third = deadline.signalFor(clock.now() + 1000);
    clock.jump(-50_000);
    expect(deadline.signalFor(clock.now() + 1500)).toBe(third);
    deadline.abort();
  });

  it('ends the present wait only, and leaves no timer behind', async () => {
    const clock = createFakeClock();
    const deadline = createReadDeadline(clock);
    const first = deadline.signalFor(Number.POSITIVE_INFINITY);
    deadline.abort();
    expect(first.aborted).toBe(true);
    const second = deadline.signalFor(clock.now() + 1000);
    expect(second.aborted).toBe(false);
    deadline.abort();
    expect(second.aborted).toBe(true);
    deadline.signalFor(clock.now() + 1000);
    deadline.abort();
    await clock.settle();
    expect(clock.sleepers()).toBe(0);
  });
});
