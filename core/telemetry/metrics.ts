import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Event } from '../event/event.ts';
import type { JournalStatus } from '../journal/journal.ts';
import { countFalcoEvents } from './falco-events.ts';
import type { HealthState, OutputObserver } from './observer.ts';

const STATES: readonly HealthState[] = ['ok', 'retrying', 'open', 'stopped'];

/** What is read when Prometheus asks, not counted along the way. */
export interface OutputGauges {
  accepted(): number;
  pending(): number;
  /** Acceptance time of the oldest pending event, epoch milliseconds. */
  oldest(): number | undefined;
}

/** All metrics of one process. */
export interface Metrics {
  readonly contentType: string;
  /** The Prometheus text format. */
  text(): Promise<string>;
  /** One event was accepted. `wanted` by how many outputs. */
  accepted(event: Event, wanted: number): void;
  /** One event was refused: not an event, no room, or too large. */
  refused(reason: 'invalid' | 'full' | 'failed' | 'too_large'): void;
  /** From the arrival of a request to the durable acknowledgement, seconds. */
  appended(seconds: number): void;
  output(name: string, type: string): OutputObserver & { watch(gauges: OutputGauges): void; remove(): void };
  journal(status: () => JournalStatus, now: () => number): void;
}

/** Makes the metrics, in a registry of their own. */
export function createMetrics(version: string): Metrics {
  const registers = [new Registry()];
  const registry = registers[0]!;
  // Not every runtime has all of perf_hooks and /proc; what is missing is left out.
  try {
    collectDefaultMetrics({ register: registry });
  } catch {}

  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });

  new Gauge({
    name: 'tiercel_build_info',
    help: 'Always 1; the version as a label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const received = counter('tiercel_events_accepted_total', 'Events on stable storage since the start.', []);
  const unrouted = counter('tiercel_events_unrouted_total', 'Events accepted that no output wanted.', []);
  const refused = counter('tiercel_events_refused_total', 'Events answered with an error, by reason.', [
    'reason',
  ]);
  const append = new Histogram({
    name: 'tiercel_append_seconds',
    help: 'From a parsed event to its durable acknowledgement.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const delivered = counter(
    'tiercel_output_delivered_total',
    'Events delivered by an output since the start.',
    ['output'],
  );
  const dead = counter('tiercel_output_dead_lettered_total', 'Events set aside by an output, by cause.', [
    'output',
    'cause',
  ]);
  const dropped = counter('tiercel_output_dropped_total', 'Events given up by max_lag: drop_oldest.', [
    'output',
  ]);
  const attempts = counter('tiercel_deliveries_total', 'Attempts to deliver a batch, by result.', [
    'output',
    'status',
  ]);
  const seconds = new Histogram({
    name: 'tiercel_delivery_seconds',
    help: 'How long one attempt took.',
    labelNames: ['output'],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    registers,
  });
  const batches = counter('tiercel_batches_closed_total', 'Batches closed, by reason.', ['output', 'reason']);
  const batchEvents = counter('tiercel_batch_events_total', 'Events in closed batches.', ['output']);
  const batchBytes = counter('tiercel_batch_bytes_total', 'Raw bytes in closed batches.', ['output']);
  const state = new Gauge({
    name: 'tiercel_output_state',
    help: '1 for the state an output is in: ok, retrying, open (the breaker) or stopped.',
    labelNames: ['output', 'state'],
    registers,
  });
  const inputs = counter(
    'falcosecurity_falcosidekick_inputs_total',
    'Events received (Falcosidekick’s name).',
    ['source', 'status'],
  );
  const outputs = counter(
    'falcosecurity_falcosidekick_outputs_total',
    'Events delivered or failed at outputs (Falcosidekick’s name).',
    ['destination', 'status'],
  );
  const falcoEvent = countFalcoEvents(registry);

  const watched = new Map<string, OutputGauges>();
  const perOutput = (name: string, help: string, read: (gauges: OutputGauges) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['output'],
      registers,
      collect() {
        this.reset();
        for (const [output, gauges] of watched) this.set({ output }, read(gauges));
      },
    });
  perOutput(
    'tiercel_output_accepted_total',
    'Events an output has to answer for: pending at the start plus accepted since. Equals delivered + dead_lettered + dropped + pending.',
    (gauges) => gauges.accepted(),
  );
  perOutput('tiercel_output_pending', 'Events accepted and not yet settled.', (gauges) => gauges.pending());
  perOutput(
    'tiercel_output_oldest_seconds',
    'Age of the oldest pending event; the one alert everybody needs.',
    (gauges) => {
      const oldest = gauges.oldest();
      return oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1000);
    },
  );

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    accepted(event, wanted) {
      received.inc();
      inputs.inc({ source: 'requests', status: 'accepted' });
      if (wanted === 0) unrouted.inc();
      falcoEvent(event);
    },
    refused(reason) {
      refused.inc({ reason });
      inputs.inc({ source: 'requests', status: 'rejected' });
    },
    appended: (time) => append.observe(time),
    output(name) {
      const output = { output: name };
      return {
        delivered(events) {
          delivered.inc(output, events);
          outputs.inc({ destination: name, status: 'ok' }, events);
        },
        deadLettered(events, cause) {
          dead.inc({ output: name, cause }, events);
          outputs.inc({ destination: name, status: 'error' }, events);
        },
        dropped: (events) => dropped.inc(output, events),
        attempt(status, time) {
          attempts.inc({ output: name, status });
          seconds.observe(output, time);
        },
        batchClosed(reason, events, bytes) {
          batches.inc({ output: name, reason });
          batchEvents.inc(output, events);
          batchBytes.inc(output, bytes);
        },
        health(current) {
          for (const each of STATES) state.set({ output: name, state: each }, each === current ? 1 : 0);
        },
        watch: (gauges) => void watched.set(name, gauges),
        remove() {
          watched.delete(name);
          for (const each of STATES) state.remove({ output: name, state: each });
        },
      };
    },
    journal(status, now) {
      const gauge = (name: string, help: string, read: (status: JournalStatus) => number) =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(read(status()));
          },
        });
      gauge('tiercel_journal_bytes', 'Bytes the journal holds on storage.', (is) => is.bytes);
      gauge('tiercel_journal_max_bytes', 'The journal’s budget, journal.max_size.', (is) => is.maxBytes);
      gauge('tiercel_journal_oldest_seconds', 'Age of the oldest event the journal keeps.', (is) =>
        is.oldest === undefined ? 0 : Math.max(0, (now() - is.oldest) / 1000),
      );
      gauge('tiercel_journal_ok', '1 while the journal takes events, 0 when it is full or failed.', (is) =>
        is.state === 'ok' ? 1 : 0,
      );
      gauge(
        'tiercel_journal_corrupt_frames',
        'Damaged frames met since the start.',
        (is) => is.corruptFrames,
      );
      gauge(
        'tiercel_journal_recovered_bytes',
        'Bytes of torn tail cut at recovery.',
        (is) => is.recoveredBytes,
      );
    },
  };
}
