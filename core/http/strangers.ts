import type { Logger } from '../telemetry/logger.ts';
import type { Problem } from './problem.ts';

/** Told of each problem that a request met; takes note of those that are about who sent it. */
export type NoteStranger = (problem: Problem, address: string | undefined) => void;

/** Milliseconds between two lines of the log: whoever has the wrong password sends on. */
const QUIET = 60_000;

/**
 * Makes strangers known. Falco takes any answer for success, so that a wrong password loses every event and nobody but
 * we can tell: each request is counted, and one a minute is logged.
 */
export function createStrangers({
  count,
  log,
  now = () => performance.now(),
}: {
  readonly count: () => void;
  readonly log: Logger;
  readonly now?: () => number;
}): NoteStranger {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return ({ details: { code, reason, hint } }, address) => {
    if (code !== 'unauthorized' && code !== 'certificate_required') return;
    count();
    if (now() < quietUntil) {
      unsaid++;
      return;
    }
    log.warn({ client: address, reason, others_since: unsaid }, `a request was refused: ${hint}`);
    quietUntil = now() + QUIET;
    unsaid = 0;
  };
}
