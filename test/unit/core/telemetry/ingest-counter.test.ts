import { expect, test } from 'vitest';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import { createIngestCounter } from '../../../../core/telemetry/ingest-counter.ts';

const decode = createDecoder(noDecodeOptions);

test('what differs in any one label is counted apart', () => {
  const base = {
    rule: 'a',
    priority: 'Notice',
    time: '2026-07-11T09:44:58Z',
    hostname: 'h',
    source: 'syscall',
    output_fields: { 'k8s.pod.name': 'p', 'k8s.ns.name': 'n' },
  };
  const different = [
    base,
    { ...base, rule: 'b' },
    { ...base, priority: 'Error' },
    { ...base, hostname: 'i' },
    { ...base, source: 'k8s_audit' },
    { ...base, output_fields: { 'k8s.pod.name': 'q', 'k8s.ns.name': 'n' } },
    { ...base, output_fields: { 'k8s.pod.name': 'p', 'k8s.ns.name': 'm' } },
    // A host of the pod's name, without a pod.
    { ...base, hostname: 'p', output_fields: { 'k8s.ns.name': 'n' } },
    { ...base, hostname: 'p' },
  ];
  const { observer, read } = createIngestCounter();
  for (const [i, members] of different.entries()) {
    const seen = decode(Buffer.from(JSON.stringify(members)), 0);
    for (let n = 0; n <= i; n++) observer.received([observer.tallyOf(seen)]);
  }
  expect(read().series.map(([, events]) => events)).toEqual(different.map((_, i) => i + 1));
});
