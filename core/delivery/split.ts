import type { RequestLimits } from '../sdk/contract/batch.ts';
import { type Delivery, delivered, type Failure } from '../sdk/contract/verdicts.ts';
import { isUnmappableRecord } from '../sdk/record/record-json.ts';
import { type BatchSlice, type Deliver, subset } from './batch-slice.ts';

/**
 * Delivers a slice in parts that a request of the output can carry, in order. Without limits, and where a slice is within them, it
 * is delivered as it is. A record that no request can carry is rejected.
 *
 * The same slice has the same parts on every attempt, so the ids of parts are as good for deduplication as those of batches.
 *
 * @param sizeOf bytes of a record, where the limits do not say
 */
export function withRequestLimits(
  deliver: Deliver,
  limits: RequestLimits,
  sizeOf: (record: unknown) => number,
): Deliver {
  const { events = Number.POSITIVE_INFINITY, size = Number.POSITIVE_INFINITY } = limits;
  if (events === Number.POSITIVE_INFINITY && size === Number.POSITIVE_INFINITY) return deliver;
  return (slice, deadline) => {
    const sizes = size === Number.POSITIVE_INFINITY ? undefined : sizesOf(slice, limits.sizeOf ?? sizeOf);
    const parts = partsOf(slice.count, events, size, sizes);
    return deliverParts(slice, parts, async (part, start) => {
      const failure = part.count === 1 ? tooLarge(sizes?.[start], size) : undefined;
      return failure === undefined ? deliver(part, deadline) : delivered({ rejected: [failure] });
    });
  };
}

/** Bytes of each record, or the error of a function that failed on it. */
function sizesOf({ content, indexes }: BatchSlice, sizeOf: (record: never) => number): (number | Error)[] {
  if (content.stream) return [];
  return content.records(indexes).map((record) => {
    try {
      const bytes = sizeOf(record as never);
      if (Number.isFinite(bytes) && bytes >= 0) return bytes;
      return new Error(`it is ${String(bytes)}`);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  });
}

function tooLarge(bytes: number | Error | undefined, limit: number): Failure | undefined {
  if (isUnmappableRecord(bytes)) return { index: 0, reason: bytes.message, cause: 'unmappable' };
  if (bytes instanceof Error)
    return { index: 0, reason: `the size of the record cannot be computed: ${bytes.message}` };
  if (bytes === undefined || bytes <= limit) return undefined;
  const reason = `the record has ${bytes} bytes, and a request to the destination takes ${limit}`;
  return { index: 0, reason };
}

/** Where each part of so many records ends. */
function partsOf(
  count: number,
  events: number,
  size: number,
  sizes: readonly (number | Error)[] | undefined,
): number[] {
  const ends: number[] = [];
  let start = 0;
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    const each = sizes?.[index] ?? 0;
    // One that is too large, or of no known size, is a part of its own.
    const length = each instanceof Error ? Number.POSITIVE_INFINITY : each;
    if (index > start && (index - start >= events || bytes + length > size)) {
      ends.push(index);
      start = index;
      bytes = 0;
    }
    bytes += length;
  }
  ends.push(count);
  return ends;
}

/**
 * Finds the rejected records by bisection when a destination rejects a batch as a whole: delivers its halves one after the
 * other, and their halves, down to single records. About 2 log2(n) extra attempts for each rejected record.
 */
export function withBisection(deliver: Deliver): Deliver {
  return async function search(slice, deadline): Promise<Delivery> {
    const result = await deliver(slice, deadline);
    if (result.status !== 'rejected') return result;
    if (slice.count === 1) return delivered({ rejected: [{ index: 0, reason: result.reason }] });
    const middle = Math.ceil(slice.count / 2);
    return deliverParts(slice, [middle, slice.count], (part) => search(part, deadline));
  };
}

/**
 * Delivers the parts of a slice one after the other. The first that asks for a retry ends the attempt, so the order is kept and the
 * destination is left alone; `failed` then names all records that are not decided yet.
 *
 * @param ends where each part ends, ascending; the last is the number of records
 * @param deliver never says `rejected`
 */
async function deliverParts(
  slice: BatchSlice,
  ends: readonly number[],
  deliver: (part: BatchSlice, start: number) => Promise<Delivery>,
): Promise<Delivery> {
  if (ends.length === 1) return deliver(slice, 0);
  const rejected: Failure[] = [];
  let bytes: number | undefined = 0;
  let start = 0;
  for (const end of ends) {
    const from = start;
    const result = await deliver(subset(slice, range(from, end)), from);
    if (result.status === 'rejected') throw new Error('a part of a batch was rejected and not bisected');
    rejected.push(...(result.rejected ?? []).map((failure) => ({ ...failure, index: from + failure.index })));
    if (result.status === 'retry') {
      const failed = result.failed?.map((index) => from + index) ?? range(from, end);
      return { ...result, failed: [...failed, ...range(end, slice.count)], rejected };
    }
    bytes = bytes === undefined || result.bytes === undefined ? undefined : bytes + result.bytes;
    start = end;
  }
  return delivered({ ...(bytes !== undefined && { bytes }), rejected });
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, offset) => start + offset);
}
