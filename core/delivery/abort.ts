import { setMaxListeners } from 'node:events';
// Node's own: the global of Deno gives a number, which cannot be unreferenced.
import { setTimeout } from 'node:timers';

/** Why something is aborted that nobody asks about: a reason given spares the making of a DOMException and its stack. */
export const OVER = 'over';

/**
 * A controller for a signal on which a whole output waits: any number of waiters is as it should be, and not the leak
 * that Node warns of at eleven.
 */
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
 * on Deno it keeps the process running while it has a listener.
 */
export function deadlineIn(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const late = () => controller.abort(new DOMException('The deadline has passed', 'TimeoutError'));
  setTimeout(late, milliseconds).unref();
  return controller.signal;
}
