import type { Event } from '../event/event.ts';
import type { EventBlock } from '../sdk/contract/batch.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Output, StreamOutput } from '../sdk/contract/output.ts';
import { type Delivery, delivered, type Failure, retry } from '../sdk/contract/verdicts.ts';
import { checkVerdict } from '../sdk/deliver/check-verdict.ts';
import { reasonOf } from '../sdk/http/transport/failure.ts';
import { isUnmappableRecord } from '../sdk/record/record-json.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { allIndexes, type Deliver, subset } from './batch-slice.ts';
import { withBreaker } from './breaker.ts';
import type { DecodeEvent } from './content.ts';
import type { WriteDeadLetters } from './dead-letter-writer.ts';
import type { Faults } from './faults.ts';
import type { HealthBoard } from './health.ts';
import { withLimit, withRateLimit } from './limit.ts';
import type { DeliveryPolicy } from './policy.ts';
import { type DeliverBatch, type SlowClock, withRetry } from './retry.ts';
import { withBisection, withRequestLimits } from './split.ts';
import { aborted, pause, StoppingError, throwIfStopping } from './stopping.ts';

export interface ChainDeps {
  readonly policy: DeliveryPolicy;
  readonly clock: Clock;
  readonly slowNow: SlowClock;
  readonly random: () => number;
  readonly stopping: AbortSignal;
  readonly observer: OutputObserver;
  readonly health: HealthBoard;
  readonly log: Logger;
  readonly writeDeadLetters: WriteDeadLetters;
  /** Where the output delivers a partition now. */
  readonly destinationOf: (partition: string) => string | undefined;
  /** Bytes of a record in a request, unless the output says otherwise. */
  readonly sizeOf: (record: unknown) => number;
  /** Each opens the circuit breaker. */
  readonly faults?: Faults | undefined;
}

/**
 * The delivery chain of one output: its decorators in their order, which is defined nowhere else. Each line wraps the lines
 * above it, so the first is the innermost. The small decorators follow below; breaker, limits and retry have files of
 * their own.
 */
export function createChain(deliver: Deliver, deps: ChainDeps): DeliverBatch {
  const { policy, clock, random, stopping, observer, health, log } = deps;

  let attempt = withVerdict(deliver);
  attempt = withoutLost(attempt);
  attempt = withTimeout(attempt, policy.timeout, clock);
  attempt = withObserver(attempt, observer, clock);
  attempt = withRetryAfter(attempt, clock, stopping);
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
  attempt = withRequestLimits(attempt, policy.request, deps.sizeOf);

  const deliverBatch = withRetry(attempt, policy.retry, {
    clock,
    slowNow: deps.slowNow,
    random,
    stopping,
    onRetry({ manifest, attempt }, reason) {
      health.raise(manifest.id, 'retrying', reason);
      log.debug({ batch: manifest.id, attempt, reason }, 'the batch will be tried again');
    },
    onDone: ({ manifest }) => health.clear(manifest.id),
  });
  return withDeadLetters(deliverBatch, deps.writeDeadLetters);
}

/** Calls `deliver` of the output with the kind of batch that it takes: records or blocks. */
export function callOutput(output: Output | StreamOutput): Deliver {
  return async ({ manifest, content, id, attempt, count, indexes }, deadline) => {
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
      const blocks = (signal?: AbortSignal) => content.blocks(indexes, signal);
      return (output as StreamOutput).deliver(
        {
          ...info,
          bytes: manifest.bytes,
          blocks,
          events: (signal) => decodeBlocks(blocks(signal), content.decode),
        },
        deadline,
      );
    }
    let events: readonly Event[] | undefined;
    return (output as Output).deliver(
      {
        ...info,
        bytes: content.bytes(indexes),
        records: content.records(indexes),
        get events() {
          events ??= content.events(indexes);
          return events;
        },
      },
      deadline,
    );
  };
}

async function* decodeBlocks(blocks: AsyncIterable<EventBlock>, decode: DecodeEvent) {
  for await (const { buffer, entries } of blocks)
    for (let at = 0; at < entries.length; at += 4) {
      const [index, receivedAt, offset, length] = entries.subarray(at, at + 4) as unknown as number[];
      yield { index: index!, event: decode(new Uint8Array(buffer, offset, length), receivedAt!) };
    }
}

/**
 * Sets aside the records that cannot become JSON, when the output fails on one, and delivers the others at once. All of them are
 * looked at only then: a good batch costs nothing.
 *
 * @param toJson as the output encodes its records
 */
export function withUnmappable(deliver: Deliver, toJson: (record: unknown) => string): Deliver {
  return async (slice, deadline) => {
    try {
      return await deliver(slice, deadline);
    } catch (error) {
      if (!isUnmappableRecord(error) || slice.content.stream) throw error;
      const failures = slice.content.records(slice.indexes).flatMap((record, index): Failure[] => {
        const reason = record === error.record ? error.message : whyNoJson(record, toJson);
        return reason === undefined ? [] : [{ index, reason, cause: 'unmappable' }];
      });
      // The output encodes something else than its records.
      if (failures.length === 0) throw error;
      const bad = new Set(failures.map(({ index }) => index));
      const rest = allIndexes(slice).filter((index) => !bad.has(index));
      if (rest.length === 0) return delivered({ rejected: failures });
      const result = checkVerdict(await deliver(subset(slice, rest), deadline), rest.length);
      // Bisection comes back here with each part.
      if (result.status === 'rejected') return result;
      const others = (result.rejected ?? []).map((failure) => ({ ...failure, index: rest[failure.index]! }));
      const rejected = [...failures, ...others];
      if (result.status === 'delivered') return { ...result, rejected };
      const failed = (result.failed ?? rest.map((_, index) => index)).map((index) => rest[index]!);
      return { ...result, failed, rejected };
    }
  };
}

