import type { Static, TObject } from 'typebox';
import type { DecodeOptions } from '../../event/decode.ts';
import type { Event } from '../../event/event.ts';
import type { Category, Stability } from './about.ts';
import type { Batch, BatchContent, BatchLimits, RequestLimits, StreamedBatch } from './batch.ts';
import type { Clock } from './clock.ts';
import type { HttpClient } from './http.ts';
import type { Logger } from './logger.ts';
import type { Mapper } from './mapper.ts';
import type { LoadPackage, Packages } from './packages.ts';
import type { Delivery } from './verdicts.ts';

/** Everything an output may touch; nothing is global. */
export interface OutputContext<R = unknown> {
  /** The output's name in the YAML. */
  readonly name: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Requests with the output's options `headers`, `gzip`, `proxy`, `tls` and `auth`; see {@link HttpClient}. */
  readonly http: HttpClient;
  /** The platform's fetch, which knows none of these. */
  readonly fetch: typeof fetch;
  /** A directory of the output's own that survives restarts. */
  readonly stateDir: string;
  /** Where relative paths in options start: the folder of the configuration file. */
  readonly configDir: string;
  /** The output's mapper, made; its records are what `batch.records` holds. */
  readonly mapper: Mapper<R>;
  /** How to make the same mapper on another thread: import the module, call `create(options)` of its default export. */
  readonly mapperRef: MapperRef;
  /** How to decode the events of `batch.blocks()`, there too. */
  readonly decode: DecodeOptions;
  /** Loads a package that the definition declares under `packages`. */
  readonly load: LoadPackage;
}

/** One thing that `tiercel doctor` finds out about a destination. */
export interface Finding {
  /**
   * `ok`: it works. `plan`: what would be done, or information. `warning`: it works, and needs attention.
   * `not_checked`: it could not be checked, and the line says why. `failed`: nothing can be delivered as it is, and the
   * line ends with what to do.
   */
  readonly status: 'ok' | 'plan' | 'warning' | 'not_checked' | 'failed';
  /** What was looked at, in a word or two: `role`, `bucket region`. */
  readonly what: string;
  readonly line: string;
  /** The fingerprint of the certificate it is about: warnings of one certificate are shown once, for all outputs together. */
  readonly about?: string;
  /** With `not_checked`: deliveries get no acknowledgement either. For an output with `confirms: false` this is information. */
  readonly isUnconfirmed?: boolean;
}

/** What `tiercel doctor` was asked for. */
export interface DiagnoseOptions {
  /** May permission to write be tried? Nothing that a reader of the destination could see may stay. */
  readonly write: boolean;
  /** A sample event of this moment. */
  readonly sample: Event;
}

/** A mapper as plain data that can be sent to a worker thread. */
export interface MapperRef {
  readonly type: string;
  /** The URL of the module whose default export is the definition. */
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
}

interface OutputBase {
  /**
   * The key that decides which events may share a batch; asked before batching. Pure: of the event alone.
   * Returning `{ reject }` sets the event aside as a dead letter.
   */
  partition?(event: Event): string | { readonly reject: string };
  /**
   * Where the batches of a partition go, for outputs that promise to deliver each batch once: the folder of an object, a table.
   * It is sealed with each batch and handed back in `batch.destination`, so that a batch which may have been delivered
   * before a crash goes to the same place after a change of the configuration.
   */
  destination?(partition: string): string;
  /** Opens what lives as long as the output. A throw is reported and start is tried again later: events wait. */
  start?(signal: AbortSignal): Promise<void>;
  /**
   * Is the destination ready? For `tiercel doctor`, without `start`. Mimics the real call and changes nothing; a throw says what is
   * wrong and what to do. Called after `diagnose`, unless a step of that failed.
   */
  check?(signal: AbortSignal): Promise<void>;
  /**
   * Looks at the destination step by step, for `tiercel doctor`: name, connection, TLS, request. `overHttp` and `overConnection`
   * bring it. A step that fails is a finding and no throw. `start` was not called.
   */
  diagnose?(options: DiagnoseOptions, signal: AbortSignal): AsyncIterable<Finding>;
  /** Closes what `start` opened; no delivery is under way. */
  stop?(signal: AbortSignal): Promise<void>;
}

