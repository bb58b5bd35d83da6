import { setMaxListeners } from 'node:events';

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
