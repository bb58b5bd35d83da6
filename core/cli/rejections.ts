import { scopesOf } from '../plugins/scope.ts';
import type { Logger } from '../sdk/contract/logger.ts';

/**
 * Hands unhandled rejections to the outputs whose code left them. Any other is a bug of the program, which cannot know what
 * state it is in: it ends the process.
 *
 * @param end ends the process with an error
 */
export function hearRejections(log: Logger, end: () => void): void {
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