function whyNoJson(record: unknown, toJson: (record: unknown) => string): string | undefined {
  try {
    toJson(record);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Checks what the output returns, so that the other decorators can rely on it. A throw is a retry. */
export function withVerdict(deliver: Deliver): Deliver {
  return async (slice, deadline) => {
    try {
      return checkVerdict(await deliver(slice, deadline), slice.count);
    } catch (error) {
      return retry(reasonOf(error));
    }
  };
}

/**
 * A streamed batch finds its corrupt events while it is read, and that attempt fails. The next attempt carries the other
 * events only, so it is a slice with an id of its own. A batch of records knows its corrupt events beforehand.
 */
export function withoutLost(deliver: Deliver): Deliver {
  return async (slice, deadline) => {
    const result = await deliver(slice, deadline);
    if (result.status !== 'retry' || !slice.content.stream) return result;
    const lost = new Set(slice.content.setAside().map(({ position }) => position));
    if (lost.size === 0) return result;
    const positions = [...slice.content.positions(slice.indexes)];
    const failed = (result.failed ?? allIndexes(slice)).filter((index) => !lost.has(positions[index]!));
    return checkVerdict({ ...result, failed }, slice.count);
  };
}

/** How long an output may take to return once its signal was aborted, milliseconds. */
const GRACE = 1000;

/**
 * Gives an attempt a deadline of its own: the timeout, or the deadline of the output if that comes first. An output that does
 * not return within {@link GRACE} of it has failed; what it returns later is ignored.
 */
export function withTimeout(deliver: Deliver, milliseconds: number, clock: Clock): Deliver {
  return async (slice, deadline) => {
    throwIfStopping(deadline);
    const attempt = new AbortController();
    const over = new AbortController();
    const abortAttempt = () => attempt.abort(deadline.reason);
    deadline.addEventListener('abort', abortAttempt, { once: true });
    const timeOut = async (): Promise<Delivery | undefined> => {
      await Promise.race([clock.sleep(milliseconds, over.signal), aborted(attempt.signal)]);
      if (over.signal.aborted) return undefined;
      attempt.abort(new DOMException(`no answer within ${milliseconds} ms`, 'TimeoutError'));
      await clock.sleep(GRACE, over.signal);
      return retry(`no answer within ${milliseconds} ms, and the output did not stop when told to`);
    };
    try {
      const result = await Promise.race([deliver(slice, attempt.signal), timeOut()]);
      if (result !== undefined && !(deadline.aborted && result.status === 'retry')) return result;
      // A failure that the stop caused says nothing about the destination.
      throw new StoppingError();
    } finally {
      // With a reason no DOMException is made, which takes 4 us an attempt (bench/peers: CPU of an event).
      over.abort('over');
      deadline.removeEventListener('abort', abortAttempt);
    }
  };
}

/** Reports every attempt with its duration. */
export function withObserver(deliver: Deliver, observer: OutputObserver, clock: Clock): Deliver {
  return async (slice, deadline) => {
    const start = clock.monotonic();
    const result = await deliver(slice, deadline);
    observer.attempt(result.status, (clock.monotonic() - start) / 1000);
    return result;
  };
}

/** The longest time that a destination may ask for, milliseconds. */
const LONGEST_RETRY_AFTER = 3_600_000;

/** Applies a Retry-After to the whole output: no batch is attempted before it is over, at most an hour. */
export function withRetryAfter(deliver: Deliver, clock: Clock, stopping: AbortSignal): Deliver {
  let until = 0;
  return async (slice, deadline) => {
    throwIfStopping(stopping);
    for (let wait = until - clock.monotonic(); wait > 0; wait = until - clock.monotonic()) {
      await pause(clock, wait, stopping);
    }
    const result = await deliver(slice, deadline);
    if (result.status === 'retry' && result.after !== undefined && result.after > 0) {
      until = Math.max(until, clock.monotonic() + Math.min(result.after, LONGEST_RETRY_AFTER));
    }
    return result;
  };
}

/** The destination that a batch was sealed for refuses the output, and the configuration names another one now. */
export class MovedError extends Error {
  override readonly name = 'MovedError';
}

/**
 * A batch is delivered to the destination that was sealed with it, also when the configuration names another one since: an
 * attempt before a crash may have delivered it there. Only where that destination refuses the credentials, so that the batch
 * would never be delivered, its events are batched again for the new destination.
 *
 * @param destinationOf where the output delivers a partition now; undefined where the output has no such notion
 */
function withMoved(deliver: Deliver, destinationOf: (partition: string) => string | undefined): Deliver {
  return async (slice, deadline) => {
    const result = await deliver(slice, deadline);
    const { destination, partition } = slice.manifest;
    const isRefused = result.status === 'retry' && result.denied === true;
    if (!isRefused || destination === undefined || destination === destinationOf(partition)) return result;
    throw new MovedError(`${destination} refuses the output: ${result.reason}`);
  };
}

/**
 * Writes the events that a batch set aside to the dead letters before the batch is done. While the store is full this waits:
 * the output acknowledges nothing, and its health says why. Nothing is dropped.
 */
function withDeadLetters(deliverBatch: DeliverBatch, write: WriteDeadLetters): DeliverBatch {
  return async (batch, deadline) => {
    const result = await deliverBatch(batch, deadline);
    return { ...result, setAside: await write(result.setAside, result) };
  };
}
