import { Counter, type Registry } from 'prom-client';
import type { Event } from '../event/event.ts';
import { priorityRank } from '../event/priority.ts';

const LABELS = [
  'hostname',
  'rule',
  'priority',
  'priority_raw',
  'source',
  'k8s_ns_name',
  'k8s_pod_name',
] as const;

/** Combinations of labels kept apart; later ones are counted with every label `other` (falcosecurity/falcosidekick#1132 ran out of memory). */
const MAX_SERIES = 2_000;

/**
 * Falcosidekick's `falcosecurity_falcosidekick_falco_events_total`, with a bounded number of series. Counting is a map
 * look-up on the request path; Prometheus' own structure is filled when it is scraped.
 */
export function countFalcoEvents(registry: Registry): (event: Event) => void {
  const series = new Map<string, { readonly labels: Record<string, string>; count: number }>();
  new Counter({
    name: 'falcosecurity_falcosidekick_falco_events_total',
    help: 'Falco events accepted, by rule and origin (Falcosidekick’s name; the number of series is bounded, beyond it every label is "other").',
    labelNames: LABELS,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, count } of series.values()) this.inc(labels, count);
    },
  });
  return (event) => {
    const values = [
      event.hostname || 'unknown',
      event.rule,
      // Falcosidekick counts Debug as 1 … Emergency as 8 (types/priority.go).
      String(priorityRank(event.priority) + 1),
      event.priority.toLowerCase(),
      event.source,
      text(event.fields['k8s.ns.name']),
      text(event.fields['k8s.pod.name']),
    ];
    let key = values.join('\0');
    let entry = series.get(key);
    if (entry === undefined && series.size >= MAX_SERIES) {
      values.fill('other');
      key = values.join('\0');
      entry = series.get(key);
    }
    if (entry === undefined) {
      entry = { labels: Object.fromEntries(LABELS.map((label, i) => [label, values[i]!])), count: 0 };
      series.set(key, entry);
    }
    entry.count++;
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
