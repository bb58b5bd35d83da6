import type { Clock } from '../sdk/contract/clock.ts';

/** The output is being stopped: what was waiting for an attempt is left as it is, sealed in the journal. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

/** @throws StoppingError when the signal is aborted. */
export function unlessStopping(signal: AbortSignal): void {
  if (signal.aborted) throw new StoppingError('the output is being stopped');
}

/** Sleeps. @throws StoppingError when the signal is aborted before the time is over. */
export async function pause(clock: Clock, milliseconds: number, stopping: AbortSignal): Promise<void> {
  await clock.sleep(milliseconds, stopping);
  unlessStopping(stopping);
}
