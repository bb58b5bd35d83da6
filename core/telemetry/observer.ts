import type { Event } from '../event/event.ts';
import type { CloseReason } from '../sdk/contract/batch.ts';

/** Health of one output. `open`: the breaker is open; `stopped`: not running, see the reason. */
export type HealthState = 'ok' | 'retrying' | 'open' | 'stopped';

/** Why an event became a dead letter; a closed set, because it is a metric's label. */
export type DeadLetterCause = 'rejected' | 'unmappable' | 'partition' | 'expired' | 'lag';

/** What the delivery of one output reports; the metrics implement it. */
export interface OutputObserver {
  /** @param confirmed false: sent to a destination that never says that it has them */
  delivered(events: number, confirmed: boolean): void;
  deadLettered(events: number, cause: DeadLetterCause): void;
  /** Given up by `max_lag: drop_oldest`, the one way an event is dropped, and only when asked for. */
  dropped(events: number): void;
  /** Taken by corruption of the journal. @param exact false: an upper bound, the output may have wanted them */
  lost(events: number, exact: boolean): void;
  /** One attempt ended. */
  attempt(status: 'delivered' | 'retry' | 'rejected', seconds: number): void;
  batchClosed(reason: CloseReason, events: number, bytes: number): void;
  /** The code of the output rejected a promise that nothing handles. */
  unhandledRejection(): void;
  health(state: HealthState): void;
}

/**
 * Why an event was refused: a label of a metric. `invalid`: not an event, or a body that cannot be read; `slow`: a body
 * that came in too slowly; `full`: no room in the journal or in memory; `failed`: the storage failed; `unauthorized`: the
 * sender is not known; `wrong_path`: a POST or PUT where no events are taken.
 */
export type RefusalReason = 'invalid' | 'slow' | 'full' | 'failed' | 'unauthorized' | 'wrong_path';

/** The counter of accepted events with the same labels. */
export interface EventSeries {
  events: number;
}

/** Counts the events of ingest. */
export interface IngestObserver {
  /** The series of an event: found before the event is stored, so that the event need not be kept until then. */
  seriesOf(event: Event): EventSeries;
  /** Events are on stable storage (or no output wanted them): one series per event. */
  received(series: readonly EventSeries[]): void;
  /** Accepted events that no output wants. */
  unrouted(events: number): void;
}
