import assert from 'node:assert/strict';
import type { ErrorObject } from 'ajv';
import { type JsonSchema, schemaProblem, validate } from '../config/schema/json-schema.ts';
import type { AnyMapperDefinition } from '../config/schema/plugins.ts';
import type { Event } from '../event/event.ts';
import { checkDefinition } from '../plugins/check.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import { columnProblems, columnsOf } from '../sdk/record/columns.ts';
import { recordMisfit } from '../sdk/record/fit.ts';
import { jsonProblem, recordJson } from '../sdk/record/record-json.ts';
import type { TestFunction } from './contract.ts';
import { decodeEvent, markedEvents, oddEvents } from './events.ts';
import { decodedOptions } from './options.ts';

/** How a mapper is tested against the contract. */
export interface MapperContract {
  readonly test: TestFunction;
  /** Options in YAML spelling, decoded as in a configuration; default none. */
  readonly options?: Record<string, unknown>;
  /** Further raw events, each of which must be mapped or refused with a reason. */
  readonly events?: readonly (string | Uint8Array)[];
}

/**
 * Tests a mapper against the contract: its options are described, the same event always gives the same record whatever the clock
 * says, nothing throws, no event is changed (they are frozen), every record can become JSON and fits the declared schema, and a
 * lake can write that schema when it is an object.
 *
 * @example
 * // With vitest: import { test } from 'vitest'. With Deno: const { test } = Deno.
 * import { test } from 'node:test';
 *
 * testMapper(headline, { test, options: { fields: ['proc.name'] } });
 */
export function testMapper(definition: AnyMapperDefinition, contract: MapperContract): void {
  const { test } = contract;
  const name = (what: string) => `${definition.type}: ${what}`;
  const events: readonly Event[] = [
    ...markedEvents(3).map(({ raw }) => raw),
    ...oddEvents(),
    ...(contract.events ?? []).map((event) => (typeof event === 'string' ? Buffer.from(event) : event)),
  ].map((raw) => frozen(decodeEvent(raw, Date.UTC(2026, 0, 2))));
  const make = (): Mapper =>
    definition.create(decodedOptions(definition.options as JsonSchema, contract.options ?? {}), {
      log: silent,
    });

  test(name('is a definition: described options, a closed schema'), async () => {
    assert.deepEqual(checkDefinition('mapper', definition), []);
  });

  test(name('declares records that a lake can write, if they are objects'), async () => {
    const { record } = make();
    if (record === undefined) return;
    const endless = jsonProblem(record);
    assert.ok(
      endless === undefined,
      `the schema of its records is endless: ${endless}; write the inner object as jsonText()`,
    );
    const problem = schemaProblem(record);
    assert.ok(problem === undefined, `the schema of its records is not a valid JSON Schema: ${problem}`);
    if (!hasColumns(record)) return;
    const problems = columnProblems(record);
    assert.ok(
      problems.length === 0,
      `a lake cannot write its records; change the schema, or leave \`record\` out:\n  ${problems.join('\n  ')}`,
    );
  });

  test(name('maps every event or says why not'), async () => {
    const mapper = make();
    const { map, record: schema } = (mapper ?? {}) as Partial<Mapper>;
    assert.equal(typeof map, 'function', 'create() returned no object with a function map (is it async?)');
    // The test before says what is wrong with the schema.
    if (!isUsable(schema)) return;
    const toJson = recordJson(mapper);
    for (const event of events) {
      const what = `map(${JSON.stringify(event.rule)})`;
      const mapped = mapper.map(event);
      assert.ok(
        typeof (mapped as { then?: unknown } | undefined)?.then !== 'function',
        `${what} returned a promise; map must be synchronous`,
      );
      assert.ok(
        typeof mapped?.ok === 'boolean',
        `${what} returned no { ok: true, record } or { ok: false, reason }`,
      );
      if (!mapped.ok) {
        assert.ok(
          typeof mapped.reason === 'string' && mapped.reason !== '',
          `${what} refused the event without a reason that is a text`,
        );
        continue;
      }
      assert.ok(mapped.record !== undefined, `${what} returned { ok: true } without a record`);
      const unwritable = jsonProblem(mapped.record, { strict: true });
      assert.ok(unwritable === undefined, `${what} returned a record that cannot become JSON: ${unwritable}`);
      toJson(mapped.record);
      const problem = schema && recordProblem(schema as JsonSchema, mapped.record);
      assert.ok(problem === undefined, `${what} returned a record that does not fit its schema: ${problem}`);
    }
  });

  test(name('gives the same record every time, from another instance and at another time too'), async () => {
    const [first, second] = [make(), make()];
    for (const event of events) {
      const record = first.map(event);
      assert.deepEqual(first.map(event), record);
      assert.deepEqual(second.map(event), record);
      const then = later(() => first.map(event));
      assert.deepEqual(
        then,
        record,
        `map(${JSON.stringify(event.rule)}) depends on the clock; event.receivedAt is when the event was accepted`,
      );
    }
  });
}

