import assert from 'node:assert/strict';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { checkVerdict } from '../sdk/deliver/check-verdict.ts';
import type { MarkedEvent } from './events.ts';
import type { UnderTest } from './under-test.ts';

/** What the output said in the end of each event, by its mark. */
export type Outcome = ReadonlyMap<string, 'delivered' | 'retried' | 'rejected'>;

/** Delivers as the framework does: a batch refused as a whole is halved until single events are refused. */
export async function deliverAndHalve(
  underTest: Pick<UnderTest, 'deliver'>,
  events: readonly MarkedEvent[],
): Promise<Outcome> {
  const delivery = await underTest.deliver(events);
  assertSound(delivery, events.length);
  const result = checkVerdict(delivery, events.length);
  const outcome = new Map<string, 'delivered' | 'retried' | 'rejected'>();
  if (result.status === 'rejected') {
    if (events.length === 1) return outcome.set(events[0]!.mark, 'rejected');
    const middle = Math.ceil(events.length / 2);
    for (const half of [events.slice(0, middle), events.slice(middle)])
      for (const [mark, what] of await deliverAndHalve(underTest, half)) outcome.set(mark, what);
    return outcome;
  }
  const all = events.map((_, index) => index);
  const failed = result.status === 'retry' ? (result.failed ?? all) : [];
  for (const { mark } of events) outcome.set(mark, 'delivered');
  for (const index of failed) outcome.set(events[index]!.mark, 'retried');
  for (const { index } of result.rejected ?? []) outcome.set(events[index]!.mark, 'rejected');
  return outcome;
}

/** It is a delivery; every index it names is a record's, and none is named twice. */
export function assertSound(delivery: Delivery, count: number): void {
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
