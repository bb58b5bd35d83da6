import type { Clock } from '../sdk/contract/clock.ts';
import { retry } from '../sdk/contract/verdicts.ts';
import { verdictOn } from '../sdk/deliver/check-verdict.ts';
import { reasonOf } from '../sdk/deliver/try-send.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import type { Deliver } from './batch-slice.ts';

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
