import type { Manifest, StoredEvent, Subscription } from '../journal/journal.ts';
import { createWaiters } from '../journal/waiters.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import { wholeBatch } from './batch-slice.ts';
import { MovedError } from './chain.ts';
import type { Content, SetAside } from './content.ts';
import { countSetAside, type WriteDeadLetters } from './dead-letter-writer.ts';
import type { HealthBoard } from './health.ts';
import { createSemaphore, withOrder } from './limit.ts';
import type { DeliverBatch } from './retry.ts';
import { StoppingError, throwIfStopping } from './stopping.ts';

export interface DelivererDeps {
  readonly subscription: Subscription;
  readonly load: (batch: Submitted) => Promise<Content>;
  readonly chain: DeliverBatch;
  readonly writeDeadLetters: WriteDeadLetters;
  /** One batch of a partition at a time, in the order of submission. */
  readonly ordered: boolean;
  /** Whether delivered means that the destination said so. */
  readonly confirms: boolean;
  /** Batches that may be loaded at once. A few small ones more are sealed while they wait for a place. */
  readonly places: number;
  readonly clock: Clock;
  readonly observer: OutputObserver;
  readonly health: HealthBoard;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  readonly deadline: AbortSignal;
  readonly learn: (rawBytes: number, destinationBytes: number) => void;
  /** Called for a batch whose sealed destination refuses the output: it has to be made again. */
  readonly onMoved: (id: string) => void;
}

/** A closed batch. */
export interface Submitted {
  readonly manifest: Manifest;
  /** All its events, where they are at hand; else they are read back from the journal. */
  readonly events?: readonly StoredEvent[] | undefined;
}

/** Delivers closed batches, several at once. */
export interface Deliverer {
  /** Waits for room and begins to deliver the batch; resolves when it has begun, or when the output is being stopped. */
  submit(batch: Submitted): Promise<void>;
  /** Resolves when no batch is under way. */
  idle(): Promise<void>;
}

/** How long to wait after the journal failed, milliseconds. */
const FAILED_WAIT = 1000;
/**
 * How much may be sealed beyond the places. A disk syncs a few hundred times a second, so batches of one event reach thousands
 * a second only when they share a sync (bench/peers/scenarios.ts). Bounded, because their events are held in memory.
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
        throwIfStopping(stopping);
        await work();
        health.clear('journal');
        return;
      } catch (error) {
        throwIfStopping(stopping);
        if (error instanceof StoppingError || error instanceof MovedError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        health.raise('journal', 'stopped', `the journal failed: ${why}`);
        deps.log.error({ batch: id, reason: why }, 'the journal failed under a batch, which is tried again');
        await clock.sleep(FAILED_WAIT, stopping);
      }
    }
  }

  const enterPlace = createSemaphore(deps.places);

  async function deliverBatch(batch: Submitted & { readonly sealing: Promise<void> }): Promise<void> {
    await batch.sealing;
    await enterPlace(() => persist(batch.manifest.id, () => deliverSealed(batch)), stopping);
  }

  async function deliverSealed(batch: Submitted): Promise<void> {
    const { manifest } = batch;
    const content = await deps.load(batch);
    const before = content.setAside();
    let setAside = await deps.writeDeadLetters(before);
    if (content.count > 0) {
      const result = await deps.chain(wholeBatch(manifest, content), deps.deadline);
      if (result.bytes !== undefined) deps.learn(manifest.bytes, result.bytes);
      // Corruption that a stream found while it was read; an event may be both lost and rejected.
      const refused = new Set(result.setAside.map(({ position }) => position));
      const known = new Set(before);
      const corrupt = content.setAside().filter((item) => !known.has(item) && !refused.has(item.position));
      setAside = [...setAside, ...result.setAside, ...(await deps.writeDeadLetters(corrupt, result))];
    }
    // Synchronously, so that accepted = delivered + dead_lettered + dropped + lost + pending at any moment.
    subscription.acknowledge(manifest.positions);
    countSetAside(setAside, deps.observer);
    const delivered = manifest.positions.count - setAside.length;
    if (delivered > 0) deps.observer.delivered(delivered, deps.confirms);
    if (setAside.length > 0) {
      const { cause, reason } = setAside[0] as SetAside;
      deps.log.warn(
        { batch: manifest.id, events: setAside.length, cause, reason },
        cause === 'lost' ? 'events of the batch are lost' : 'set aside as dead letters',
      );
    }
    deps.log.debug({ batch: manifest.id, events: manifest.positions.count, delivered }, 'batch settled');
  }

  const deliverInTurn = deps.ordered
    ? withOrder(deliverBatch, ({ manifest }) => manifest.partition, stopping)
    : deliverBatch;

  /** A batch that is given back or has moved is no error. */
  async function run(batch: Submitted & { readonly sealing: Promise<void> }): Promise<void> {
    try {
      await deliverInTurn(batch);
    } catch (error) {
      if (error instanceof MovedError) deps.onMoved(batch.manifest.id);
      else if (!(error instanceof StoppingError)) throw error;
    } finally {
      // Also of a batch that never got a place: the next opening of the cursor finds it either sealed or absent.
      await batch.sealing.catch(() => {});
    }
  }

  /** Of the batches under way. */
  let bytes = 0;
  const hasRoom = (manifest: Manifest) =>
    underway.size < deps.places ||
    (underway.size < deps.places + AHEAD.batches && bytes + manifest.bytes <= AHEAD.bytes);

  return {
    async submit(batch) {
      const { manifest } = batch;
      while (!hasRoom(manifest) && !stopping.aborted) await changed.wait(stopping);
      if (stopping.aborted) return;
      // Sealed before the batch has a place, so that waiting batches share a sync.
      const sealing = persist(manifest.id, () => subscription.seal(manifest));
      bytes += manifest.bytes;
      const task = run({ ...batch, sealing }).finally(() => {
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
