import { inspect } from 'node:util';
import type { Clock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import { reasonOf } from '../sdk/http/transport/failure.ts';
import type { OutputObserver } from '../telemetry/observer.ts';

/** The rejections that the code of one output left unhandled. */
export interface Faults {
  /** Counts and logs it, and opens the circuit breaker. Never throws. */
  report(thrown: unknown): void;
  /** Calls the listener for each fault until the signal aborts, and at once when one came while there was no listener. */
  subscribe(listener: (reason: string) => void, until: AbortSignal): void;
}

export interface FaultsDeps {
  readonly observer: Pick<OutputObserver, 'unhandledRejection'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Logger, 'error'>;
}

/** At most one line in this time: a timer of the output may reject a thousand times a second. Milliseconds. */
const LOG_INTERVAL = 10_000;
const LONGEST_REASON = 500;

export function createFaults({ observer, clock, log }: FaultsDeps): Faults {
  const listeners = new Set<(reason: string) => void>();
  let missed: string | undefined;
  let loggedAt = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return {
    report(thrown) {
      observer.unhandledRejection();
      const { reason, stack } = describe(thrown);
      unlogged++;
      if (clock.monotonic() - loggedAt >= LOG_INTERVAL) {
        log.error(
          { reason, ...(stack !== undefined && { stack }), rejections: unlogged },
          'unhandled promise rejection in the code of the output; its circuit breaker opens',
        );
        loggedAt = clock.monotonic();
        unlogged = 0;
      }
      const fault = `unhandled promise rejection in the code of the output: ${reason}`;
      if (listeners.size === 0) missed = fault;
      for (const listener of listeners) listener(fault);
    },
    subscribe(listener, until) {
      if (until.aborted) return;
      listeners.add(listener);
      until.addEventListener('abort', () => listeners.delete(listener), { once: true });
      const fault = missed;
      missed = undefined;
      if (fault !== undefined) listener(fault);
    },
  };
}

function describe(thrown: unknown): { readonly reason: string; readonly stack?: string | undefined } {
  try {
    if (thrown instanceof Error) return { reason: reasonOf(thrown), stack: thrown.stack };
    // An object may hold anything, credentials too, so only its type is shown.
    const text = typeof thrown === 'string' ? thrown : inspect(thrown, { depth: -1, customInspect: false });
    return { reason: text.slice(0, LONGEST_REASON) };
  } catch {
    return { reason: 'it cannot be shown' };
  }
}
