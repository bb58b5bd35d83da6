import { createHash } from 'node:crypto';
import type { Event, FieldValue } from './event.ts';
import { boundsFault, type Container, MAX_DEPTH, MAX_VALUES, restoreNumbers } from './json-scan.ts';
import { PRIORITIES, type Priority, parsePriority } from './priority.ts';
import { type EventTime, parseTime } from './time.ts';

/** An event, or the field at fault (`body` for the JSON as a whole) and what is wrong with it. */
export type ParseResult =
  | { readonly ok: true; readonly event: Event }
  | { readonly ok: false; readonly field: string; readonly reason: string };

type Json = Record<string, FieldValue>;
const NO_FIELDS: Json = {};

const KNOWN: ReadonlySet<string> = new Set([
  'rule',
  'priority',
  'time',
  'source',
  'hostname',
  'output',
  'tags',
  'output_fields',
]);

/**
 * Reads one Falco alert. Never throws.
 *
 * Needs `rule`, `priority` and `time`; everything else may be absent or null. Bytes that are not UTF-8 show as
 * U+FFFD in the view and stay as they are in `raw`: Falco never sends again, so refusing would lose the event.
 * A byte order mark is skipped. Of duplicate keys the last one counts.
 *
 * @param raw the bytes as received; kept, not copied
 * @param receivedAt epoch milliseconds
 */
export function parseEvent(raw: Uint8Array, receivedAt: number): ParseResult {
  const text = decodeText(raw);
  const beyond = outOfBounds(text);
  if (beyond !== undefined) return beyond;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return refuse('body', raw.length === 0 ? 'is empty' : `is not JSON: ${(error as Error).message}`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refuse('body', `must be a JSON object, not ${kind(body)}`);
  }
  const json = body as Json;
  const time = parseTime(json.time);
  const priority = readPriority(json);
  const problem = fault(json, priority, time);
  if (problem !== undefined) return problem;
  return { ok: true, event: new ParsedEvent(raw, receivedAt, json, priority!, time!) };
}

/** The text of an event's bytes. */
export function decodeText(raw: Uint8Array): string {
  const start = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf ? 3 : 0;
  const buffer = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return buffer.toString('utf8', start);
}

/** The view of one event. Exact numbers and the id, which a request does not need, are computed on first access. */
class ParsedEvent implements Event {
  readonly raw: Uint8Array;
  readonly receivedAt: number;
  readonly priority: Priority;
  readonly time: number;
  readonly timeText: string;
  readonly #json: Json;
  #exact = false;
  #id: string | undefined;
  #fields: Json | undefined;
  #extra: Json | undefined;

  constructor(raw: Uint8Array, receivedAt: number, json: Json, priority: Priority, time: EventTime) {
    this.raw = raw;
    this.receivedAt = receivedAt;
    this.priority = priority;
    this.time = time.milliseconds;
    this.timeText = time.text;
    this.#json = json;
  }

  get id(): string {
    const { uuid } = this.#json;
    this.#id ??= typeof uuid === 'string' && uuid !== '' ? uuid : deriveId(this.raw);
    return this.#id;
  }

  get rule(): string {
    return this.#json.rule as string;
  }

