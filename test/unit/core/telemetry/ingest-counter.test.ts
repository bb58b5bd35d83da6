import { expect, test } from 'vitest';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import { createIngestCounter, sumCounts } from '../../../../core/telemetry/ingest-counter.ts';

const decode = createDecoder(noDecodeOptions);
const event = (rule: string) =>
  decode(Buffer.from(`{"rule":"${rule}","priority":"Notice","time":"2026-07-11T09:44:58Z"}`), 0);

test('the counts of several processes are those of one', () => {
  const [one, two, all] = [createIngestCounter(), createIngestCounter(), createIngestCounter()];
  for (const [counter, rule] of [
    [one, 'a'],
    [two, 'a'],
    [two, 'b'],
  ] as const) {
    for (const { observer } of [counter, all]) {
      observer.received(event(rule));
      observer.unrouted(1);
      observer.refused('full', 2);
    }
  }
  const bulk = [event('b'), event('c')];
  for (const { observer } of [one, all]) observer.receivedMany(bulk.map(observer.tallyOf));
  const sorted = ({ series, ...rest }: ReturnType<typeof sumCounts>) => ({
    ...rest,
    series: [...series].sort(([a], [b]) => (a.rule < b.rule ? -1 : 1)),
  });
  expect(sorted(sumCounts([one.read(), two.read()]))).toEqual(sorted(all.read()));
});
