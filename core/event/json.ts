import { isDecimal } from './decimal.ts';
import type { FieldValue } from './event.ts';

/**
 * JSON text of a value, with every number as the event wrote it. What JSON.stringify cannot do: it throws at a
 * bigint and has no way to print a decimal as it was. Takes records too: absent members are passed over, `toJSON` is asked.
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
