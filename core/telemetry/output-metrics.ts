import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DeadLetterCause, HealthState, OutputObserver } from './observer.ts';

/** The counts of an output in the journal: since its start, including those pending at the start. */
export interface OutputAccounts {
  readonly accepted: number;
  readonly pending: number;
  /** Acceptance time of the oldest pending event, epoch milliseconds. */
  readonly oldest: number | undefined;
}

export interface OutputMetrics {
  observer(name: string, accounts?: () => OutputAccounts): OutputObserver;
  forget(name: string): void;
  /** Publishes the numbers of all outputs to the registry, synchronously. */
  publish(): void;
}

/** The counts of one output, published at a scrape. */
interface OutputCounts {
  accounts: () => OutputAccounts;
  /** Events settled before the current `accounts` began, which do not include them. */
  before: number;
  /** Confirmed by the destination. */
  delivered: number;
  /** Sent to a destination that confirms nothing. */
  sent: number;
  dropped: number;
  lost: number;
  /** An upper bound. */
  maybeLost: number;
  failures: number;
  rejections: number;
  state: HealthState;
  readonly deadLettered: Record<DeadLetterCause, number>;
}

const CAUSES: readonly DeadLetterCause[] = ['rejected', 'unmappable', 'partition', 'expired', 'lag'];
const STATES: readonly HealthState[] = ['ok', 'retrying', 'open', 'stopped'];
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const EVENTS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** Registers the metrics that every output has, labelled with its name. */
export function createOutputMetrics(registry: Registry, now: () => number): OutputMetrics {
  const metrics = register(registry);
  const byOutput = new Map<string, OutputCounts>();

  const publish = () => {
    for (const metric of metrics.published) metric.reset();
    for (const [output, counts] of byOutput) {
      const { accepted, pending, oldest } = counts.accounts();
      metrics.accepted.inc({ output }, counts.before + accepted);
      metrics.pending.set({ output }, pending);
      metrics.oldest.set({ output }, oldest === undefined ? 0 : Math.max(0, now() - oldest) / 1000);
      metrics.delivered.inc({ output, confirmed: 'true' }, counts.delivered);
      metrics.delivered.inc({ output, confirmed: 'false' }, counts.sent);
      metrics.dropped.inc({ output }, counts.dropped);
      metrics.lost.inc({ output, exact: 'true' }, counts.lost);
      metrics.lost.inc({ output, exact: 'false' }, counts.maybeLost);
      metrics.rejections.inc({ output }, counts.rejections);
      for (const cause of CAUSES) metrics.deadLettered.inc({ output, cause }, counts.deadLettered[cause]);
      for (const state of STATES) metrics.state.set({ output, state }, state === counts.state ? 1 : 0);
      metrics.sidekick.inc({ destination: output, status: 'ok' }, counts.delivered + counts.sent);
      metrics.sidekick.inc({ destination: output, status: 'error' }, counts.failures);
    }
  };

  return {
    publish,
    observer(output, accounts) {
      const counts = byOutput.get(output) ?? zeroCounts();
      if (accounts !== undefined) {
        // Called once more: it reports to its observer what it has not reported yet.
        counts.accounts();
        counts.before = countSettled(counts);
        counts.accounts = accounts;
      }
      byOutput.set(output, counts);
      return {
        delivered(events, confirmed) {
          if (confirmed) counts.delivered += events;
          else counts.sent += events;
        },
        deadLettered(events, cause) {
          counts.deadLettered[cause] += events;
        },
        dropped(events) {
          counts.dropped += events;
        },
        lost(events, exact) {
          if (exact) counts.lost += events;
          else counts.maybeLost += events;
        },
        attempt(status, seconds) {
          if (status !== 'delivered') counts.failures++;
          metrics.deliveries.inc({ output, status });
          metrics.seconds.observe({ output }, seconds);
        },
        batchClosed(reason, events, bytes) {
          metrics.closed.inc({ output, reason });
          metrics.batchEvents.observe({ output }, events);
          metrics.batchBytes.observe({ output }, bytes);
        },
        unhandledRejection() {
          counts.rejections++;
        },
        health(state) {
          counts.state = state;
        },
      };
    },
    forget(output) {
      byOutput.delete(output);
      for (const histogram of [metrics.seconds, metrics.batchEvents, metrics.batchBytes]) {
        histogram.remove({ output });
      }
      for (const status of ['delivered', 'retry', 'rejected']) metrics.deliveries.remove({ output, status });
      for (const reason of ['events', 'size', 'age', 'schedule', 'pressure', 'shutdown']) {
        metrics.closed.remove({ output, reason });
      }
    },
  };
}

