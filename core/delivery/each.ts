import { type Delivery, delivered, type Failure, rejected, retry } from './delivery.ts';

/**
 * Delivers records one after the other, for destinations that take one at a time. The first that must wait holds
 * those behind it, so their order is kept and the destination left alone; one that is refused lets the others pass.
 *
 * @param send what becomes of one record; a throw goes through
 * @example deliver: ({ records }, signal) => deliverEach(records, (record) => http.post(url, toJson(record), signal))
 */
export async function deliverEach<R>(
  records: readonly R[],
  send: (record: R, index: number) => Promise<Delivery>,
): Promise<Delivery> {
  const refused: Failure[] = [];
  for (const [index, record] of records.entries()) {
    const delivery = await send(record, index);
    if (delivery.status === 'retry') {
      const { reason, after, denied } = delivery;
      const failed = Array.from({ length: records.length - index }, (_, offset) => index + offset);
      return retry(reason, {
        ...(after !== undefined && { after }),
        ...(denied !== undefined && { denied }),
        ...(index > 0 && { failed, rejected: refused }),
      });
    }
    if (delivery.status === 'rejected') refused.push({ index, reason: delivery.reason });
    else if (delivery.rejected !== undefined && delivery.rejected.length > 0) {
      refused.push({ index, reason: delivery.rejected[0]!.reason });
    }
  }
  if (records.length === 1 && refused.length === 1) return rejected(refused[0]!.reason);
  return delivered(refused.length > 0 ? { rejected: refused } : {});
}