/** An output with its options applied. `deliver` settles within a second of the signal's abort. */
export interface Output<R = unknown> extends OutputBase {
  /**
   * What would go out for these records: the body of the request, say. For `tiercel explain`, without `start`; sends nothing. Text
   * is shown as text, bytes that are not text by their number: return a readable form of a body that is encoded. `testOutput`
   * compares it with what arrives: exactly, or, where the contract has `decode`, by the events in it.
   */
  preview?(batch: BatchContent<R>): string | Uint8Array;
  deliver(batch: Batch<R>, signal: AbortSignal): Promise<Delivery>;
}

/** An output whose batches are too large for memory: it reads them as blocks. */
export interface StreamOutput extends OutputBase {
  deliver(batch: StreamedBatch, signal: AbortSignal): Promise<Delivery>;
}

/** The mapper of an output that lets nobody choose another: its type and decoded options, out of those of the output. */
export type OwnMapper<R = unknown, Options = unknown> = ((options: NoInfer<Options>) => {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}) & {
  /** The type of its records, for the compiler alone: there is no such member. */
  readonly '~record'?: R;
};

/**
 * The `mapper` of an output that writes a payload of its own: `batch.records` are the events themselves.
 *
 * @example
 * export default defineOutput({
 *   apiVersion: 1,
 *   type: 'pager',
 *   summary: 'Calls somebody.',
 *   options: Type.Object({}),
 *   examples: [],
 *   batch: { events: 1 },
 *   mapper: asEvents,
 *   create: (_options, { log }) => ({
 *     async deliver({ records }) {
 *       for (const { rule, hostname } of records) log.info(`${rule} on ${hostname}`);
 *       return delivered();
 *     },
 *   }),
 * });
 */
export const asEvents: OwnMapper<Event> = () => ({ type: 'event', options: {} });

/** Which batches of an output may be under way at once: any, or one of each partition. */
export type Ordering = 'none' | 'partition';

/**
 * What a definition says of every output of its type, or works out from the options of one.
 *
 * @example ordering: ({ queue_url }) => (queue_url.endsWith('.fifo') ? 'partition' : 'none')
 */
export type ByOptions<T, Options> = T | ((options: NoInfer<Options>) => T);

