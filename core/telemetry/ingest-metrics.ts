import { Counter, type Registry } from 'prom-client';
import { createEventCounter, type EventLabels } from './event-counter.ts';
import type { IngestObserver, RefusalReason } from './observer.ts';

/** Series of `falcosecurity_falcosidekick_falco_events_total` that one process keeps. */
const MAX_EVENT_SERIES = 2000;

/** Counts of received events. */
export interface IngestCounts {
  readonly received: number;
  readonly unrouted: number;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Accepted events by labels. */
  readonly series: readonly (readonly [EventLabels, number])[];
}

/** Counts received events. */
export interface IngestCounter {
  readonly observer: IngestObserver & {
    /** Events that were not accepted. */
    refused(reason: RefusalReason, events: number): void;
  };
  read(): IngestCounts;
}

/** @param maxSeries see {@link createEventCounter} */
export function createIngestCounter(maxSeries: number = MAX_EVENT_SERIES): IngestCounter {
  const events = createEventCounter(maxSeries);
  const refused = { invalid: 0, slow: 0, full: 0, failed: 0, unauthorized: 0, wrong_path: 0 };
  const totals = { received: 0, unrouted: 0, refused };
  return {
    observer: {
      seriesOf: events.seriesOf,
      received(series) {
        totals.received += series.length;
        for (const one of series) one.events++;
      },
      unrouted(count) {
        totals.unrouted += count;
      },
      refused(reason, count) {
        totals.refused[reason] += count;
      },
    },
    read: () => ({ ...totals, refused: { ...totals.refused }, series: [...events.series()] }),
  };
}

/** Registers the metrics of ingest. @returns publishes counts to the registry */
export function createIngestMetrics(registry: Registry) {
  const registers = [registry];
  const received = new Counter({
    name: 'tiercel_events_received_total',
    help: 'Events accepted: answered with a 2xx, on stable storage.',
    registers,
  });
  const unrouted = new Counter({
    name: 'tiercel_events_unrouted_total',
    help: 'Accepted events that no output wanted. Rising unexpectedly: look at minimum_priority and match of the outputs.',
    registers,
  });
  const refused = new Counter({
    name: 'tiercel_events_refused_total',
    help: 'Events not accepted, by reason: invalid (not an event, or a body that cannot be read), slow (a body that came in too slowly), full (no room in the journal or in memory), failed (the storage failed), unauthorized (no or wrong credentials or certificate), wrong_path (a POST or PUT to a path or by a method that takes no events). A request whose events are not known counts as one.',
    labelNames: ['reason'],
    registers,
  });
  const inputs = new Counter({
    name: 'falcosecurity_falcosidekick_inputs_total',
    help: 'Falcosidekick name: events by status, accepted or rejected.',
    labelNames: ['source', 'status'],
    registers,
  });
  const falcoEvents = new Counter({
    name: 'falcosecurity_falcosidekick_falco_events_total',
    help: 'Falcosidekick name: accepted events by what they say. The number of series is bounded; events beyond are counted under "other".',
    labelNames: ['hostname', 'rule', 'priority', 'priority_raw', 'source', 'k8s_ns_name', 'k8s_pod_name'],
    registers,
  });

  return (counts: IngestCounts) => {
    for (const counter of [received, unrouted, refused, inputs, falcoEvents]) counter.reset();
    received.inc(counts.received);
    unrouted.inc(counts.unrouted);
    for (const [reason, count] of Object.entries(counts.refused)) refused.inc({ reason }, count);
    inputs.inc({ source: 'requests', status: 'accepted' }, counts.received);
    const rejected = Object.values(counts.refused).reduce((sum, count) => sum + count, 0);
    inputs.inc({ source: 'requests', status: 'rejected' }, rejected);
    for (const [labels, count] of counts.series) falcoEvents.inc({ ...labels }, count);
  };
}
