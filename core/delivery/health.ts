import type { Clock } from '../sdk/contract/clock.ts';
import type { HealthState, OutputObserver } from '../telemetry/observer.ts';

/** How an output is, why, and since when. */
export interface OutputHealth {
  readonly state: HealthState;
  /** In a person's words; absent when all is well. */
  readonly reason?: string;
  /** When the state began, epoch milliseconds. */
  readonly since: number;
}

/** The complaints that are open at the moment; the worst of them is the health of the output. */
export interface HealthBoard {
  /** @param source who complains; its newer complaint takes the place of the older. */
  raise(source: string, state: Exclude<HealthState, 'ok'>, reason: string): void;
  clear(source: string): void;
  /** Clears all complaints. */
  reset(): void;
  health(): OutputHealth;
}

const SEVERITY: Readonly<Record<HealthState, number>> = { ok: 0, retrying: 1, open: 2, stopped: 3 };

export function createHealthBoard(clock: Clock, observer: OutputObserver): HealthBoard {
  const complaints = new Map<string, { readonly state: HealthState; readonly reason: string }>();
  let current: OutputHealth = { state: 'ok', since: clock.now() };

  function update(): void {
    let worst: { readonly state: HealthState; readonly reason?: string } = { state: 'ok' };
    for (const complaint of complaints.values()) {
      if (SEVERITY[complaint.state] > SEVERITY[worst.state]) worst = complaint;
    }
    if (worst.state !== current.state) observer.health(worst.state);
    const since = worst.state === current.state ? current.since : clock.now();
    current = { ...worst, since };
  }

  return {
    raise(source, state, reason) {
      complaints.set(source, { state, reason });
      update();
    },
    clear(source) {
      if (complaints.delete(source)) update();
    },
    reset() {
      complaints.clear();
      update();
    },
    health: () => current,
  };
}
