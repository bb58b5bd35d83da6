import type { Clock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Output, StreamOutput } from '../sdk/contract/output.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { withObserver, withVerdict } from './attempt.ts';
import type { Deliver } from './batch-slice.ts';
import { withBisection } from './bisect.ts';
import { withBreaker } from './breaker.ts';
import { type WriteDeadLetters, withDeadLetters } from './dead-letter-writer.ts';
import type { Faults } from './faults.ts';
import { withGate } from './gate.ts';
import type { HealthBoard } from './health.ts';
import { withLimit } from './limit.ts';
import { withoutLost } from './lost.ts';
import { withMoved } from './moved.ts';
import type { DeliveryPolicy } from './policy.ts';
import { withRateLimit } from './rate-limit.ts';
import { type Settle, type SlowClock, withRetry } from './retry.ts';
import { withTimeout } from './timeout.ts';

export interface ChainDeps {
  readonly policy: DeliveryPolicy;
  readonly clock: Clock;
  readonly slowNow: SlowClock;
  readonly random: () => number;
  /** Aborted when the output is being stopped: no new attempt begins, what waits is given back. */
  readonly stopping: AbortSignal;
  readonly observer: OutputObserver;
  readonly health: HealthBoard;
  readonly log: Logger;
  readonly writeDeadLetters: WriteDeadLetters;
  /** Where the output delivers a partition now. */
  readonly destinationOf: (partition: string) => string | undefined;
  /** Each opens the circuit breaker. */
  readonly faults?: Faults | undefined;
}

/** The delivery chain of one output; the one place that knows the order. Read from the inside, which is the bottom, up. */
export function createChain(deliver: Deliver, deps: ChainDeps): Settle {
  const { policy, clock, random, stopping, observer, health, log } = deps;

  let attempt = withVerdict(deliver);
  attempt = withoutLost(attempt);
  attempt = withTimeout(attempt, policy.timeout, clock);
  attempt = withObserver(attempt, observer, clock);
  attempt = withGate(attempt, clock, stopping);
  if (policy.rateLimit !== undefined) attempt = withRateLimit(attempt, policy.rateLimit, clock, stopping);
  attempt = withLimit(attempt, policy.concurrency, stopping);
  attempt = withMoved(attempt, deps.destinationOf);
  attempt = withBreaker(attempt, policy.breaker, {
    clock,
    random,
    stopping,
    faults: deps.faults,
    onOpen(reason) {
      health.raise('breaker', 'open', reason);
      log.warn({ reason }, 'circuit breaker open: deliveries paused, probing periodically');
    },
    onClose() {
      health.clear('breaker');
      log.info('circuit breaker closed: output recovered');
    },
  });
  attempt = withBisection(attempt);

  const settle = withRetry(attempt, policy.retry, {
    clock,
    slowNow: deps.slowNow,
    random,
    stopping,
    onRetry({ manifest, attempt }, reason) {
      health.raise(manifest.id, 'retrying', reason);
      log.debug({ batch: manifest.id, attempt, reason }, 'the batch will be tried again');
    },
    onSettled: ({ manifest }) => health.clear(manifest.id),
  });
  return withDeadLetters(settle, deps.writeDeadLetters);
}

/** Hands a part to the output in the form that its kind takes. */
export function callOutput(output: Output | StreamOutput): Deliver {
  return async ({ manifest, content, id, attempt, count, indexes }, signal) => {
    const { partition, destination, openedAt, closedAt } = manifest;
    const info = {
      id,
      attempt,
      partition,
      ...(destination !== undefined && { destination }),
      count,
      openedAt,
      closedAt,
    };
    if (content.stream) {
      return (output as StreamOutput).deliver(
        { ...info, bytes: manifest.bytes, blocks: (blockSignal) => content.blocks(indexes, blockSignal) },
        signal,
      );
    }
    return (output as Output).deliver(
      { ...info, bytes: content.bytes(indexes), records: content.records(indexes) },
      signal,
    );
  };
}
