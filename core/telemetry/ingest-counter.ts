import { createEventCounter, type EventLabels } from './event-counter.ts';
import type { IngestObserver, RefusalReason } from './observer.ts';

/** Counts of the events that came in. */
export interface IngestCounts {
  readonly received: number;
  readonly unrouted: number;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Accepted events by what they say. */
  readonly series: readonly (readonly [EventLabels, number])[];
}

/** Counts what comes in. */
export interface IngestCounter {
  readonly observer: IngestObserver & {
    /** Events that were not taken. */
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
