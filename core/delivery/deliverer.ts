import type { Manifest, StoredEvent, Subscription } from '../journal/journal.ts';
import { createWaiters } from '../journal/waiters.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { wholeBatch } from './batch-slice.ts';
import type { Content, SetAside } from './content.ts';
import type { WriteDeadLetters } from './dead-letter-writer.ts';
import type { HealthBoard } from './health.ts';
import { createLane, withOrder } from './limit.ts';
import { MovedError } from './moved.ts';
import type { Settle } from './retry.ts';
import { StoppingError, unlessStopping } from './stopping.ts';

export interface DelivererDeps {
  readonly subscription: Subscription;
  readonly load: (batch: Submitted) => Promise<Content>;
  readonly settle: Settle;
  readonly writeDeadLetters: WriteDeadLetters;
  /** One batch of a partition at a time, in the order of submission. */
  readonly ordered: boolean;
  /** Batches that may be loaded at once. A few small ones more are taken and sealed while they wait for a place. */
  readonly places: number;
  readonly clock: Clock;
  readonly observer: OutputObserver;
  readonly health: HealthBoard;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** Aborts the attempts under way. */
  readonly signal: AbortSignal;
  readonly learn: (rawBytes: number, destinationBytes: number) => void;
  /** Told of a batch whose sealed destination refuses the output: it has to be made again. */
  readonly onMoved: (id: string) => void;
}

/** A closed batch. */
export interface Submitted {
  readonly manifest: Manifest;
  /** All its events, where they are at hand; else they are read back from the journal. */
  readonly events?: readonly StoredEvent[] | undefined;
}

/** Brings closed batches to their end, several at once. */
export interface Deliverer {
  /** Takes a batch when there is room for it; resolves when it was taken, or when the output is being stopped. */
  submit(batch: Submitted): Promise<void>;
  /** Resolves when no batch is under way. */
  idle(): Promise<void>;
}

/** How long to wait after the journal failed, milliseconds. */
const FAILED_WAIT = 1000;
/**
 * What may be sealed beyond the places: a disk syncs a few hundred times a second, so batches of one event must share
 * a sync to come to thousands. Little enough to hold, because their events are at hand.
 */
const AHEAD = { batches: 128, bytes: 1 << 20 };

/**
 * For each batch: seal its manifest, read its records, deliver them through the chain, and acknowledge. The manifest is
 * durable before the first attempt, the dead letters are before the acknowledgement.
 */
export function createDeliverer(deps: DelivererDeps): Deliverer {
  const { subscription, stopping, clock, health } = deps;
  const underway = new Set<Promise<void>>();
  const changed = createWaiters();

  /** Tries until the work is done or the output is being stopped. */
  async function persist(id: string, work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        unlessStopping(stopping);
        await work();
        health.clear('journal');
        return;
      } catch (error) {
        unlessStopping(stopping);
        if (error instanceof StoppingError || error instanceof MovedError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        health.raise('journal', 'stopped', `the journal failed: ${why}`);
        deps.log.error({ batch: id, reason: why }, 'the journal failed under a batch, which is tried again');
        await clock.sleep(FAILED_WAIT, stopping);
      }
    }
  }

  const place = createLane(deps.places);

  async function bringHome(batch: Submitted & { readonly sealing: Promise<void> }): Promise<void> {
    await batch.sealing;
    await place(() => persist(batch.manifest.id, () => deliverSealed(batch)), stopping);
  }

  async function deliverSealed(batch: Submitted): Promise<void> {
    const { manifest } = batch;
    const content = await deps.load(batch);
    const before = content.setAside();
    let setAside = await deps.writeDeadLetters(before);
    if (content.count > 0) {
      const settled = await deps.settle(wholeBatch(manifest, content), deps.signal);
      if (settled.bytes !== undefined) deps.learn(manifest.bytes, settled.bytes);
      // Corruption that a stream found while it was read; an event may be both lost and rejected.
      const refused = new Set(settled.setAside.map(({ position }) => position));
      const known = new Set(before);
      const met = content.setAside().filter((item) => !known.has(item) && !refused.has(item.position));
      setAside = [...setAside, ...settled.setAside, ...(await deps.writeDeadLetters(met, settled))];
    }
    // Synchronously, so that accepted = delivered + dead_lettered + dropped + lost + pending at any moment.
    subscription.acknowledge(manifest.positions);
    countSetAside(setAside, deps.observer);
    const delivered = manifest.positions.count - setAside.length;
    if (delivered > 0) deps.observer.delivered(delivered);
    if (setAside.length > 0) {
      const { cause, reason } = setAside[0] as SetAside;
      deps.log.warn(
        { batch: manifest.id, events: setAside.length, cause, reason },
        cause === 'lost' ? 'events of the batch are lost' : 'set aside as dead letters',
      );
    }
    deps.log.debug({ batch: manifest.id, events: manifest.positions.count, delivered }, 'batch settled');
  }

  const bring = deps.ordered
    ? withOrder(bringHome, ({ manifest }) => manifest.partition, stopping)
    : bringHome;

  async function take(batch: Submitted & { readonly sealing: Promise<void> }): Promise<void> {
    try {
      await bring(batch);
    } catch (error) {
      if (error instanceof MovedError) deps.onMoved(batch.manifest.id);
      else if (!(error instanceof StoppingError)) throw error;
    } finally {
      // Also of a batch that never got a place: who opens the cursor next has to find it sealed or not at all.
      await batch.sealing.catch(() => {});
    }
  }

  /** Of the batches under way. */
  let bytes = 0;
  const mayTake = (manifest: Manifest) =>
    underway.size < deps.places ||
    (underway.size < deps.places + AHEAD.batches && bytes + manifest.bytes <= AHEAD.bytes);

  return {
    async submit(batch) {
      const { manifest } = batch;
      while (!mayTake(manifest) && !stopping.aborted) await changed.wait(stopping);
      if (stopping.aborted) return;
      // Begun here and not when its turn comes, so that batches that wait share a sync.
      const sealing = persist(manifest.id, () => subscription.seal(manifest));
      bytes += manifest.bytes;
      const task = take({ ...batch, sealing }).finally(() => {
        bytes -= manifest.bytes;
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
export function countSetAside(setAside: readonly SetAside[], observer: OutputObserver): void {
  const counts = new Map<SetAside['cause'], number>();
  for (const { cause } of setAside) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  for (const [cause, count] of counts) {
    if (cause === 'lost') observer.lost(count, true);
    else observer.deadLettered(count, cause);
  }
}
