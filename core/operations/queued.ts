import type { RootLogger } from '../telemetry/log.ts';
import type { Watcher } from './tap.ts';

/**
 * Who is told of each stored event: the debug log (the id may have to be derived, so only then) and whoever taps.
 *
 * @param tapped asked once a request
 */
export function queuedWatcher(log: RootLogger, tapped: () => Watcher | undefined): () => Watcher | undefined {
  if (!log.isLevelEnabled('debug')) return tapped;
  return () => {
    const watcher = tapped();
    return (event, outputs) => {
      log.debug({ id: event.id, rule: event.rule, outputs }, `Event queued (${event.id})`);
      watcher?.(event, outputs);
    };
  };
}
