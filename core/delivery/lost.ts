import { verdictOn } from '../sdk/deliver/check-verdict.ts';
import { allIndexes, type Deliver } from './batch-slice.ts';

/**
 * A streamed batch finds out what it has lost while it is read, and that attempt fails. The next one asks for the other events
 * alone, so they go out as a part of the batch, with an id of their own. A batch of records knows its losses beforehand.
 */
export function withoutLost(deliver: Deliver): Deliver {
  return async (part, signal) => {
    const result = await deliver(part, signal);
    if (result.status !== 'retry' || !part.content.stream) return result;
    const lost = new Set(part.content.setAside().map(({ position }) => position));
    if (lost.size === 0) return result;
    const positions = [...part.content.positions(part.indexes)];
    const failed = (result.failed ?? allIndexes(part)).filter((index) => !lost.has(positions[index]!));
    return verdictOn({ ...result, failed }, part.count);
  };
}
