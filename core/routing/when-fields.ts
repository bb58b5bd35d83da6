import { isDecimal } from '../event/decimal.ts';
import type { FieldValue } from '../event/event.ts';
import type { FieldUses } from './when-syntax.ts';

type View = (fields: Readonly<Record<string, FieldValue>>) => Record<string, unknown>;

/** What an expression sees as `fields`: only the fields that it names, null where the event lacks one, or all. */
export function fieldsFor({ keys, whole }: FieldUses): View {
  if (whole) {
    return (fields) => {
      const view: Record<string, unknown> = Object.create(null);
      for (const key of Object.keys(fields)) view[key] = plain(fields[key] as FieldValue);
      return view;
    };
  }
  return (fields) => {
    const view: Record<string, unknown> = Object.create(null);
    for (const key of keys) view[key] = plain(fields[key] ?? null);
    return view;
  };
}

/** CEL knows strings, int (bigint), double (number), bool, null, lists and maps: a decimal becomes the nearest double. */
function plain(value: FieldValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (isDecimal(value)) return value.valueOf();
  const view: Record<string, unknown> = Object.create(null);
  for (const [key, member] of Object.entries(value)) view[key] = plain(member as FieldValue);
  return view;
}
