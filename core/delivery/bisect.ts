import { type Delivery, delivered, type Failure } from '../sdk/contract/verdicts.ts';
import { allIndexes, type Deliver, type Part, subset } from './batch-slice.ts';

/**
 * Looks for the guilty when a destination refuses a whole batch for its content: halves of it are delivered, one after
 * the other, and halves of those, until single records are refused. About 2 log2(n) extra attempts a culprit.
 * When a half asks for a retry, nothing further is tried: what is not settled yet is in `failed`.
 */
export function withBisection(deliver: Deliver): Deliver {
  async function search(part: Part, signal: AbortSignal): Promise<Delivery> {
    const result = await deliver(part, signal);
    if (result.status !== 'rejected') return result;
    if (part.count === 1) return delivered({ rejected: [{ index: 0, reason: result.reason }] });
    const all = allIndexes(part);
    const middle = Math.ceil(all.length / 2);
    const halves = [all.slice(0, middle), all.slice(middle)] as const;
    const first = await search(subset(part, halves[0]), signal);
    if (first.status === 'retry') {
      return { ...first, failed: [...(first.failed ?? halves[0]), ...halves[1]] };
    }
    const second = await search(subset(part, halves[1]), signal);
    const found = [...rejections(first), ...rejections(second, middle)];
    if (second.status === 'retry') {
      const failed = (second.failed ?? halves[1].map((index) => index - middle)).map(
        (index) => index + middle,
      );
      return { ...second, failed, rejected: found };
    }
    return delivered({ ...sum(first, second), rejected: found });
  }
  return search;
}

function rejections(result: Delivery, offset = 0): Failure[] {
  if (result.status === 'rejected') return [];
  return (result.rejected ?? []).map(({ index, reason }) => ({ index: index + offset, reason }));
}

function sum(first: Delivery, second: Delivery): { bytes?: number } {
  if (first.status !== 'delivered' || second.status !== 'delivered') return {};
  if (first.bytes === undefined || second.bytes === undefined) return {};
  return { bytes: first.bytes + second.bytes };
}
