/**
 * How the delivery of an output ends. Its functions know at most two signals:
 *
 * - `stopping`: no new work begins. What waits for its turn, its next attempt or for room is given back: it throws
 *   {@link StoppingError}, and the batch stays sealed in the journal.
 * - `deadline`: what is under way is aborted. An attempt that fails because of it is given back in the same way.
 *
 * `deadline` never aborts before `stopping`; the time between them is what work under way has to finish. A session has a pair of
 * its own, because it may end while the output runs on; the loop has the pair of the output. An attempt has a `deadline` of its
 * own, which its timeout aborts, too.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
// Node's own: the global of Deno gives a number, which cannot be unreferenced.
import { setTimeout } from 'node:timers';
import type { Clock } from '../sdk/contract/clock.ts';

/** The output is being stopped: what was waiting is left as it is, sealed in the journal. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError';

  constructor() {
    super('the output is being stopped');
  }
}

/** @throws StoppingError when the signal is aborted. */
export function throwIfStopping(signal: AbortSignal): void {
  if (signal.aborted) throw new StoppingError();
}

/** Sleeps. @throws StoppingError when the signal is aborted before the time is over. */
export async function pause(clock: Clock, milliseconds: number, stopping: AbortSignal): Promise<void> {
  await clock.sleep(milliseconds, stopping);
  throwIfStopping(stopping);
}

/** A controller for a signal with any number of listeners: Node warns of a leak at eleven unless told otherwise. */
export function sharedAbort(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * A signal that aborts after a time and does not keep the process running. `AbortSignal.timeout` does the same on Node, but
 * on Deno it keeps the process running while it has a listener. Any number of listeners: every output of a process listens to the
 * same deadline of its stop.
 */
export function deadlineIn(milliseconds: number): AbortSignal {
  const controller = sharedAbort();
  const late = () => controller.abort(new DOMException('The deadline has passed', 'TimeoutError'));
  setTimeout(late, milliseconds).unref();
  return controller.signal;
}
