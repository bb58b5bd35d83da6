import { type Delivery, delivered, type Failure, retry } from '../contract/verdicts.ts';

/**
 * What an output said of so many records, made sound: every index is a record's, each is named once, a retry says which
 * records it is about. An answer that makes no sense (an index that is not there, nothing at all) is a retry of everything:
 * believing it could lose an event.
 */
export function verdictOn(result: Delivery, count: number): Delivery {
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

function nonsense(why: string): Delivery {
  return retry(`the output's answer makes no sense: ${why}`);
}

function isIndex(index: unknown, count: number): boolean {
  return Number.isInteger(index) && (index as number) >= 0 && (index as number) < count;
}

/** One failure an index, ascending; undefined when one is not among the records. */
function within(failures: readonly Failure[], count: number): Failure[] | undefined {
  const byIndex = new Map(failures.map(({ index, reason }) => [index, { index, reason: String(reason) }]));
  const unique = [...byIndex.values()].sort((a, b) => a.index - b.index);
  return unique.every(({ index }) => isIndex(index, count)) ? unique : undefined;
}

function without(count: number, failures: readonly Failure[]): number[] {
  const out = new Set(failures.map(({ index }) => index));
  const rest: number[] = [];
  for (let index = 0; index < count; index++) if (!out.has(index)) rest.push(index);
  return rest;
}