interface DefinitionBase<O extends TObject, R> {
  readonly apiVersion: 1;
  /** The name in YAML, snake_case. */
  readonly type: string;
  /** What it does, for lists: one line of at most 80 characters. */
  readonly summary: string;
  /** What its destination is: the group in lists. Without: it stands in none. */
  readonly category?: Category;
  /** How far users may rely on it, as its page says. Without: the page makes no promise. */
  readonly stability?: Stability;
  /** An object of {@link Type}; every property has a description. */
  readonly options: O;
  /** Shown in the documentation and validated by the tests. YAML spelling: durations and sizes as text. */
  readonly examples: readonly {
    readonly title: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
  /** Defaults that the user may override under `batch:`. */
  readonly batch: BatchLimits;
  /** What the user may set those to, least and most (milliseconds, bytes); outside of it the configuration is refused. */
  readonly batchBounds?: {
    readonly every?: readonly [least: number, most: number];
    readonly size?: readonly [least: number, most: number];
  };
  /** How long one delivery may take unless the user says otherwise, milliseconds. Default 30 s. */
  readonly timeout?: number;
  /**
   * The mapper used unless the YAML names another; default: the event as received, as JSON text. A function: the mapper is the
   * output's own affair, its options come from the output's; {@link asEvents} is the usual one.
   */
  readonly mapper?: string | OwnMapper<R, Static<O>>;
  /**
   * `partition`: at most one batch of a partition is under way, its retries included, in the order in which the events were
   * accepted; within a batch the order is up to `deliver`. Default `none`. A function: it depends on the options.
   */
  readonly ordering?: ByOptions<Ordering, Static<O>>;
  /** True when a replay under the same batch id does no harm (same object, same key). Default false. */
  readonly idempotent?: ByOptions<boolean, Static<O>>;
  /**
   * False when the destination never says that it has an event (UDP, StatsD, MQTT with QoS 0): delivered then means sent, and
   * its events are counted under `confirmed="false"`. Default true.
   */
  readonly confirms?: ByOptions<boolean, Static<O>>;
  /**
   * What no other output may write to: a file, a directory, a bucket and prefix, as a user would call it; two outputs with a
   * claim in common are refused before start. What the schema of the options cannot say is said here, too: what it throws is
   * shown as a mistake in the configuration.
   */
  readonly claims?: (
    options: Static<O>,
    context: Pick<OutputContext, 'configDir' | 'mapper' | 'mapperRef'>,
  ) => readonly string[];
  /**
   * Checks the mapper when the configuration is read, on start and on reload, for an output that cannot write every record: a
   * table needs fixed columns. It gets the mapper as the output will use it, and returns the problems: one sentence each that
   * names the property, says why it cannot be written and what to write. They are shown at `mapper` in the YAML.
   *
   * @example checkMapper: ({ record }) => columnProblems(record)
   */
  readonly checkMapper?: (mapper: Mapper, options: NoInfer<Static<O>>) => readonly string[];
  /**
   * The packages it loads by `context.load`, which are not installed with this one, each with the versions it works with; its page
   * says how to install them. Another version is a warning at the start.
   */
  readonly packages?: Packages;
  /** Markdown for the generated page: what is retried, what is rejected, how to set up the destination. */
  readonly notes?: string;
}

/** A kind of output whose batches fit in memory, as plain data. */
export interface OutputDefinition<O extends TObject = TObject, R = unknown> extends DefinitionBase<O, R> {
  readonly stream?: false;
  /** The most that one call of `deliver` gets; the framework splits batches. Default: no limit. A function: it depends on the options. */
  readonly request?: ByOptions<RequestLimits<NoInfer<R>>, Static<O>>;
  create(options: Static<O>, context: OutputContext<R>): Output<R>;
}

/** A kind of output that streams its batches, as plain data. */
export interface StreamOutputDefinition<O extends TObject = TObject> extends DefinitionBase<O, unknown> {
  readonly stream: true;
  /** A stream is one request. */
  readonly request?: undefined;
  create(options: Static<O>, context: OutputContext): StreamOutput;
}

/** Either kind: what a package exports by default. */
// biome-ignore lint/suspicious/noExplicitAny: a registry holds definitions of every options type; each is checked against its own schema.
export type AnyOutputDefinition = OutputDefinition<any, any> | StreamOutputDefinition<any>;

/**
 * Declares an output. It changes nothing; it is here for the types.
 *
 * @example
 * export default defineOutput({
 *   apiVersion: 1,
 *   type: 'tickets',
 *   summary: 'Opens a ticket for each event.',
 *   options: Type.Object({ url: Type.String({ description: 'Where to POST.' }) }),
 *   examples: [{ title: 'Minimal', options: { url: 'https://tickets.example.com' } }],
 *   batch: { events: 1 },
 *   create: ({ url }, { fetch, mapper }) => {
 *     const toJson = recordJson(mapper);
 *     return {
 *       deliver: async ({ records }, signal) =>
 *         fromResponse(await fetch(url, { method: 'POST', signal, body: `[${records.map(toJson).join(',')}]` })),
 *     };
 *   },
 * });
 */
export function defineOutput<O extends TObject, R>(
  definition: OutputDefinition<O, R>,
): OutputDefinition<O, R>;
export function defineOutput<O extends TObject>(
  definition: StreamOutputDefinition<O>,
): StreamOutputDefinition<O>;
export function defineOutput(definition: AnyOutputDefinition): AnyOutputDefinition {
  return definition;
}
