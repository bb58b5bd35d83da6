import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { JournalStatus } from '../journal/journal.ts';
import { createDeadLetterMetrics, type StoredDeadLetters } from './dead-letter-metrics.ts';
import { createIngestCounter, createIngestMetrics, type IngestCounter } from './ingest-metrics.ts';
import type { OutputObserver } from './observer.ts';
import { createOutputMetrics, type OutputAccounts } from './output-metrics.ts';

export interface MetricsOptions {
  readonly version: string;
  readonly runtime: string;
  /** Read at each scrape. */
  readonly journal: () => JournalStatus;
  /** Read at each scrape. */
  readonly deadLetters: () => StoredDeadLetters;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Series of `falcosecurity_falcosidekick_falco_events_total`; events beyond are counted under `other`. */
  readonly maxEventSeries?: number;
}

/** All metrics of one process, in a registry of its own. */
export interface Metrics {
  readonly ingest: IngestCounter['observer'];
  /**
   * The counters of one output. Under a name that was used before (a reload) they continue.
   *
   * @param accounts read at each scrape; events that were settled before count as accepted too. Absent: the previous ones
   *   stay in use, for an output that is made while its predecessor still runs.
   */
  output(name: string, accounts?: () => OutputAccounts): OutputObserver;
  /** Forgets the series of an output that is gone. */
  forget(name: string): void;
  /** Counts a notice of dead letters of `output` for the output `target`. */
  deadLetterNotice(output: string, target: string): void;
  /** Observes the time that one sync of the journal took. */
  fsync(seconds: number): void;
  /**
   * The Prometheus exposition. Its numbers belong to one moment: for each output
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
  const publishIngest = createIngestMetrics(registry);
  const publishJournal = journalMetrics(registry, options);
  const deadLetters = createDeadLetterMetrics(registry, options.deadLetters);
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
    // Synchronously, so that the numbers of a scrape belong together.
    publishIngest(ingest.read());
    publishJournal();
    deadLetters.publish();
    outputs.publish();
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
  let last: Promise<unknown> = Promise.resolve();

  return {
    ingest: ingest.observer,
    output: outputs.observer,
    forget: outputs.forget,
    deadLetterNotice: deadLetters.noticed,
    fsync: (seconds) => fsync.observe(seconds),
    exposition() {
      // One after the other: concurrent scrapes would mix two moments.
      const next = last.then(scrape);
      last = next.catch(() => {});
      return next;
    },
    describe: () => describe(registry),
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

/** Default metrics of the process; Deno and Bun lack some of them. */
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
