import type { Deliver } from './batch-slice.ts';

/** The destination that a batch was sealed for refuses the output, and the configuration names another one now. */
export class MovedError extends Error {
  override readonly name = 'MovedError';
}

/**
 * A batch is delivered to the destination that was sealed with it, also when the configuration names another one since: an attempt
 * before a crash may have delivered it there. Only where the old destination refuses the credentials, so that it would never
 * be delivered, it is given up, to be made again for the new one.
 *
 * @param destinationOf where the output delivers a partition now; undefined where the output has no such notion
 */
export function withMoved(
  deliver: Deliver,
  destinationOf: (partition: string) => string | undefined,
): Deliver {
  return async (part, signal) => {
    const result = await deliver(part, signal);
    const { destination, partition } = part.manifest;
    const isRefused = result.status === 'retry' && result.denied === true;
    if (!isRefused || destination === undefined || destination === destinationOf(partition)) return result;
    throw new MovedError(`${destination} refuses the output: ${result.reason}`);
  };
}
