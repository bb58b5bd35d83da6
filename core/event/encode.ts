import { isDecimal } from './decimal.ts';
import type { Event, FieldValue } from './event.ts';
import { decodeText, membersOf } from './parse.ts';
import { isAsReceived, originalOf } from './view.ts';

/**
 * The event as one line of JSON: its own members, in order and with exact numbers, and the enrichment of `output_fields` and
 * `tags`. An event without enrichment is its own text.
 *
 * A line break between the members becomes a space, so that the result is a line of NDJSON.
 *
 * @example
 * const line = `${eventToJson(event)}\n`;
 */
export function eventToJson(event: Event): string {
  if (isAsReceived(event)) {
    // A line break between the members is white space, and no string of JSON holds one.
    return decodeText(event.raw)
      .trim()
      .replaceAll(/[\r\n]/g, ' ');
  }
  const members = { ...(membersOf(originalOf(event)) ?? viewOf(event)) };
  if (Object.keys(event.fields).length > 0) members.output_fields = event.fields;
  if (event.tags.length > 0) members.tags = event.tags;
  return stringify(members);
}

/** The members of an event of another class (another copy of the package, a test), from its properties. */
function viewOf(event: Event): Record<string, FieldValue> {
  const { id, rule, priority, timeText, source, hostname, output } = event;
  return {
    uuid: id,
    ...(hostname && { hostname }),
    ...(output && { output }),
    priority,
    rule,
    ...(source && { source }),
    time: timeText,
    ...event.extra,
  };
}

/**
 * JSON text of a value, with every number as the event wrote it. JSON.stringify throws at a bigint and cannot print a decimal
 * as it was written. Also for records: undefined members are skipped, `toJSON` is called.
 *
 * @example stringify({ 'evt.time': 1783762698682419669n }) // '{"evt.time":1783762698682419669}'
 */
export function stringify(value: FieldValue): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map(stringify).join(',')}]`;
  if (isDecimal(value)) return value.literal;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return stringify(toJSON.call(value) as FieldValue);
  let text = '';
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${stringify(member)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/**
 * A value as plain text, for maps of text to text: a string as it is, anything else as its JSON.
 *
 * @example fieldText(['a', 1]) // '["a",1]'
 */
export function fieldText(value: FieldValue): string {
  return typeof value === 'string' ? value : stringify(value);
}
