import type { CloseReason } from '../batching/batch.ts';

/** Health of one output. `open`: the breaker is open; `stopped`: not running, see the reason. */
export type HealthState = 'ok' | 'retrying' | 'open' | 'stopped';

/** Why an event became a dead letter; a closed set, because it is a metric's label. */
export type DeadLetterCause = 'rejected' | 'unmappable' | 'partition' | 'expired' | 'lag';

/** What the delivery of one output tells the outside; metrics implement it, tests listen to it. */
export interface OutputObserver {
  delivered(events: number): void;
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
