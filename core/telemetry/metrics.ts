import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { JournalStatus } from '../journal/journal.ts';
import { createDeadLetterMetrics, type StoredDeadLetters } from './dead-letter-metrics.ts';
import { createIngestCounter, type IngestCounter, type IngestCounts } from './ingest-counter.ts';
import type { OutputObserver } from './observer.ts';
import { createOutputMetrics, type OutputAccounts } from './output-metrics.ts';

export interface MetricsOptions {
  readonly version: string;
  readonly runtime: string;
  /** Asked at each scrape. */
  readonly journal: () => JournalStatus;
  /** Asked at each scrape. */
  readonly deadLetters: () => StoredDeadLetters;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Series of `falcosecurity_falcosidekick_falco_events_total`; events beyond are counted under `other`. */
  readonly maxEventSeries?: number;
}

/** All numbers of one process; its own registry, nothing global. */
export interface Metrics {
  readonly ingest: IngestCounter['observer'];
  /**
   * Counts for one output. Under a name that was used before (a reload) the counters go on.
   *
   * @param accounts asked at each scrape from now on: what was settled before counts as accepted beside them. Absent: those
   *   given before stay in force, for an output that is made while its predecessor still runs.
   */
  output(name: string, accounts?: () => OutputAccounts): OutputObserver;
  /** Forgets the series of an output that is gone. */
  forget(name: string): void;
  /** Bringing one group of the journal to stable storage took so long. */
  fsync(seconds: number): void;
  /**
   * The Prometheus exposition. What is read from it belongs to one moment: for each output
   * `accepted = delivered + dead_lettered + dropped + lost + pending`.
   */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Name, type, labels and help of each metric, for the documentation. */
  describe(): readonly MetricDescription[];
}

export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const FSYNC_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const ingest = createIngestCounter(options.maxEventSeries);
  const outputs = createOutputMetrics(registry, options.now);
  const publishIngest = ingestMetrics(registry);
  const publishJournal = journalMetrics(registry, options);
  const publishDeadLetters = createDeadLetterMetrics(registry, options.deadLetters);
  const fsync = new Histogram({
    name: 'tiercel_journal_fsync_seconds',
    help: 'Time it took to bring one group of events to stable storage. Every accepted event waits for one.',
    buckets: FSYNC_SECONDS,
    registers,
  });
  new Gauge({
    name: 'tiercel_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'runtime'],
    registers,
  }).set({ version: options.version, runtime: options.runtime }, 1);
  processMetrics(registry);

  const scrape = async () => {
    // All in one turn, so that the numbers of a scrape belong together.
    publishIngest(ingest.read());
    publishJournal();
    publishDeadLetters();
    outputs.publish();
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
  let last: Promise<unknown> = Promise.resolve();

  return {
    ingest: ingest.observer,
    output: outputs.observer,
    forget: outputs.forget,
    fsync: (seconds) => fsync.observe(seconds),
    exposition() {
      // One after the other: a scrape that overtook another would mix two moments.
      const next = last.then(scrape);
      last = next.catch(() => {});
      return next;
    },
    describe: () => describe(registry),
  };
}

function ingestMetrics(registry: Registry) {
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

function journalMetrics(registry: Registry, { journal, deadLetters, now }: MetricsOptions) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const bytes = gauge('tiercel_journal_bytes', 'Bytes of the journal on storage.');
  const maxBytes = gauge('tiercel_journal_max_bytes', 'The budget of the journal: journal.max_size.');
  const oldest = gauge(
    'tiercel_journal_oldest_seconds',
    'Age of the oldest pending event of any output. The alert that matters most: it rises when an output is behind.',
  );
  const state = new Gauge({
    name: 'tiercel_journal_state',
    help: '1 for the state the journal is in: ok, full or failed.',
    labelNames: ['state'],
    registers,
  });
  const corrupt = counter(
    'tiercel_journal_corrupt_frames_total',
    'Damaged frames of the journal and of the dead letters, met on storage and set aside since the start. Above 0: the disk is failing.',
  );
  const quarantined = counter(
    'tiercel_journal_quarantined_files_total',
    'Files of the journal and of the dead letters, moved to corrupt/ at the start: segments of another journal, segments and cursors that are corrupt as a whole.',
  );
  const recovered = counter(
    'tiercel_journal_recovered_bytes_total',
    'Bytes of torn tail cut at recovery, of the journal and of the dead letters: writes that a crash interrupted before they were acknowledged.',
  );

  return () => {
    const status = journal();
    bytes.set(status.bytes);
    maxBytes.set(status.maxBytes);
    oldest.set(status.oldest === undefined ? 0 : Math.max(0, now() - status.oldest) / 1000);
    for (const name of ['ok', 'full', 'failed']) state.set({ state: name }, name === status.state ? 1 : 0);
    for (const metric of [corrupt, quarantined, recovered]) metric.reset();
    for (const { corruptFrames, quarantinedFiles, recoveredBytes } of [
      status,
      deadLetters().store.status(),
    ]) {
      corrupt.inc(corruptFrames);
      quarantined.inc(quarantinedFiles);
      recovered.inc(recoveredBytes);
    }
  };
}

/** What the runtime tells of the process; Deno and Bun lack some of it. */
function processMetrics(registry: Registry): void {
  try {
    collectDefaultMetrics({ register: registry });
  } catch {
    // The metrics registered before the missing one stay.
  }
}

function describe(registry: Registry): MetricDescription[] {
  return registry.getMetricsAsArray().map((metric) => {
    // The declared type leaves out the label names, which every metric has.
    const { name, type, help, labelNames } = metric as unknown as {
      name: string;
      type: string;
      help: string;
      labelNames: readonly string[];
    };
    return { name, type: String(type), labels: [...labelNames], help };
  });
}
