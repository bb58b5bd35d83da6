import type { Subscription } from '../journal/journal.ts';
import { aborted, sharedAbort } from './abort.ts';
import { createDeadLetterWriter } from './dead-letters.ts';
import type { OutputLoopDeps } from './deps.ts';
import { createHealthBoard, type OutputHealth } from './health.ts';
import { excessiveLag, shed } from './lag.ts';
import { reasonOf } from './reason.ts';
import { startSession } from './session.ts';

/** The delivery of one output, isolated from all others. */
export interface OutputLoop {
  /**
   * Opens the cursor and begins. Resolves when events accepted from now on are kept for this output, whether or not
   * the output itself could start yet.
   */
  start(): Promise<void>;
  /**
   * Reads no more and finishes what is under way; what cannot be finished when the deadline aborts stays in the journal
   * and is delivered after the next start. Resolves when nothing of the output runs any more.
   */
  stop(deadline: AbortSignal): Promise<void>;
  health(): OutputHealth;
  /**
   * Since {@link start}: `accepted = delivered + dead_lettered + dropped + pending`, the middle three being what the
   * observer was told. `oldest` is the acceptance time of the oldest pending event.
   */
  accounts(): { readonly accepted: number; readonly pending: number; readonly oldest: number | undefined };
}

/** How often a lag is looked for, milliseconds. */
const LAG_INTERVAL = 1000;
const START_BACKOFF = { initial: 1000, max: 60_000 };

export function createOutputLoop(deps: OutputLoopDeps): OutputLoop {
  const { name, output, policy, journal, clock, observer, log } = deps;
  const random = deps.random ?? Math.random;
  const health = createHealthBoard(clock, observer);
  const stopRequested = sharedAbort();
  let deadline: AbortSignal | undefined;
  let subscription: Subscription | undefined;
  /** Accepted in earlier openings of the cursor. */
  let acceptedBefore = 0;
  let running: Promise<void> | undefined;
  /** Of the damaged events of this opening, those that are reported. */
  let damaged = 0;

  /** Events whose bytes rotted in the journal have an end, too: they count as dead letters, though nothing of them is left. */
  function noteDamage(): void {
    const found = (subscription?.damaged() ?? 0) - damaged;
    if (found <= 0) return;
    damaged += found;
    observer.deadLettered(found, 'damaged');
    log.error(
      { events: found },
      'events were damaged in the journal; what is left of them is in its folder corrupt',
    );
  }

  function open(): Promise<Subscription> {
    const { decode, wants } = deps;
    return journal.subscribe(name, {
      start: policy.start,
      ...(wants && { wants: ({ raw, receivedAt }) => wants(decode(raw, receivedAt)) }),
    });
  }

  /** The cursor is opened anew, so that everything not settled is handed out again. */
  async function reopen(old: Subscription): Promise<Subscription> {
    await old.flush();
    noteDamage();
    const settled = old.accepted() - old.pending();
    await old.close();
    const opened = await open();
    acceptedBefore += settled;
    subscription = opened;
    damaged = 0;
    return opened;
  }

  /** Until it has started or is to stop. */
  async function startOutput(): Promise<void> {
    const { signal } = stopRequested;
    health.raise('start', 'stopped', 'starting');
    for (let backoff = START_BACKOFF.initial; !signal.aborted; backoff *= 2) {
      try {
        await Promise.race([output.start?.(signal), aborted(signal)]);
        health.clear('start');
        return;
      } catch (error) {
        const reason = reasonOf(error);
        health.raise('start', 'stopped', `it could not start: ${reason}`);
        log.warn({ reason }, 'the output could not start, it is tried again; its events wait');
        await clock.sleep(random() * Math.min(START_BACKOFF.max, backoff), signal);
      }
    }
  }

  /** Resolves when the output lags too far behind, or when the signal aborts. */
  async function lagOr(current: Subscription, signal: AbortSignal): Promise<void> {
    if (policy.maxLag.action === 'wait') return aborted(signal);
    while (!signal.aborted) {
      await clock.sleep(LAG_INTERVAL, signal);
      if (!signal.aborted && excessiveLag(current, lagDeps) !== undefined) return;
    }
  }

  const lagDeps = { policy: policy.maxLag, journal, clock };

  async function shedLag(current: Subscription): Promise<void> {
    const reason = excessiveLag(current, lagDeps);
    if (reason === undefined) return;
    const { signal: stopping } = stopRequested;
    const { deadLetters: store } = deps;
    const writeDeadLetters = createDeadLetterWriter({
      store,
      subscription: current,
      epoch: journal.epoch,
      clock,
      health,
      stopping,
    });
    const events = await shed(current, { ...lagDeps, writeDeadLetters, observer, stopping });
    log.warn({ events, reason, action: policy.maxLag.action }, 'the output lags too far behind');
  }

  async function run(first: Subscription): Promise<void> {
    let current = first;
    // Lag is shed while the output cannot start, too: that is when it grows.
    const ready = sharedAbort();
    const starting = startOutput().finally(() => ready.abort());
    while (!ready.signal.aborted) {
      await lagOr(current, ready.signal);
      if (ready.signal.aborted) break;
      await shedLag(current);
      current = await reopen(current);
    }
    await starting;
    while (!stopRequested.signal.aborted) {
      const session = startSession(current, { ...deps, random, health });
      await lagOr(current, stopRequested.signal);
      if (deadline !== undefined) await session.finish(deadline);
      else {
        await session.abandon();
        current = await reopen(current);
        await shedLag(current);
        current = await reopen(current);
      }
      health.reset();
    }
    await stopOutput();
    await current.flush();
    await current.close();
  }

  async function stopOutput(): Promise<void> {
    const signal = deadline ?? AbortSignal.abort();
    try {
      await Promise.race([output.stop?.(signal), aborted(signal)]);
    } catch (error) {
      log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'the output failed to stop',
      );
    }
  }

  return {
    async start() {
      const first = await open();
      subscription = first;
      running = run(first).catch((error) => {
        const reason = error instanceof Error ? error.message : String(error);
        health.raise('loop', 'stopped', reason);
        log.error({ reason }, 'the delivery of the output has ended; its events stay in the journal');
      });
    },
    async stop(signal) {
      deadline = signal;
      stopRequested.abort();
      await running;
      noteDamage();
      health.reset();
      health.raise('loop', 'stopped', 'stopped');
    },
    health: health.health,
    accounts() {
      // Reported before the numbers are read, so that they balance.
      noteDamage();
      return {
        accepted: acceptedBefore + (subscription?.accepted() ?? 0),
        pending: subscription?.pending() ?? 0,
        oldest: subscription?.oldest(),
      };
    },
  };
}
