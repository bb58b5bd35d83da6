import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonSchema, memberSchema } from '../config/schema/json-schema.ts';
import { noDecodeOptions } from '../event/decode.ts';
import { eventToJson } from '../event/encode.ts';
import type { Event } from '../event/event.ts';
import { createOutput, type GivenContext } from '../plugins/context.ts';
import type { BatchContent } from '../sdk/contract/batch.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import { type DeliveryFacts, factsOf, requestLimitsOf } from '../sdk/contract/facts.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { AnyOutputDefinition, Output, OutputContext } from '../sdk/contract/output.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { secretsOfUrl } from '../sdk/http/transport/redact.ts';
import { deliverer, sliceOf } from './batches.ts';
import type { OutputContract, Place } from './contract.ts';
import { type Destination, startDestination } from './destination.ts';
import type { MarkedEvent } from './events.ts';
import { decodedOptions } from './options.ts';

/** An output made for one test, and its destination. */
export interface UnderTest {
  readonly output: Output;
  /** What its definition promises of it, with its options. */
  readonly facts: DeliveryFacts;
  readonly destination: Destination;
  readonly place: Place;
  /** Texts that no reason and no log may contain. */
  readonly secrets: readonly string[];
  readonly logged: readonly string[];
  /** Delivers the events as one batch. */
  deliver(
    events: readonly Pick<MarkedEvent, 'raw'>[],
    signal?: AbortSignal,
    attempt?: number,
  ): Promise<Delivery>;
  /** These events and the records that the mapper makes of them. */
  contentOf(events: readonly Pick<MarkedEvent, 'raw'>[]): Promise<BatchContent<unknown>>;
  arrived(): Promise<string>;
}

/** A signal that never aborts. */
export const neverAborts = (): AbortSignal => new AbortController().signal;

/** Makes the output, starts it, runs the test, stops it. */
export async function withOutput(
  definition: AnyOutputDefinition,
  contract: OutputContract,
  run: (underTest: UnderTest) => Promise<void>,
  { start = true } = {},
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tiercel-contract-'));
  const destination = await startDestination();
  if (contract.answer !== undefined) destination.answer(contract.answer);
  const place = { url: destination.url, directory };
  const schema = definition.options as JsonSchema;
  const given = contract.options(place);
  const logged: string[] = [];
  const options = decodedOptions(schema, given);
  const context = { ...contextOf(directory, logged), ...mappingOf(definition, contract, options, logged) };
  const output = createOutput(definition, options, context) as Output;
  const deliver = deliverer(output, context.mapper, requestLimitsOf(definition, options));
  const batchOf = (events: readonly Pick<MarkedEvent, 'raw'>[], attempt: number) =>
    sliceOf(events, context.mapper, output, { stream: definition.stream === true, attempt });
  try {
    if (start) await output.start?.(neverAborts());
    await run({
      output,
      facts: factsOf(definition, options),
      destination,
      place,
      logged,
      secrets: secretsIn(schema, given),
      deliver: async (events, signal = neverAborts(), attempt = 1) =>
        deliver(await batchOf(events, attempt), signal),
      contentOf: async (events) => {
        const { content } = await batchOf(events, 1);
        assert.ok(!content.stream, 'a streamed batch has no preview');
        return { records: content.records(undefined), events: content.events(undefined) };
      },
      arrived: () =>
        contract.arrived?.(place, destination) ??
        Promise.resolve(destination.requests.map(({ body }) => body).join('\n')),
    });
  } finally {
    await output.stop?.(neverAborts());
    await destination.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function contextOf(directory: string, logged: string[]): Omit<GivenContext, 'mapper' | 'mapperRef'> {
  return {
    name: 'under_test',
    log: recorder(logged),
    clock: systemClock,
    stateDir: directory,
    configDir: directory,
    decode: noDecodeOptions,
  };
}

function mappingOf(
  { mapper: own }: AnyOutputDefinition,
  { mapper: given }: OutputContract,
  options: object,
  logged: string[],
): Pick<OutputContext, 'mapper' | 'mapperRef'> {
  if (given !== undefined) {
    const { definition, options: mapperOptions, module = import.meta.url } = given;
    const made = decodedOptions(definition.options as JsonSchema, mapperOptions, 'mapper');
    const mapper = definition.create(made, { log: recorder(logged) });
    return { mapper, mapperRef: { type: definition.type, module, options: made } };
  }
  const type = typeof own === 'function' ? own(options as never).type : 'falco';
  const mapper = type === 'event' ? asEvents : asReceived;
  assert.ok(type === 'event' || type === 'falco', `give the contract the mapper "${type}" of the output`);
  return { mapper, mapperRef: { type, module: import.meta.url, options: {} } };
}

/** The event as received, as JSON text: what the built-in mapper `falco` makes. */
const asReceived: Mapper<string> = {
  record: { type: 'string', contentMediaType: 'application/json' },
  map: (event) => ({ ok: true, record: eventToJson(event) }),
};

/** The event itself: what the built-in mapper `event` makes. */
const asEvents: Mapper<Event> = { map: (event) => ({ ok: true, record: event }) };

function recorder(lines: string[]): Logger {
  const write = (details: object | string, message?: string) => {
    lines.push(typeof details === 'string' ? details : `${JSON.stringify(details)} ${message}`);
  };
  return { debug: write, info: write, warn: write, error: write };
}

/** Shorter texts are not searched for: they occur by chance. */
const SHORTEST = 5;

/**
 * The texts that a reason or a log must not contain: the values of secret options, and the parts of secret URLs.
 *
 * @param value options in YAML spelling
 */
function secretsIn(schema: JsonSchema, value: unknown): string[] {
  if (schema.secret === true && typeof value === 'string') return formsOf(value);
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(schema.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    secretsIn(memberSchema(schema, name) ?? {}, member),
  );
}

/** The host of a URL is not secret; its path, parameters and credentials are. */
function formsOf(secret: string): string[] {
  const forms = /^https?:/.test(secret) && URL.canParse(secret) ? secretsOfUrl(new URL(secret)) : [secret];
  return forms.filter(({ length }) => length >= SHORTEST);
}
