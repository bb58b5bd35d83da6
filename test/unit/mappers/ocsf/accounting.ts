import type { Event, FieldValue } from '../../../../core/index.ts';
import { fieldText } from '../../../../core/index.ts';

const MISSING: readonly unknown[] = [null, '', '<NA>', 'N/A'];

/** Every single value of a record outside raw_data and unmapped, as text. */
export function valuesOf(record: object): Set<string> {
  const values = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
    else if (value !== undefined && value !== null) values.add(String(value));
  };
  const { raw_data, unmapped, ...columns } = record as Record<string, unknown>;
  walk(columns);
  return values;
}

/** The output fields that are neither in a column nor in unmapped. */
export function lostFields(event: Event, record: object): string[] {
  const values = valuesOf(record);
  const { unmapped = {} } = record as { unmapped?: Record<string, string> };
  const seconds = Math.floor(event.time / 1000);
  const fraction = /\.(\d+)/.exec(event.timeText)?.[1] ?? '';
  const instant = `${seconds}${fraction.slice(0, 9).padEnd(9, '0')}`;
  return Object.keys(event.fields).filter((key) => {
    const value = event.fields[key]!;
    if (MISSING.includes(value) || (key in unmapped && unmapped[key] === fieldText(value))) return false;
    if (key.startsWith('evt.') && fieldText(value) === instant) return false;
    if (values.has(fieldText(value))) return false;
    return !parts(key, value).every((part) => has(values, part));
  });
}

/** What to look for: the value, or the pieces that it is taken apart into. */
function parts(key: string, value: FieldValue): string[] {
  const text = fieldText(value);
  if (Array.isArray(value)) return value.map(fieldText);
  if (key === 'fd.name' && text.includes('->'))
    return text.split('->').map((end) => end.slice(0, end.lastIndexOf(':')));
  if (key === 'ka.uri') return text.split('?');
  if (key === 'fd.type')
    return [{ file: '1', directory: '2', unix: '5', pipe: '6', ipv4: '4', ipv6: '6' }[text] ?? text];
  if (key === 'fd.is_server') return [text === 'true' ? 'Inbound' : 'Outbound'];
  if (/^ka\.target\.(sub)?resource$/.test(key)) return [`~${text}`];
  if (key === 'container.id') return [`~${text}`];
  if (key === 'container.image.tag') return [text];
  return [text];
}

function has(values: Set<string>, part: string): boolean {
  if (!part.startsWith('~')) return values.has(part);
  return [...values].some((value) => value.includes(part.slice(1)));
}
