import type { Subscription } from '../journal/journal.ts';
import { aborted, sharedAbort } from './abort.ts';
import { createBatchScheduler } from './batch-scheduler.ts';
import { callOutput, createChain } from './chain.ts';
import { loadRecords, streamOf } from './content.ts';
import { createDeadLetterWriter } from './dead-letter-writer.ts';
import { createDeliverer } from './deliverer.ts';
import type { HealthBoard } from './health.ts';
import type { OutputLoopDeps } from './loop-options.ts';
import { createReader } from './reader.ts';

/** Raw bytes of a batch that an output holds in memory, unless its `size` says otherwise. */
const MEMORY_BATCH = 4 << 20;

/** Reader and deliverer at work on one opening of the subscription. */
export interface Session {
  /**
   * Finishes what is under way until the deadline aborts, and reads no more; when the output is to be flushed, all that was
   * accepted so far is read first, and the open batches are closed.
   */
  finish(deadline: AbortSignal): Promise<void>;
  /** Ends as fast as it can: attempts are aborted, batches stay sealed. */
  abandon(): Promise<void>;
  /** Resolves when a batch has to be made again, which needs a new session. */
  readonly moved: Promise<void>;
}

export function startSession(
  subscription: Subscription,
  deps: OutputLoopDeps & {
    readonly random: () => number;
    readonly health: HealthBoard;
    /** Told of a batch whose sealed destination refuses the output. */
    readonly onMoved: (id: string) => void;
  },
): Session {
  const { policy, output, clock, observer, health, log } = deps;
  const reading = sharedAbort();
  const ending = sharedAbort();
  const stopping = sharedAbort();
  const attempts = sharedAbort();
  const writeDeadLetters = createDeadLetterWriter({
    store: deps.deadLetters,
    subscription,
    epoch: deps.journal.epoch,
    clock,
    health,
    stopping: stopping.signal,
  });
  const scheduler = createBatchScheduler(deps.limits, {
    maxOpen: policy.maxOpen,
    ...(deps.stream || deps.limits.size !== undefined ? {} : { maxBytes: MEMORY_BATCH }),
  });
  const common = { subscription, clock, observer, health, writeDeadLetters };
  const moved = sharedAbort();
  const destinationOf = (partition: string) => {
    try {
      return output.destination?.(partition);
    } catch {
      // A partition of another type of output.
      return undefined;
    }
  };
  const deliverer = createDeliverer({
    ...common,
    log,
    load: async ({ manifest, events }) =>
      deps.stream
        ? streamOf(manifest, subscription)
        : loadRecords(
            manifest,
            events === undefined ? subscription.fetch(manifest.positions) : [events],
            deps.decode,
            deps.mapper,
          ),
    settle: createChain(callOutput(output), {
      ...common,
      policy,
      faults: deps.faults,
      slowNow: deps.slowNow,
      random: deps.random,
      stopping: stopping.signal,
      log,
      destinationOf,
    }),
    ordered: policy.ordering === 'partition',
    places: policy.concurrency + 1,
    stopping: stopping.signal,
    signal: attempts.signal,
    learn: scheduler.learn,
    onMoved(id) {
      deps.onMoved(id);
      moved.abort();
    },
  });
  const reader = createReader({
    ...common,
    scheduler,
    type: deps.type,
    destinationOf,
    newest: () => deps.journal.status().newest,
    partition: output.partition?.bind(output),
    decode: deps.decode,
    submit: (manifest, events) => deliverer.submit({ manifest, events }),
  });

  // Batches that were closed before a stop or a crash come first, each under its old id.
  const unsettled = subscription.unsettled;
  const work = (async () => {
    for (const manifest of unsettled) await deliverer.submit({ manifest });
    await reader.run(reading.signal, ending.signal);
  })();

  const end = async () => {
    reading.abort();
    stopping.abort();
    attempts.abort();
    await work;
    await deliverer.idle();
  };

  return {
    async finish(deadline) {
      if (deadline.aborted) return end();
      deadline.addEventListener('abort', end, { once: true });
      try {
        if (policy.flushOnStop) ending.abort();
        else {
          reading.abort();
          stopping.abort();
        }
        await work;
        if (policy.flushOnStop) await reader.flush();
        await deliverer.idle();
      } finally {
        deadline.removeEventListener('abort', end);
      }
    },
    abandon: end,
    moved: aborted(moved.signal),
  };
}
