import type { DeadLetterStore } from '../dead-letters/store.ts';
import type { Event } from '../event/event.ts';
import type { Journal } from '../journal/journal.ts';
import type { BatchLimits } from '../sdk/contract/batch.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { Output, StreamOutput } from '../sdk/contract/output.ts';
import type { OutputObserver } from '../telemetry/observer.ts';
import type { Faults } from './faults.ts';
import type { DeliveryPolicy } from './policy.ts';
import type { SlowClock } from './retry.ts';

/** All that the delivery of one output needs. */
export interface OutputLoopOptions {
  /** The output's name in the YAML: the name of its cursor. */
  readonly name: string;
  /** From the definition: batches that were sealed for another type are made again. */
  readonly type: string;
  readonly output: Output | StreamOutput;
  /** Done before each attempt to start the output: makes its state directory. */
  readonly prepare?: () => Promise<void>;
  /** From the definition: the output reads its batches as blocks. */
  readonly stream: boolean;
  readonly mapper: Mapper;
  /** As the configuration has it, for the reasons of dead letters. */
  readonly mapperName?: string;
  readonly decode: (raw: Uint8Array, receivedAt: number) => Event;
  /** Which of the events kept from before a new output is given when it starts at the oldest; absent: all. */
  readonly wants?: (event: Event) => boolean;
  readonly limits: BatchLimits;
  readonly policy: DeliveryPolicy;
  readonly journal: Journal;
  readonly deadLetters: Pick<DeadLetterStore, 'append' | 'waitForRoom'>;
  readonly clock: Clock;
  /** By which batches age. */
  readonly slowNow: SlowClock;
  /** Uniform in [0, 1); Math.random when absent. */
  readonly random?: () => number;
  readonly observer: OutputObserver;
  /** What the code of the output leaves unhandled; each opens the circuit breaker. */
  readonly faults?: Faults;
  readonly log: Logger;
}
