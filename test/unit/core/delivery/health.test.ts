import { describe, expect, it } from 'vitest';
import { createHealthBoard } from '../../../../core/delivery/health.ts';
import type { HealthState, OutputObserver } from '../../../../core/telemetry/observer.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

describe('the health of an output', () => {
  it('is its worst complaint, since the state began', async () => {
    const clock = createFakeClock();
    const states: HealthState[] = [];
    const observer = { health: (state: HealthState) => states.push(state) } as unknown as OutputObserver;
    const { raise, clear, reset, health } = createHealthBoard(clock, observer);
    const start = clock.now();
    expect(health()).toEqual({ state: 'ok', since: start });
    raise('batch 1', 'retrying', 'busy');
    await clock.advance(1000);
    raise('breaker', 'open', 'down');
    raise('batch 2', 'retrying', 'busier');
    await clock.advance(1000);
    expect(health()).toEqual({ state: 'open', reason: 'down', since: start + 1000 });
    raise('breaker', 'open', 'still down');
    expect(health()).toEqual({ state: 'open', reason: 'still down', since: start + 1000 });
    clear('breaker');
    clear('batch 1');
    expect(health()).toEqual({ state: 'retrying', reason: 'busier', since: start + 2000 });
    reset();
    expect(health()).toEqual({ state: 'ok', since: start + 2000 });
    expect(states).toEqual(['retrying', 'open', 'retrying', 'ok']);
  });
});