/** Whether records can be checked against a schema: it is valid and contains itself nowhere. */
function isUsable(schema: unknown): boolean {
  return (
    schema === undefined ||
    (jsonProblem(schema) === undefined && schemaProblem(schema as JsonSchema) === undefined)
  );
}

/** True for the schema of an object: what a lake could write. */
function hasColumns(record: JsonSchema): boolean {
  return record.type === 'object' || record.properties !== undefined;
}

/** Why a record does not fit its schema, with the path; undefined when it does. */
function recordProblem(schema: JsonSchema, record: unknown): string | undefined {
  const [error] = validate(schema, toJsonValue(record));
  if (error !== undefined) return described(error, 'record');
  if (hasColumns(schema) && columnProblems(schema).length === 0) {
    const problem = recordMisfit(columnsOf(schema), record);
    if (problem !== undefined) return problem;
  }
  return jsonTextProblem(schema, record, '');
}

/** A copy in which a bigint is a number and undefined members are left out, as JSON Schema knows neither. */
function toJsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(toJsonValue);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, toJsonValue(member)]));
}

/** `a[0].b: must be string`. */
function described({ instancePath, message, params }: ErrorObject, root: string): string {
  const { missingProperty, additionalProperty, allowedValues } = params as Record<string, unknown>;
  const names = instancePath.split('/').slice(1);
  const more = missingProperty ?? additionalProperty;
  if (more !== undefined) names.push(String(more));
  const path = names
    .map((name) =>
      /^\d+$/.test(name) ? `[${name}]` : `.${name.replaceAll('~1', '/').replaceAll('~0', '~')}`,
    )
    .join('')
    .replace(/^\./, '');
  if (missingProperty !== undefined) return `${path}: is required and absent`;
  if (additionalProperty !== undefined) return `${path}: is not in the schema`;
  const allowed = Array.isArray(allowedValues)
    ? `: ${allowedValues.map((one) => JSON.stringify(one)).join(', ')}`
    : '';
  return `${path || root}: ${message}${allowed}`;
}

/** The first text of type jsonText() in a record that is no JSON. */
function jsonTextProblem(schema: JsonSchema, value: unknown, path: string): string | undefined {
  if (
    typeof value === 'string' &&
    (schema as { contentMediaType?: unknown }).contentMediaType === 'application/json'
  ) {
    try {
      JSON.parse(value);
      return undefined;
    } catch (error) {
      return `${path || 'record'}: is no JSON: ${(error as Error).message}`;
    }
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = Array.isArray(value)
    ? value.map((element, index) => [schema.items, element, `${path}[${index}]`] as const)
    : Object.entries(value).map(
        ([name, member]) =>
          [schema.properties?.[name], member, path === '' ? name : `${path}.${name}`] as const,
      );
  for (const [inner, member, at] of members) {
    if (typeof inner !== 'object' || Array.isArray(inner)) continue;
    const problem = jsonTextProblem(inner as JsonSchema, member, at);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** An event that a mapper cannot change: the outputs share it. */
function frozen(event: Event): Event {
  for (const part of [event.tags, event.fields, event.extra]) freeze(part);
  return event;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
}

/** Runs something synchronous on a day that is the later one by a year and a bit. */
function later<T>(run: () => T): T {
  const Now = globalThis.Date;
  const shift = 400 * 24 * 3_600_000 + 12_345;
  class Later extends Now {
    constructor(...parts: unknown[]) {
      if (parts.length === 0) super(Now.now() + shift);
      else super(...(parts as [number]));
    }
    static override now(): number {
      return Now.now() + shift;
    }
  }
  globalThis.Date = Later as DateConstructor;
  try {
    return run();
  } finally {
    globalThis.Date = Now;
  }
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
