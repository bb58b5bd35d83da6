import { type Delivery, delivered, type Failure, retry } from '../contract/verdicts.ts';
import { reasonOf } from '../http/transport/failure.ts';
import { isUnmappableRecord } from '../record/record-json.ts';

/**
 * Checks and completes what an output returned for so many records: every index is that of a record, each is named once, a
 * retry says which records it is about. A result that is not valid (an index out of range, no result at all) becomes a retry of
 * everything: relying on it could lose an event.
 */
export function checkVerdict(result: Delivery, count: number): Delivery {
  const answer: Partial<Delivery> | undefined = result ?? undefined;
  switch (answer?.status) {
    case 'rejected':
      return result;
    case 'delivered': {
      const { bytes, rejected } = result as Extract<Delivery, { status: 'delivered' }>;
      const failures = within(rejected ?? [], count);
      if (failures === undefined) return nonsense('a rejected index is not in the batch');
      return delivered({ ...(bytes === undefined ? {} : { bytes }), rejected: failures });
    }
    case 'retry': {
      const said = result as Extract<Delivery, { status: 'retry' }>;
      const failed = said.failed && [...new Set(said.failed)].sort((a, b) => a - b);
      if (failed?.some((index) => !isIndex(index, count)))
        return nonsense('a failed index is not in the batch');
      const rejected = within(said.rejected ?? [], count);
      if (rejected === undefined) return nonsense('a rejected index is not in the batch');
      // In both lists: tried again, because that loses nothing. Without a list of failed ones the rejected are out.
      const again = failed ?? without(count, rejected);
      const retried = new Set(again);
      const forGood = rejected.filter(({ index }) => !retried.has(index));
      if (again.length === 0) return delivered({ rejected: forGood });
      return { ...said, failed: again, rejected: forGood };
    }
    default:
      return nonsense('it is no delivery');
  }
}

/**
 * Sends some records of a batch. A throw becomes `retry` of these alone, so that what is delivered already is not sent again.
 *
 * @throws UnmappableRecordError when one of them cannot become JSON
 */
export async function trySend(send: () => Promise<Delivery>): Promise<Delivery> {
  try {
    return await send();
  } catch (error) {
    if (isUnmappableRecord(error)) throw error;
    return retry(reasonOf(error));
  }
}

function nonsense(why: string): Delivery {
  return retry(`the output's answer makes no sense: ${why}`);
}

function isIndex(index: unknown, count: number): boolean {
  return Number.isInteger(index) && (index as number) >= 0 && (index as number) < count;
}

/** One failure an index, ascending; undefined when one is not among the records. */
function within(failures: readonly Failure[], count: number): Failure[] | undefined {
  const byIndex = new Map(
    failures.map(({ index, reason, cause }): [number, Failure] => [
      index,
      { index, reason: String(reason), ...(cause === 'unmappable' && { cause }) },
    ]),
  );
  const unique = [...byIndex.values()].sort((a, b) => a.index - b.index);
  return unique.every(({ index }) => isIndex(index, count)) ? unique : undefined;
}

function without(count: number, failures: readonly Failure[]): number[] {
  const out = new Set(failures.map(({ index }) => index));
  const rest: number[] = [];
  for (let index = 0; index < count; index++) if (!out.has(index)) rest.push(index);
  return rest;
}
