import { expect, test } from 'vitest';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import { createIngestCounter } from '../../../../core/telemetry/ingest-metrics.ts';

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
    for (let n = 0; n <= i; n++) observer.received([observer.seriesOf(seen)]);
  }
  expect(read().series.map(([, events]) => events)).toEqual(different.map((_, i) => i + 1));
});

test('a label has 200 characters at most, and the least urgent priority is 1', () => {
  const { observer, read } = createIngestCounter();
  const long = (length: number) => ({
    rule: 'r'.repeat(length),
    priority: 'debug',
    time: '2026-07-11T09:44:58Z',
    hostname: 'h'.repeat(length),
    source: 's'.repeat(length),
    output_fields: { 'k8s.pod.name': 'p'.repeat(length), 'k8s.ns.name': 'n'.repeat(length) },
  });
  for (const length of [200, 201, 300]) {
    const seen = decode(Buffer.from(JSON.stringify(long(length))), 0);
    observer.received([observer.seriesOf(seen)]);
  }
  expect(read().series).toEqual([
    [
      {
        hostname: 'h'.repeat(200),
        rule: 'r'.repeat(200),
        priority: '1',
        priority_raw: 'debug',
        source: 's'.repeat(200),
        k8s_ns_name: 'n'.repeat(200),
        k8s_pod_name: 'p'.repeat(200),
      },
      3,
    ],
  ]);
});
