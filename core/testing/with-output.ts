import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import type { Event } from '../event/event.ts';
import { createOutput, type GivenContext } from '../plugins/context.ts';
import type { BatchContent } from '../sdk/contract/batch.ts';
import { type DeliveryFacts, factsOf, requestLimitsOf } from '../sdk/contract/facts.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { AnyOutputDefinition, Output } from '../sdk/contract/output.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { deliverer, sliceOf } from './batches.ts';
import { withCleanup } from './cleanup.ts';
import { asEvent, asReceived, givenContext } from './context-of.ts';
import type { MapperSetup } from './contract.ts';
import { decodedOptions } from './options.ts';
import { type RecordingLogger, recordingLogger } from './recording-logger.ts';
import { neverAborts, stopInTime } from './settles.ts';

/** An event to deliver: its bytes are what the output's mapper gets. */
export type RawEvent = Pick<Event, 'raw'>;

/** What an output is made with. */
export interface OutputSetup {
  /** In YAML spelling. Default none. */
  readonly options?: Record<string, unknown>;
  /** Default: the output's own mapper if that is `falco` or `event`, else the event as received, as JSON text. */
  readonly mapper?: MapperSetup;
  /** Libraries that `context.load` gives instead of the installed ones, by name: fakes, or versions to test against. */
  readonly packages?: Readonly<Record<string, unknown>>;
  /** Members of the context that replace those made here: a clock, a folder. */
  readonly context?: Partial<GivenContext>;
  /** False: `start` is not called. Default true. */
  readonly start?: boolean;
}

/** An output as the framework makes it. */
export interface MadeOutput {
  readonly output: Output;
  /** What its definition promises of it, with its options. */
  readonly facts: DeliveryFacts;
  readonly log: RecordingLogger;
  /**
   * Maps the events and delivers them as one batch, as the framework does: in requests within the output's limits; what is
   * rejected as a whole is bisected; a throw is a retry.
   */
  deliver(
    events: readonly RawEvent[],
    details?: { readonly signal?: AbortSignal; readonly attempt?: number },
  ): Promise<Delivery>;
  /** These events and the records that the mapper makes of them, for `preview`. */
  contentOf(events: readonly RawEvent[]): Promise<BatchContent<unknown>>;
}

/**
 * Makes an output as the framework does: options are checked and decoded, it is started and, whatever the test does, stopped; its
 * folder is removed.
 *
 * @throws AssertionError that names the option which does not fit
 * @example
 * import assert from 'node:assert/strict';
 *
 * await withOutput(definition, { options: { url } }, async ({ deliver, log }) => {
 *   assert.equal((await deliver([eventOf({ priority: 'Critical' })])).status, 'delivered');
 *   assert.deepEqual(log.lines, []);
 * });
 */
export function withOutput(
  definition: AnyOutputDefinition,
  setup: OutputSetup,
  run: (made: MadeOutput) => Promise<void>,
): Promise<void> {
  return withCleanup(async (defer) => {
    const options = decodedOptions(definition.options as JsonSchema, setup.options ?? {});
    const directory = await mkdtemp(join(tmpdir(), 'tiercel-output-'));
    defer(() => rm(directory, { recursive: true, force: true }));
    const log = recordingLogger();
    const given = {
      ...givenContext({ log, stateDir: directory, configDir: directory }),
      ...mappingOf(definition, setup.mapper, options, log),
      ...(setup.packages !== undefined && { libraries: setup.packages }),
      ...setup.context,
    };
    const output = createOutput(definition, options, given) as Output;
    defer(() => stopInTime(output.stop?.bind(output)));
    if (setup.start !== false) await output.start?.(neverAborts());
    const deliver = deliverer(output, given.mapper, requestLimitsOf(definition, options));
    const slice = (events: readonly RawEvent[], attempt: number) =>
      sliceOf(events, given.mapper, output, {
        stream: definition.stream === true,
        attempt,
        now: given.clock.now(),
      });
    await run({
      output,
      facts: factsOf(definition, options),
      log,
      deliver: async (events, { signal = neverAborts(), attempt = 1 } = {}) =>
        deliver(await slice(events, attempt), signal),
      contentOf: async (events) => {
        const { content } = await slice(events, 1);
        assert.ok(!content.stream, 'a streamed batch has no preview');
        return { records: content.records(undefined), events: content.events(undefined) };
      },
    });
  });
}

function mappingOf(
  { mapper: own }: AnyOutputDefinition,
  given: MapperSetup | undefined,
  options: object,
  log: RecordingLogger,
): Pick<GivenContext, 'mapper' | 'mapperRef'> {
  if (given !== undefined) {
    const { definition, module = import.meta.url } = given;
    const made = decodedOptions(definition.options as JsonSchema, given.options ?? {}, 'mapper');
    const mapper = definition.create(made, { log });
    return { mapper, mapperRef: { type: definition.type, module, options: made } };
  }
  // A mapper that the user may replace: the output takes what others make, too.
  const type = typeof own === 'function' ? own(options as never).type : 'falco';
  assert.ok(
    type === 'event' || type === 'falco',
    `the mapper of the output is "${type}", which the test does not know: give its definition as "mapper"`,
  );
  const mapper: Mapper = type === 'event' ? asEvent : asReceived;
  return { mapper, mapperRef: { type, module: import.meta.url, options: {} } };
}
