import type { Clock } from '../batching/clock.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { type Delivery, delivered, type Failure, retry } from './delivery.ts';
import type { Deliver, Part } from './part.ts';

/**
 * The innermost step: asks the output, and makes sure that what comes back can be trusted. A throw is a retry, and so is
 * an answer that makes no sense (an index that is not in the batch): believing it could lose an event.
 */
export function withVerdict(deliver: Deliver): Deliver {
  return async (part, signal) => {
    try {
      return checked(await deliver(part, signal), part);
    } catch (error) {
      return retry(error instanceof Error ? error.message : String(error));
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

function checked(result: Delivery, part: Part): Delivery {
  const answer: Partial<Delivery> | undefined = result ?? undefined;
  switch (answer?.status) {
    case 'rejected':
      return result;
    case 'delivered': {
      const { bytes, rejected } = result as Extract<Delivery, { status: 'delivered' }>;
      const failures = inPart(rejected ?? [], part);
      if (failures === undefined) return nonsense('a rejected index is not in the batch');
      return delivered({ ...(bytes === undefined ? {} : { bytes }), rejected: failures });
    }
    case 'retry': {
      const said = result as Extract<Delivery, { status: 'retry' }>;
      const failed = said.failed && [...new Set(said.failed)].sort((a, b) => a - b);
      if (failed?.some((index) => !isIndex(index, part)))
        return nonsense('a failed index is not in the batch');
      const rejected = inPart(said.rejected ?? [], part);
      if (rejected === undefined) return nonsense('a rejected index is not in the batch');
      // In both lists: tried again, because that loses nothing. Without a list of failed ones the rejected are out.
      const again = failed ?? without(part, rejected);
      const retried = new Set(again);
      const forGood = rejected.filter(({ index }) => !retried.has(index));
      if (again.length === 0) return delivered({ rejected: forGood });
      return { ...said, failed: again, rejected: forGood };
    }
    default:
      return nonsense('it is no delivery');
  }
}

function nonsense(why: string): Delivery {
  return retry(`the output's answer makes no sense: ${why}`);
}

function isIndex(index: unknown, part: Part): boolean {
  return Number.isInteger(index) && (index as number) >= 0 && (index as number) < part.count;
}

/** One failure an index, ascending; undefined when one is not in the part. */
function inPart(failures: readonly Failure[], part: Part): Failure[] | undefined {
  const byIndex = new Map(failures.map(({ index, reason }) => [index, { index, reason: String(reason) }]));
  const unique = [...byIndex.values()].sort((a, b) => a.index - b.index);
  return unique.every(({ index }) => isIndex(index, part)) ? unique : undefined;
}

function without(part: Part, failures: readonly Failure[]): number[] {
  const out = new Set(failures.map(({ index }) => index));
  const rest: number[] = [];
  for (let index = 0; index < part.count; index++) if (!out.has(index)) rest.push(index);
  return rest;
}
