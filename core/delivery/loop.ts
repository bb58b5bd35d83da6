import type { Lost, Manifest, Subscription } from '../journal/journal.ts';
import { reasonOf } from '../sdk/http/transport/failure.ts';
import { createDeadLetterWriter } from './dead-letter-writer.ts';
import { createHealthBoard, type OutputHealth } from './health.ts';
import { excessiveLag, shed } from './lag.ts';
import type { OutputLoopOptions } from './loop-options.ts';
import { startSession } from './session.ts';
import { aborted, StoppingError, sharedAbort } from './stopping.ts';

/** The delivery of one output, isolated from all others. */
export interface OutputLoop {
  /**
   * Opens the cursor and begins. Resolves when events accepted from now on are kept for this output, whether or not its
   * cursor could be opened or the output could start yet: both are tried again until they succeed.
   */
  start(): Promise<void>;
  /**
   * Stops reading and finishes what is under way; what cannot be finished when the deadline aborts stays in the journal and
   * is delivered after the next start. Resolves when nothing of the output runs any more.
   */
  stop(deadline: AbortSignal): Promise<void>;
  health(): OutputHealth;
  /**
   * Since {@link start}: `accepted = delivered + dead_lettered + dropped + lost + pending`; the observer was told the four in
   * the middle. `oldest` is the acceptance time of the oldest pending event.
   */
  accounts(): { readonly accepted: number; readonly pending: number; readonly oldest: number | undefined };
}

/** How often the lag is checked, milliseconds. */
const LAG_INTERVAL = 1000;
/** Between attempts to start the output, and between attempts to go on after an internal error, milliseconds. */
const BACKOFF = { initial: 1000, max: 60_000 };

