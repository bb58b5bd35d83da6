import { type Delivery, delivered, deliveredExcept, type Refusal } from '../contract/verdicts.ts';
import { checkVerdict, trySend } from './check-verdict.ts';

/**
 * Delivers each record by itself and all concurrently, for clients that take one record and acknowledge it later, as a publish.
 * The result of one record does not affect the others.
 *
 * @param send what becomes of one record; a throw means `retry`
 * @example
 * const publish = async (text: string) => {}; // a client that knows no signal
 * const toJson = recordJson(context.mapper);
 * const verdict = await deliverAtOnce(records, async (record) => {
 *   await abortable(publish(toJson(record)), signal);
 *   return delivered();
 * });
 */
export async function deliverAtOnce<R>(
  records: readonly R[],
  send: (record: R, index: number) => Promise<Delivery>,
): Promise<Delivery> {
  const answers = await Promise.all(
    records.map(async (record, index) => checkVerdict(await sendOne(() => send(record, index)), 1)),
  );
  const refusals = answers.flatMap((answer, index): Refusal[] => {
    if (answer.status === 'retry') return [{ index, again: true, reason: answer.reason }];
    if (answer.status === 'rejected') return [{ index, again: false, reason: answer.reason }];
    const [failure] = answer.rejected ?? [];
    return failure === undefined ? [] : [{ ...failure, index, again: false }];
  });
  const waits = answers.flatMap((answer) => (answer.status === 'retry' ? (answer.after ?? []) : []));
  const denied = answers.some((answer) => answer.status === 'retry' && answer.denied === true);
  return deliveredExcept(refusals, {
    ...(waits.length > 0 && { after: Math.max(...waits) }),
    ...(denied && { denied }),
  });
}

/** A record that cannot become JSON is set aside while the others are sent. */
async function sendOne(send: () => Promise<Delivery>): Promise<Delivery> {
  try {
    return await trySend(send);
  } catch (error) {
    return delivered({ rejected: [{ index: 0, reason: (error as Error).message, cause: 'unmappable' }] });
  }
}