function zeroCounts(): OutputCounts {
  const accounts = () => ({ accepted: 0, pending: 0, oldest: undefined });
  const deadLettered = { rejected: 0, unmappable: 0, partition: 0, expired: 0, lag: 0 };
  const settled = { delivered: 0, sent: 0, dropped: 0, lost: 0, maybeLost: 0 };
  return { accounts, before: 0, ...settled, failures: 0, rejections: 0, state: 'ok', deadLettered };
}

function countSettled({ delivered, sent, dropped, lost, maybeLost, deadLettered }: OutputCounts): number {
  return (
    delivered +
    sent +
    dropped +
    lost +
    maybeLost +
    Object.values(deadLettered).reduce((sum, events) => sum + events, 0)
  );
}

function register(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string, ...labels: string[]) =>
    new Counter({ name, help, labelNames: ['output', ...labels], registers });
  const gauge = (name: string, help: string, ...labels: string[]) =>
    new Gauge({ name, help, labelNames: ['output', ...labels], registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: ['output'], buckets, registers });

  const accepted = counter(
    'tiercel_events_accepted_total',
    'Events this output wants, those pending at the start included. accepted = delivered + dead_lettered + dropped + lost + pending, in every scrape.',
  );
  const delivered = counter(
    'tiercel_events_delivered_total',
    'Events delivered. confirmed="true": the destination said that it has them. confirmed="false": sent to a destination that never says so (UDP, for example).',
    'confirmed',
  );
  const deadLettered = counter(
    'tiercel_events_dead_lettered_total',
    'Events set aside as dead letters, by cause: rejected (by the destination), unmappable (the mapper refuses the event or fails on it, or its record does not fit its columns or cannot become JSON), partition (by the output), expired (older than retry.max_age), lag (over max_lag).',
    'cause',
  );
  const dropped = counter(
    'tiercel_events_dropped_total',
    'Events given up because max_lag says drop_oldest. Always 0 otherwise.',
  );
  const lost = counter(
    'tiercel_events_lost_total',
    'Events that corruption or removal of journal files took. exact="true": counted one by one. exact="false": an upper bound, the output may have wanted them. Above 0: look at the disk, then at tiercel journal check.',
    'exact',
  );
  const pending = gauge('tiercel_events_pending', 'Events neither delivered nor set aside yet.');
  const oldest = gauge('tiercel_output_oldest_seconds', 'Age of the oldest pending event of this output.');
  const state = gauge(
    'tiercel_output_state',
    '1 for the state the output is in: ok, retrying, open (the breaker is open), stopped.',
    'state',
  );
  const rejections = counter(
    'tiercel_output_unhandled_rejections_total',
    'Promise rejections that the code of this output did not handle. Each opens its circuit breaker.',
  );
  const sidekick = new Counter({
    name: 'falcosecurity_falcosidekick_outputs_total',
    help: 'Falcosidekick name: ok counts events delivered, error counts attempts that failed.',
    labelNames: ['destination', 'status'],
    registers,
  });

  const published = {
    accepted,
    delivered,
    deadLettered,
    dropped,
    lost,
    pending,
    oldest,
    state,
    rejections,
    sidekick,
  };
  return {
    ...published,
    published: Object.values(published),
    deliveries: counter(
      'tiercel_deliveries_total',
      'Attempts to deliver a batch, by status: delivered, retry, rejected.',
      'status',
    ),
    seconds: histogram('tiercel_delivery_seconds', 'Time one attempt to deliver a batch took.', SECONDS),
    closed: counter(
      'tiercel_batches_closed_total',
      'Batches closed, by reason: events, size, age, schedule, pressure, shutdown.',
      'reason',
    ),
    batchEvents: histogram('tiercel_batch_events', 'Events in a closed batch.', EVENTS),
    batchBytes: histogram('tiercel_batch_bytes', 'Raw bytes of the events in a closed batch.', BYTES),
  };
}