export function createOutputLoop(deps: OutputLoopOptions): OutputLoop {
  const { name, output, policy, journal, clock, observer, log } = deps;
  const random = deps.random ?? Math.random;
  const health = createHealthBoard(clock, observer);
  const stopController = sharedAbort();
  const stopping = stopController.signal;
  /** Given by {@link OutputLoop.stop}. */
  let deadline: AbortSignal | undefined;
  /** The current opening of the cursor; after it was closed, until the next one. */
  let subscription: Subscription | undefined;
  let isOpen = false;
  /** Accepted in earlier openings of the cursor. */
  let acceptedBefore = 0;
  let running: Promise<void> | undefined;
  /** The losses of this opening that were reported. */
  let reported: Lost = { exact: 0, atMost: 0 };
  /** Batches that are to be made again, because their sealed destination refuses this output. */
  const moved = new Set<string>();
  /** The lag is to be shed at the next opening. */
  let mustShed = false;

  function reportLosses(): void {
    const { exact, atMost } = subscription?.lost() ?? reported;
    if (exact > reported.exact) observer.lost(exact - reported.exact, true);
    if (atMost > reported.atMost) observer.lost(atMost - reported.atMost, false);
    if (exact > reported.exact)
      log.error(
        { events: exact - reported.exact },
        'events were lost: files of the journal were damaged or removed; tiercel journal check tells more',
      );
    reported = { exact, atMost };
  }

  /** Opens the cursor, so that everything not settled is read again. */
  async function open(): Promise<Subscription> {
    const { decode, wants } = deps;
    const opened = await journal.subscribe(name, {
      start: policy.start,
      ...(wants && { wants: ({ raw, receivedAt }) => wants(decode(raw, receivedAt)) }),
    });
    subscription = opened;
    isOpen = true;
    reported = { exact: 0, atMost: 0 };
    return opened;
  }

  async function close(): Promise<void> {
    if (subscription === undefined || !isOpen) return;
    isOpen = false;
    reportLosses();
    const settled = subscription.accepted() - subscription.pending();
    await subscription.close();
    acceptedBefore += settled;
    // From now on it reports only what is pending.
    const closed = subscription;
    subscription = {
      ...closed,
      accepted: () => closed.accepted() - settled,
      lost: () => reported,
    };
  }

  /** Until it has started or is to stop. */
  async function startOutput(): Promise<void> {
    health.raise('start', 'stopped', 'starting');
    for (let backoff = BACKOFF.initial; !stopping.aborted; backoff *= 2) {
      try {
        await deps.prepare?.();
        await Promise.race([output.start?.(stopping), aborted(stopping)]);
        health.clear('start');
        return;
      } catch (error) {
        const reason = reasonOf(error);
        health.raise('start', 'stopped', `it could not start: ${reason}`);
        log.warn({ reason }, 'the output could not start; retrying, its events wait');
        await clock.sleep(random() * Math.min(BACKOFF.max, backoff), stopping);
      }
    }
  }

  /** Resolves when the output lags too far, or at the abort of `until`. */
  async function waitForLag(current: Subscription, until: AbortSignal): Promise<void> {
    if (policy.maxLag.action === 'wait') return aborted(until);
    while (!until.aborted) {
      await clock.sleep(LAG_INTERVAL, until);
      if (!until.aborted && excessiveLag(current, lagDeps) !== undefined) return;
    }
  }

  const lagDeps = { policy: policy.maxLag, journal, clock, since: clock.monotonic() };

  async function shedLag(current: Subscription): Promise<void> {
    const reason = excessiveLag(current, lagDeps);
    if (reason === undefined) return;
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
    log.warn({ events, reason, action: policy.maxLag.action }, 'the output lags too far');
  }

  /** Of a batch sealed for another type of output, or for a destination that refuses this one, the events are batched again. */
  async function unsealForeign(current: Subscription): Promise<void> {
    const isForeign = ({ id, type }: Manifest) => moved.has(id) || (type !== undefined && type !== deps.type);
    const foreign = current.unsettled.filter(isForeign);
    moved.clear();
    if (foreign.length === 0) return;
    await current.unseal(foreign);
    log.warn(
      { batches: foreign.length },
      'batches that were sealed for another type or destination are made again',
    );
  }

  /** Works on one opening of the cursor, until it has to be opened again or the output is to stop. */
  async function work(current: Subscription, started: AbortSignal): Promise<void> {
    if (mustShed) {
      mustShed = false;
      return shedLag(current);
    }
    // Lag is shed while the output cannot start, too: that is when it grows.
    await waitForLag(current, started);
    if (!started.aborted) return shedLag(current);
    if (stopping.aborted) return;
    await unsealForeign(current);
    const over = sharedAbort();
    const end = () => over.abort();
    stopping.addEventListener('abort', end, { once: true });
    const session = startSession(current, {
      ...deps,
      random,
      health,
      onMoved(id) {
        moved.add(id);
        end();
      },
    });
    try {
      if (stopping.aborted) end();
      await waitForLag(current, over.signal);
    } finally {
      stopping.removeEventListener('abort', end);
      await session.finish(deadline ?? AbortSignal.abort());
      // Complaints of the session end with it.
      health.reset();
    }
    mustShed = !stopping.aborted && moved.size === 0;
  }

  async function run(): Promise<void> {
    const started = sharedAbort();
    const starting = startOutput().finally(() => started.abort());
    let backoff = BACKOFF.initial;
    while (!stopping.aborted) {
      try {
        const current = isOpen && subscription !== undefined ? subscription : await open();
        health.clear('loop');
        await work(current, started.signal);
        backoff = BACKOFF.initial;
      } catch (error) {
        // A stop that came while lag was shed is no error.
        if (!(error instanceof StoppingError)) {
          const reason = reasonOf(error);
          health.raise('loop', 'stopped', `internal error, retrying: ${reason}`);
          log.error(
            { reason },
            'the delivery of the output failed; retrying, its events stay in the journal',
          );
          await clock.sleep(random() * Math.min(BACKOFF.max, backoff), stopping);
          backoff *= 2;
        }
      }
      await close();
    }
    await starting;
    await stopOutput();
    await close();
  }

  async function stopOutput(): Promise<void> {
    const latest = deadline ?? AbortSignal.abort();
    try {
      await Promise.race([output.stop?.(latest), aborted(latest)]);
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'the output failed to stop');
    }
  }

  return {
    async start() {
      try {
        await open();
      } catch (error) {
        const reason = reasonOf(error);
        health.raise('loop', 'stopped', `its cursor cannot be opened: ${reason}`);
        log.error({ reason }, 'the cursor of the output cannot be opened; retrying');
      }
      running = run();
    },
    async stop(outputDeadline) {
      deadline = outputDeadline;
      stopController.abort();
      await running;
      health.reset();
      health.raise('loop', 'stopped', 'stopped');
    },
    health: health.health,
    accounts() {
      // Reported before the numbers are read, so that they balance.
      if (isOpen) reportLosses();
      return {
        accepted: acceptedBefore + (subscription?.accepted() ?? 0),
        pending: subscription?.pending() ?? 0,
        oldest: subscription?.oldest(),
      };
    },
  };
}
