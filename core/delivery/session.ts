import type { Subscription } from '../journal/journal.ts';
import { recordJson } from '../sdk/record/record-json.ts';
import { createBatchScheduler } from './batch-scheduler.ts';
import { callOutput, createChain, withUnmappable } from './chain.ts';
import { loadRecords, streamOf } from './content.ts';
import { createDeadLetterWriter } from './dead-letter-writer.ts';
import { createDeliverer } from './deliverer.ts';
import type { HealthBoard } from './health.ts';
import type { OutputLoopOptions } from './loop-options.ts';
import { createReader } from './reader.ts';
import { sharedAbort } from './stopping.ts';

/** Raw bytes of a batch that an output holds in memory, unless its `size` says otherwise. */
const MEMORY_BATCH = 4 << 20;

/** Reader and deliverer at work on one opening of the subscription. */
export interface Session {
  /**
   * Reads no more and finishes what is under way. With `flush_on_stop` it first reads all that was accepted so far, closes the
   * open batches and delivers them. When the deadline aborts, attempts are aborted and batches stay sealed.
   */
  finish(outputDeadline: AbortSignal): Promise<void>;
}

export function startSession(
  subscription: Subscription,
  deps: OutputLoopOptions & {
    readonly random: () => number;
    readonly health: HealthBoard;
    /** Called for a batch whose sealed destination refuses the output: it has to be made again, which needs a new session. */
    readonly onMoved: (id: string) => void;
  },
): Session {
  const { policy, output, clock, observer, health, log } = deps;
  const stopping = sharedAbort();
  const deadline = sharedAbort();
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
  const common = { subscription, clock, observer, health, writeDeadLetters, stopping: stopping.signal };
  const destinationOf = (partition: string) => {
    try {
      return output.destination?.(partition);
    } catch {
      // A partition of another type of output.
      return undefined;
    }
  };
  const toJson = recordJson(deps.mapper);
  const deliverer = createDeliverer({
    ...common,
    log,
    load: async ({ manifest, events }) =>
      deps.stream
        ? streamOf(manifest, subscription, deps.decode)
        : loadRecords(
            manifest,
            events === undefined ? subscription.fetch(manifest.positions) : [events],
            deps.decode,
            deps.mapper,
            deps.mapperName,
          ),
    chain: createChain(withUnmappable(callOutput(output), toJson), {
      ...common,
      policy,
      faults: deps.faults,
      slowNow: deps.slowNow,
      random: deps.random,
      log,
      destinationOf,
      sizeOf: (record) => Buffer.byteLength(toJson(record)),
    }),
    ordered: policy.ordering === 'partition',
    confirms: policy.confirms,
    places: policy.concurrency + 1,
    deadline: deadline.signal,
    learn: scheduler.learn,
    onMoved: deps.onMoved,
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
    await reader.run();
  })();

  const abort = () => {
    stopping.abort();
    deadline.abort();
  };

  return {
    async finish(outputDeadline) {
      outputDeadline.addEventListener('abort', abort, { once: true });
      try {
        if (outputDeadline.aborted) abort();
        else if (policy.flushOnStop) reader.drain();
        else stopping.abort();
        await work;
        await deliverer.idle();
      } finally {
        outputDeadline.removeEventListener('abort', abort);
      }
    },
  };
}
