import type { IngestObserver, RefusalReason } from '../http/ingest.ts';
import { createEventCounter, type EventLabels } from './event-counter.ts';

/** What one process counted of the events that came in: plain data, so that it can be sent to another. */
export interface IngestCounts {
  readonly received: number;
  readonly unrouted: number;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Accepted events by what they say. */
  readonly series: readonly (readonly [EventLabels, number])[];
}

/** Counts what comes in, in one process. */
export interface IngestCounter {
  readonly observer: IngestObserver;
  read(): IngestCounts;
}

/** @param maxSeries see {@link createEventCounter} */
export function createIngestCounter(maxSeries: number = MAX_EVENT_SERIES): IngestCounter {
  const events = createEventCounter(maxSeries);
  const totals = { received: 0, unrouted: 0, refused: { invalid: 0, full: 0, failed: 0, unauthorized: 0 } };
  return {
    observer: {
      tallyOf: events.seriesOf,
      received(tallies) {
        totals.received += tallies.length;
        for (const tally of tallies) tally.events++;
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

/** Series of `falcosecurity_falcosidekick_falco_events_total` that one process keeps. */
const MAX_EVENT_SERIES = 2000;

/** The counts of several processes as those of one; series that say the same become one. */
export function sumCounts(parts: readonly IngestCounts[]): IngestCounts {
  if (parts.length === 1) return parts[0]!;
  const sum = (of: (part: IngestCounts) => number) => parts.reduce((total, part) => total + of(part), 0);
  const series = new Map<string, [EventLabels, number]>();
  for (const [labels, count] of parts.flatMap((part) => part.series)) {
    const key = Object.values(labels).join('\0');
    series.set(key, [labels, (series.get(key)?.[1] ?? 0) + count]);
  }
  return {
    received: sum(({ received }) => received),
    unrouted: sum(({ unrouted }) => unrouted),
    refused: {
      invalid: sum(({ refused }) => refused.invalid),
      full: sum(({ refused }) => refused.full),
      failed: sum(({ refused }) => refused.failed),
      unauthorized: sum(({ refused }) => refused.unauthorized),
    },
    series: [...series.values()],
  };
}
