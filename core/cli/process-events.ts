import { scopesOf } from '../plugins/scope.ts';
import type { Logger } from '../sdk/contract/logger.ts';

/**
 * Tells what the runtime and libraries warn of in one line each: Node's own several lines of text would stand between
 * the lines of the log, which machines read. Silent where the user asked for silence (`--no-warnings`).
 */
export function onProcessWarning(tell: (line: string) => void): void {
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    const text = message.replaceAll(/\s*\n\s*/g, ' ');
    tell(name === 'Warning' ? text : `${name}: ${text}`);
  });
}

/**
 * Hands unhandled rejections to the outputs whose code left them. Any other is a bug of the program, which cannot know what
 * state it is in: it ends the process.
 *
 * @param end ends the process with an error
 */
export function onUnhandledRejection(log: Logger, end: () => void): void {
  process.on('unhandledRejection', (reason) => {
    const scopes = scopesOf(reason);
    for (const scope of scopes) scope.onRejection(reason);
    if (scopes.length > 0) return;
    const details =
      reason instanceof Error ? { reason: reason.message, stack: reason.stack } : { reason: String(reason) };
    log.error(details, 'unhandled promise rejection outside of every output: the process ends');
    end();
  });
}