  get source(): string {
    return text(this.#json, 'source');
  }

  get hostname(): string {
    return text(this.#json, 'hostname');
  }

  get output(): string {
    return text(this.#json, 'output');
  }

  get tags(): readonly string[] {
    return (this.#json.tags as readonly string[] | null | undefined) ?? [];
  }

  get fields(): Json {
    this.#fields ??= (this.#members().output_fields ?? Object.create(null)) as Json;
    return this.#fields;
  }

  get extra(): Json {
    if (this.#extra === undefined) {
      this.#extra = Object.create(null) as Json;
      for (const [key, value] of Object.entries(this.#members())) {
        const isId = key === 'uuid' && typeof value === 'string';
        if (!KNOWN.has(key) && !isId) this.#extra[key] = value;
      }
    }
    return this.#extra;
  }

  static membersOf(event: Event): Json | undefined {
    return #json in event ? event.#members() : undefined;
  }

  static peek(event: Event): Readonly<Record<string, unknown>> {
    return (
      ((#json in event ? event.#json.output_fields : event.fields) as Json | null | undefined) ?? NO_FIELDS
    );
  }

  static isParsed(event: Event): boolean {
    return #json in event;
  }

  #members(): Json {
    if (!this.#exact) {
      restoreNumbers(decodeText(this.raw), this.#json);
      dropPrototypes(this.#json);
      this.#exact = true;
    }
    return this.#json;
  }
}

/** All members of a parsed event as they were written, with exact numbers; undefined for an event of another class. */
export const membersOf: (event: Event) => Readonly<Json> | undefined = ParsedEvent.membersOf;

/**
 * Raw `output_fields` without exact numbers, which saves a request the work of `fields` (bench/cases/ingest.ts). Read strings
 * only: other values may be inexact or come from the prototype of an object.
 */
export const peekFields: (event: Event) => Readonly<Record<string, unknown>> = ParsedEvent.peek;

/** Whether the event was made by {@link parseEvent}, so that its raw bytes are the whole event. */
export const isParsed: (event: Event) => boolean = ParsedEvent.isParsed;

/**
 * The id of an event without `uuid`: a UUID of version 8 (RFC 9562: free form) from the start of the SHA-256 of the raw
 * bytes. The same bytes give the same id, so duplicates that an HTTP client sends can be recognized.
 */
export function deriveId(raw: Uint8Array): string {
  const digest = createHash('sha256').update(raw).digest();
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function refuse(field: string, reason: string): ParseResult {
  return { ok: false, field, reason };
}

/** The first fault of an event, if any. */
function fault(
  json: Json,
  priority: Priority | undefined,
  time: EventTime | undefined,
): ParseResult | undefined {
  const rule = json.rule;
  if (rule === undefined) return refuse('rule', 'is missing');
  if (typeof rule !== 'string' || rule === '')
    return refuse('rule', `must be a non-empty text, not ${kind(rule)}`);
  const level = json.priority;
  if (level === undefined) return refuse('priority', 'is missing');
  if (priority === undefined) {
    return refuse('priority', `must be one of ${PRIORITIES.join(', ')}, not ${kind(level)}`);
  }
  const when = json.time;
  if (when === undefined) return refuse('time', 'is missing');
  if (time === undefined) {
    return refuse(
      'time',
      `must be an RFC 3339 time such as 2026-01-31T09:44:58.682419669Z, not ${kind(when)}`,
    );
  }
  for (const name of ['source', 'hostname', 'output'] as const) {
    const value = json[name];
    if (value != null && typeof value !== 'string') return refuse(name, `must be a text, not ${kind(value)}`);
  }
  const tags = json.tags;
  if (tags != null) {
    if (!Array.isArray(tags)) return refuse('tags', `must be a list of texts, not ${kind(tags)}`);
    const wrong = tags.findIndex((tag) => typeof tag !== 'string');
    if (wrong >= 0) return refuse(`tags[${wrong}]`, `must be a text, not ${kind(tags[wrong])}`);
  }
  const fields = json.output_fields;
  if (fields != null && (typeof fields !== 'object' || Array.isArray(fields))) {
    return refuse('output_fields', `must be an object, not ${kind(fields)}`);
  }
  return undefined;
}

/** Refuses a text that would keep JSON.parse busy or overflow the stack of a recursive function. */
function outOfBounds(text: string): ParseResult | undefined {
  const beyond = boundsFault(text);
  if (beyond === undefined) return undefined;
  // A list of events: this reason helps more than its length.
  if (/^\s*\[/.test(text)) return refuse('body', 'must be a JSON object, not a list');
  return beyond.kind === 'depth'
    ? refuse(beyond.member ?? 'body', `is nested deeper than ${MAX_DEPTH} levels`)
    : refuse('body', `has more than ${MAX_VALUES} values`);
}

/**
 * A number is accepted only with the timestamp of Falco's gRPC output, whose enumeration counts down from Emergency 0.
 * Elsewhere its meaning is unknown: Falcosidekick counts in the other direction.
 */
function readPriority(json: Json): Priority | undefined {
  const value = json.priority;
  if (typeof value === 'string') return parsePriority(value);
  return typeof value === 'number' && typeof json.time === 'object' ? PRIORITIES[value] : undefined;
}

function text(json: Json, name: string): string {
  return (json[name] as string | null | undefined) ?? '';
}

/** A short description of a value for an error message. */
function kind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return `the ${typeof value} ${String(value)}`;
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

/** Removes the prototype of every object, so that `fields.constructor` is undefined. */
function dropPrototypes(value: Container): void {
  if (Array.isArray(value)) {
    for (const item of value)
      if (typeof item === 'object' && item !== null) dropPrototypes(item as Container);
    return;
  }
  // A number that is already a Decimal keeps its methods.
  if (Object.getPrototypeOf(value) !== Object.prototype) return;
  Object.setPrototypeOf(value, null);
  for (const key in value) {
    const item = value[key];
    if (typeof item === 'object' && item !== null) dropPrototypes(item as Container);
  }
}
