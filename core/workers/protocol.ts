import type { LogSettings } from '../config/schema.ts';
import type { ServerConfig } from '../config/server-schema.ts';
import type { IngestPlan } from '../routing/plan.ts';
import type { IngestCounts } from '../telemetry/ingest-counter.ts';
import type { PackedAppends } from './appends.ts';

/** All that an ingest worker has to know, as plain data: it reads no configuration and loads no plugin. */
export interface WorkerSettings {
  /** Its number, from 1, for the log. */
  readonly number: number;
  readonly server: ServerConfig;
  /** Where relative paths of certificates start. */
  readonly dir: string;
  readonly log: LogSettings;
  /** Values that never appear in the log. */
  readonly secrets: readonly string[];
  readonly plan: IngestPlan;
  /** Somebody taps. */
  readonly watched: boolean;
  /** The socket of the primary that serves whatever is no event. */
  readonly relay: string;
}

/** What the primary asks of a worker. */
export type WorkerQuestions = {
  /** Begin to take events. Answered with the address when it does. */
  start(settings: WorkerSettings): { readonly url: string };
  /** Route and enrich like this from now on. */
  plan(change: Pick<WorkerSettings, 'plan' | 'secrets'>): void;
  /** Read the certificates again. */
  renew(_: null): void;
  counts(_: null): IngestCounts;
  /** Whether accepted events are to be shown: somebody taps. */
  watch(on: boolean): void;
  /** Take nothing new and answer what is under way, within so many milliseconds. */
  stop(milliseconds: number): void;
};

/** What a worker asks of the primary. */
export type PrimaryQuestions = {
  /** Appends to the journal. Answered for each call: undefined when its events are on stable storage, else why not. */
  append(calls: PackedAppends): readonly (AppendFault | undefined)[];
  /** Answered when the journal has room again. */
  room(_: null): void;
  /** An accepted event, for whoever taps. */
  seen(event: SeenEvent): void;
};

/** An event for a tap; `missed` events before it were left out, because the tap was slow. */
export interface SeenEvent {
  readonly raw: Uint8Array;
  readonly receivedAt: number;
  readonly outputs: readonly string[];
  readonly missed: number;
}

/** Why events were not taken: the name of the journal's error and what it says. */
export interface AppendFault {
  readonly name: string;
  readonly message: string;
}
