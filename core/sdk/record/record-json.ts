import { isDecimal } from '../../event/decimal.ts';
import { eventToJson, stringify } from '../../event/encode.ts';
import type { Event, FieldValue } from '../../event/event.ts';
import type { Mapper } from '../contract/mapper.ts';

/** The name of the error that {@link recordJson} throws; two copies of the package have two classes. */
const NAME = 'UnmappableRecordError';

/**
 * A record that cannot become JSON. The framework makes a dead letter of that record and delivers the others, so an output need
 * not catch it.
 */
export interface UnmappableRecordError extends Error {
  readonly name: typeof NAME;
  /** The record itself. */
  readonly record: unknown;
}

/** Whether an error says that one record cannot become JSON. */
export function isUnmappableRecord(error: unknown): error is UnmappableRecordError {
  return error instanceof Error && error.name === NAME && 'record' in error;
}

/**
 * How an output turns the records of its mapper into JSON, each a single line.
 *
 * A mapper whose `record` is text of media type `application/json` (`falco` is one) has written it already, with
 * every number as the event had it; an event is written as it was received; any other record is encoded, a text as a
 * JSON string.
 *
 * The function throws for a record that cannot become JSON (it contains itself, or a getter throws). Do not catch that: the
 * framework makes a dead letter of the record and delivers the others.
 *
 * @example const toJson = recordJson(context.mapper); const body = `[${records.map(toJson).join(',')}]`;
 */
export function recordJson(mapper: Pick<Mapper, 'record'>): (record: unknown) => string {
  const { type, contentMediaType } = (mapper.record ?? {}) as { type?: unknown; contentMediaType?: unknown };
  const encode = type === 'string' && contentMediaType === 'application/json' ? written : encoded;
  return (record) => {
    try {
      return encode(record);
    } catch (error) {
      const reason = `the record cannot become JSON: ${jsonProblem(record) ?? messageOf(error)}`;
      throw Object.assign(new Error(reason), { name: NAME, record });
    }
  };
}

function written(record: unknown): string {
  if (typeof record === 'string') return record;
  throw new Error(`it is ${kindOf(record)}, and its schema says that it is the text of JSON`);
}

function encoded(record: unknown): string {
  return isEvent(record) ? eventToJson(record) : stringify(record as FieldValue);
}

/** What the mapper `event` gives: its bytes and what is worked out of them are no part of it. */
function isEvent(record: unknown): record is Event {
  const { raw, rule } = (record ?? {}) as Partial<Event>;
  return raw instanceof Uint8Array && typeof rule === 'string';
}

/**
 * Why a value has no JSON, with the path of the first place that has none.
 *
 * @param strict also what JSON has no form for and what would become `{}` or `null`: a Map, a function, a symbol, a promise, NaN
 * @returns undefined where it has
 * @example
 * const loop: Record<string, unknown> = {};
 * loop.self = loop;
 * jsonProblem({ tags: [loop] }); // 'tags[0].self: contains itself'
 */
export function jsonProblem(record: unknown, { strict = false } = {}): string | undefined {
  const outer: object[] = [];
  const at = (path: string, problem: string) => `${path === '' ? 'record' : path}: ${problem}`;

  function look(value: unknown, path: string): string | undefined {
    if (typeof value !== 'object' || value === null) return strict ? scalarProblem(value, path) : undefined;
    if (isDecimal(value as FieldValue)) return undefined;
    if (outer.includes(value)) return at(path, 'contains itself');
    if (outer.length > DEEPEST) return at(path, `is nested more than ${DEEPEST} levels deep`);
    outer.push(value);
    const problem = inside(value, path);
    outer.pop();
    return problem;
  }

  function inside(value: object, path: string): string | undefined {
    let toJson: unknown;
    try {
      toJson = (value as { toJSON?: unknown }).toJSON;
      if (typeof toJson === 'function') return look(toJson.call(value), path);
    } catch (error) {
      return at(path, `toJSON failed: ${messageOf(error)}`);
    }
    if (strict && !isPlain(value))
      return at(path, `is ${kindOf(value)}, which has no JSON; write a plain object`);
    for (const name of Object.keys(value)) {
      const full = Array.isArray(value) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
      let member: unknown;
      try {
        member = (value as Record<string, unknown>)[name];
      } catch (error) {
        return at(full, `cannot be read: ${messageOf(error)}`);
      }
      const problem = member === undefined ? undefined : look(member, full);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  function scalarProblem(value: unknown, path: string): string | undefined {
    if (typeof value === 'number' && !Number.isFinite(value))
      return at(path, `is ${value}, which JSON does not have; leave it out`);
    if (typeof value === 'function' || typeof value === 'symbol')
      return at(path, `is ${kindOf(value)}, which has no JSON; leave it out`);
    return undefined;
  }

  try {
    return isEvent(record) ? undefined : look(record, '');
  } catch (error) {
    return messageOf(error);
  }
}

/** No record of a real event is so deep; the encoder's stack ends at some thousands. */
const DEEPEST = 1_000;

/** An object literal, an array, or an object without a prototype; of any realm. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `a Map`, `a function`, `an instance of Point`, for messages. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'a list';
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
