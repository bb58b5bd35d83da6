import { type Delivery, delivered, type Failure, rejected, retry } from '../contract/verdicts.ts';
import { checkVerdict, trySend } from './check-verdict.ts';

/** The most that a destination takes in one request. A record that is larger by itself goes alone, for it to judge. */
export interface ChunkLimits {
  /** Number of records. */
  readonly events?: number;
  /** Bytes of all records together, as UTF-8. */
  readonly size?: number;
}

/** Records `start` to before `end` of a batch. */
type Range = readonly [start: number, end: number];

/**
 * Delivers records one after the other, for destinations that take one at a time. The first that must be retried ends the
 * attempt, so the order is kept and the destination is left alone; a rejected record does not keep the others back.
 *
 * @param send what becomes of one record; a throw means {@link retry}
 * @example deliver: ({ records }, signal) => deliverEach(records, (record) => http.post(url, toJson(record), signal))
 */
export function deliverEach<R>(
  records: readonly R[],
  send: (record: R, index: number) => Promise<Delivery>,
): Promise<Delivery> {
  const ranges = records.map((_, index): Range => [index, index + 1]);
  return deliverRanges(records, ranges, ([record], start) => send(record as R, start));
}

/**
 * Delivers records in chunks, one after the other, for destinations that limit the size of a request. The first chunk with a
 * record that must be retried ends the attempt. A chunk that is rejected as a whole is bisected to find the rejected records.
 *
 * @param texts the records as they will be sent
 * @param send what becomes of one chunk; indexes count from its start, and a throw means {@link retry}
 * @example deliver: ({ records }, signal) => deliverChunks(records.map(toJson), { events: 10, size: 262_144 }, (texts) => send(texts, signal))
 */
export function deliverChunks(
  texts: readonly string[],
  limits: ChunkLimits,
  send: (texts: readonly string[]) => Promise<Delivery>,
): Promise<Delivery> {
  return deliverRanges(texts, rangesOf(texts, limits), send);
}

async function deliverRanges<R>(
  records: readonly R[],
  ranges: readonly Range[],
  send: (records: readonly R[], start: number) => Promise<Delivery>,
): Promise<Delivery> {
  const refused: Failure[] = [];
  const waiting = [...ranges].reverse();
  for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
    const [start, end] = range;
    const answer = checkVerdict(await trySend(() => send(records.slice(start, end), start)), end - start);
    if (answer.status === 'rejected') {
      const middle = Math.ceil((start + end) / 2);
      if (end - start === 1) refused.push({ index: start, reason: answer.reason });
      else waiting.push([middle, end], [start, middle]);
      continue;
    }
    refused.push(...(answer.rejected ?? []).map(({ index, reason }) => ({ index: start + index, reason })));
    if (answer.status === 'retry') {
      const { failed = indexes(0, end - start), rejected: _, status: __, reason, ...wait } = answer;
      const again = [...failed.map((index) => start + index), ...indexes(end, records.length)];
      return retry(reason, { ...wait, failed: again, ...(refused.length > 0 && { rejected: refused }) });
    }
  }
  if (records.length === 1 && refused.length === 1) return rejected(refused[0]!.reason);
  return delivered(refused.length > 0 ? { rejected: refused } : {});
}

function rangesOf(texts: readonly string[], { events = Infinity, size = Infinity }: ChunkLimits): Range[] {
  const ranges: Range[] = [];
  let start = 0;
  let bytes = 0;
  for (const [index, text] of texts.entries()) {
    const length = Buffer.byteLength(text);
    if (index > start && (index - start >= events || bytes + length > size)) {
      ranges.push([start, index]);
      start = index;
      bytes = 0;
    }
    bytes += length;
  }
  if (texts.length > 0) ranges.push([start, texts.length]);
  return ranges;
}

function indexes(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, offset) => start + offset);
}
