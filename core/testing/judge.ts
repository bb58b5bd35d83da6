import assert from 'node:assert/strict';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { checkVerdict } from '../sdk/deliver/check-verdict.ts';
import type { MarkedEvent } from './events.ts';
import type { MadeOutput } from './with-output.ts';

/** The final result of each event, by its mark. */
export type Outcome = ReadonlyMap<string, 'delivered' | 'retried' | 'rejected'>;

/** What the destination did with one bad record among good ones. */
export interface Judgement {
  /** The mark of the bad record. */
  readonly bad: string;
  /** Will the bad record be taken later (`busy`) or never (`refused`)? */
  readonly fault: 'refused' | 'busy';
  /** The marks of the records that the destination has taken. */
  readonly taken: ReadonlySet<string>;
  /** The destination answers about each record, so the output must name just the bad one. */
  readonly byRecord: boolean;
}

/** Delivers the events, and says what became of each. */
export async function outcomeOf(
  { deliver }: Pick<MadeOutput, 'deliver'>,
  events: readonly MarkedEvent[],
): Promise<Outcome> {
  const delivery = await deliver(events);
  assertValidDelivery(delivery, events.length);
  const result = checkVerdict(delivery, events.length);
  assert.ok(result.status !== 'rejected', 'a batch of several records is bisected');
  const outcome = new Map<string, 'delivered' | 'retried' | 'rejected'>();
  const all = events.map((_, index) => index);
  const failed = result.status === 'retry' ? (result.failed ?? all) : [];
  for (const { mark } of events) outcome.set(mark, 'delivered');
  for (const index of failed) outcome.set(events[index]!.mark, 'retried');
  for (const { index } of result.rejected ?? []) outcome.set(events[index]!.mark, 'rejected');
  return outcome;
}

/** Asserts that what the output says of each record is what the destination did with it. */
export function assertTruth(outcome: Outcome, { bad, fault, taken, byRecord }: Judgement): void {
  for (const [mark, what] of outcome) {
    if (what === 'delivered') assert.ok(taken.has(mark), `${mark} is called delivered and was not taken`);
    if (what === 'rejected') assert.equal(mark, bad, `${mark} is set aside, and ${bad} was refused`);
    if (!byRecord) continue;
    assert.equal(what === 'delivered', mark !== bad, `${mark} is called ${what}`);
    if (mark === bad) assert.equal(what, fault === 'refused' ? 'rejected' : 'retried');
  }
  if (fault === 'busy')
    assert.notEqual(
      outcome.get(bad),
      'rejected',
      'that the destination is busy is not the fault of a record',
    );
}

/** The result is a delivery whose indexes are those of records, each at most once. */
export function assertValidDelivery(delivery: Delivery, count: number): void {
  assert.ok(
    ['delivered', 'retry', 'rejected'].includes(delivery?.status),
    `it answered ${JSON.stringify(delivery)}, which is no delivery`,
  );
  const named = [
    ...(delivery.status === 'retry' ? (delivery.failed ?? []) : []),
    ...(delivery.status === 'rejected' ? [] : (delivery.rejected ?? []).map(({ index }) => index)),
  ];
  assert.equal(new Set(named).size, named.length, 'a record is named twice');
  for (const index of named) {
    assert.ok(Number.isInteger(index) && index >= 0 && index < count, `there is no record ${index}`);
  }
}
