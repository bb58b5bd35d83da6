import assert from 'node:assert/strict';
import type { ErrorObject } from 'ajv';
import { type JsonSchema, schemaProblem, validate } from '../config/schema/json-schema.ts';
import type { AnyMapperDefinition } from '../config/schema/plugins.ts';
import type { Event } from '../event/event.ts';
import { checkDefinition } from '../plugins/check.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import { type Column, columnProblems, columnsOf, type Shape } from '../sdk/record/columns.ts';
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
 * Tests a mapper against the contract: its options are described, the same event always gives the same record, nothing throws,
 * every record fits the declared schema, and a lake can write that schema when it is an object.
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
  ].map((raw) => decodeEvent(raw, Date.UTC(2026, 0, 2)));
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
    for (const event of events) {
      const mapped = mapper.map(event);
      const what = `map(${JSON.stringify(event.rule)})`;
      assert.ok(
        typeof mapped?.ok === 'boolean',
        `${what} returned no { ok: true, record } or { ok: false, reason }`,
      );
      if (!mapped.ok) {
        assert.ok(mapped.reason?.length > 0, `${what} refused the event without a reason`);
        continue;
      }
      const problem = mapper.record && recordProblem(mapper.record as JsonSchema, mapped.record);
      assert.ok(problem === undefined, `${what} returned a record that does not fit its schema: ${problem}`);
    }
  });

  test(name('gives the same record every time, from another instance too'), async () => {
    const [first, second] = [make(), make()];
    for (const event of events) {
      assert.deepEqual(first.map(event), first.map(event));
      assert.deepEqual(second.map(event), first.map(event));
    }
  });
}

/** True for the schema of an object: what a lake could write. */
function hasColumns(record: JsonSchema): boolean {
  return record.type === 'object' || record.properties !== undefined;
}

/** Why a record does not fit its schema, with the path; undefined when it does. */
function recordProblem(schema: JsonSchema, record: unknown): string | undefined {
  const [error] = validate(schema, toJsonValue(record));
  if (error !== undefined) return described(error, 'record');
  return hasColumns(schema) && columnProblems(schema).length === 0
    ? columnProblem({ kind: 'group', columns: columnsOf(schema) as Column[] }, record, '')
    : undefined;
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

/** Integers that are within the schema and beyond their column. */
function columnProblem(shape: Shape, value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (shape.kind === 'group') {
    for (const { name, shape: inner } of shape.columns) {
      const full = path === '' ? name : `${path}.${name}`;
      const problem = columnProblem(inner, (value as Record<string, unknown>)[name], full);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (shape.kind === 'list') {
    return (value as unknown[])
      .map((element, index) => columnProblem(shape.element, element, `${path}[${index}]`))
      .find((problem) => problem !== undefined);
  }
  if (shape.kind === 'map') return undefined;
  if (shape.type === 'int32' && Number(value) !== (Number(value) | 0))
    return `${path}: ${value} is beyond 32 bits; write int64() in the schema`;
  const isLong = shape.type === 'int64' || shape.type === 'timestamp';
  if (isLong && typeof value === 'number' && !Number.isSafeInteger(value))
    return `${path}: ${value} is no safe integer; write it as a bigint`;
  if (isLong && typeof value === 'bigint' && BigInt.asIntN(64, value) !== value)
    return `${path}: ${value} is beyond 64 bits`;
  return undefined;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
