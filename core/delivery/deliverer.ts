import type { Clock } from '../batching/clock.ts';
import type { Manifest, Subscription } from '../journal/journal.ts';
import { createWaiters } from '../journal/waiters.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DeadLetterCause, OutputObserver } from '../telemetry/observer.ts';
import type { Content, SetAside } from './content.ts';
import type { WriteDeadLetters } from './dead-letters.ts';
import type { HealthBoard } from './health.ts';
import { withOrder } from './limit.ts';
import { wholeBatch } from './part.ts';
import type { Settle } from './retry.ts';
import { StoppingError, unlessStopping } from './stopping.ts';

export interface DelivererDeps {
  readonly subscription: Subscription;
  readonly load: (manifest: Manifest) => Promise<Content>;
  readonly settle: Settle;
  readonly writeDeadLetters: WriteDeadLetters;
  /** One batch of a partition at a time, in the order of submission. */
  readonly ordered: boolean;
  /** Closed batches that may wait or be under way; the next one has to wait outside. */
  readonly places: number;
  readonly clock: Clock;
  readonly observer: OutputObserver;
  readonly health: HealthBoard;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** Aborts the attempts under way. */
  readonly signal: AbortSignal;
  readonly learn: (rawBytes: number, destinationBytes: number) => void;
}

/** Brings closed batches to their end, several at once. */
export interface Deliverer {
  /** Takes a batch when there is room for it; resolves when it was taken, or when the output is being stopped. */
  submit(manifest: Manifest, sealed: boolean): Promise<void>;
  /** Resolves when no batch is under way. */
  idle(): Promise<void>;
}

/** How long to wait after the journal failed, milliseconds. */
const FAILED_WAIT = 1000;

/**
 * For each batch: seal its manifest, read its records, deliver them through the chain, and acknowledge. The manifest is
 * durable before the first attempt, the dead letters are before the acknowledgement.
 */
export function createDeliverer(deps: DelivererDeps): Deliverer {
  const { subscription, stopping, clock, health } = deps;
  const underway = new Set<Promise<void>>();
  const changed = createWaiters();

  async function bringHome({
    manifest,
    sealed: before,
  }: {
    manifest: Manifest;
    sealed: boolean;
  }): Promise<void> {
    let sealed = before;
    for (;;) {
      try {
        unlessStopping(stopping);
        if (!sealed) await subscription.seal(manifest);
        sealed = true;
        await deliverSealed(manifest);
        health.clear('journal');
        return;
      } catch (error) {
        if (error instanceof StoppingError || stopping.aborted) return;
        const why = error instanceof Error ? error.message : String(error);
        health.raise('journal', 'stopped', `the journal failed: ${why}`);
        deps.log.error({ batch: manifest.id, reason: why }, 'the batch could not be read from the journal');
        await clock.sleep(FAILED_WAIT, stopping);
      }
    }
  }

  async function deliverSealed(manifest: Manifest): Promise<void> {
    const content = await deps.load(manifest);
    const before = content.setAside();
    await deps.writeDeadLetters(before);
    let setAside = before;
    if (content.count > 0) {
      const settled = await deps.settle(wholeBatch(manifest, content), deps.signal);
      if (settled.bytes !== undefined) deps.learn(manifest.bytes, settled.bytes);
      // Damage that a stream met while it was read; an event may be both damaged and refused.
      const refused = new Set(settled.setAside.map(({ position }) => position));
      const known = new Set(before);
      const met = content.setAside().filter((item) => !known.has(item) && !refused.has(item.position));
      await deps.writeDeadLetters(met, settled);
      setAside = [...before, ...settled.setAside, ...met];
    }
    // In one breath, so that accepted = delivered + dead_lettered + dropped + pending at any moment.
    subscription.acknowledge(manifest.positions);
    countDeadLetters(setAside, deps.observer);
    const delivered = manifest.positions.count - setAside.length;
    if (delivered > 0) deps.observer.delivered(delivered);
    if (setAside.length > 0) {
      const { cause, reason } = setAside[0] as SetAside;
      deps.log.warn(
        { batch: manifest.id, events: setAside.length, cause, reason },
        'set aside as dead letters',
      );
    }
    deps.log.debug({ batch: manifest.id, events: manifest.positions.count, delivered }, 'batch settled');
  }

  const whenStopping = (error: unknown) => {
    if (!(error instanceof StoppingError)) throw error;
  };
  const bring = deps.ordered
    ? withOrder(bringHome, ({ manifest }) => manifest.partition, stopping)
    : bringHome;

  return {
    async submit(manifest, sealed) {
      while (underway.size >= deps.places && !stopping.aborted) await changed.wait(stopping);
      if (stopping.aborted) return;
      const task = bring({ manifest, sealed })
        .catch(whenStopping)
        .finally(() => {
          underway.delete(task);
          changed.wake();
        });
      underway.add(task);
    },
    async idle() {
      while (underway.size > 0) await Promise.all(underway);
    },
  };
}

/** Counts by cause. */
export function countDeadLetters(setAside: readonly SetAside[], observer: OutputObserver): void {
  const counts = new Map<DeadLetterCause, number>();
  for (const { cause } of setAside) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  for (const [cause, count] of counts) observer.deadLettered(count, cause);
}
