import type { Clock } from '../batching/clock.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { retry } from './delivery.ts';
import type { Deliver } from './part.ts';
import { reasonOf } from './reason.ts';
import { verdictOn } from './verdict.ts';

/** The innermost step: asks the output, and makes sure that what comes back can be trusted. A throw is a retry. */
export function withVerdict(deliver: Deliver): Deliver {
  return async (part, signal) => {
    try {
      return verdictOn(await deliver(part, signal), part.count);
    } catch (error) {
      return retry(reasonOf(error));
    }
  };
}

/** Reports every attempt with its duration. */
export function withObserver(deliver: Deliver, observer: OutputObserver, clock: Clock): Deliver {
  return async (part, signal) => {
    const start = clock.monotonic();
    const result = await deliver(part, signal);
    observer.attempt(result.status, (clock.monotonic() - start) / 1000);
    return result;
  };
}
