import type { Clock } from '../sdk/contract/clock.ts';
import type { HealthState, OutputObserver } from '../telemetry/observer.ts';

/** The state of an output, its reason and its start. */
export interface OutputHealth {
  readonly state: HealthState;
  /** For people to read; absent when the state is `ok`. */
  readonly reason?: string;
  /** When the state began, epoch milliseconds. */
  readonly since: number;
}

/** The open complaints of an output; the most severe one is its health. */
export interface HealthBoard {
  /** @param source has one complaint at a time: a newer one replaces the older. */
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
