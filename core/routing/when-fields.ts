import { isDecimal } from '../event/decimal.ts';
import type { FieldValue } from '../event/event.ts';
import type { FieldUses } from './when-syntax.ts';

/** Maps and no objects: a field may have any name, `constructor` too. */
type View = Map<string, unknown>;

/** What an expression sees as `fields`: only the fields that it names, null where the event lacks one, or all. */
export function fieldsFor({
  keys,
  whole,
}: FieldUses): (fields: Readonly<Record<string, FieldValue>>) => View {
  if (whole) return viewOf;
  return (fields) => {
    const view: View = new Map();
    for (const key of keys) view.set(key, plain(fields[key] ?? null));
    return view;
  };
}

function viewOf(members: Readonly<Record<string, FieldValue>>): View {
  const view: View = new Map();
  for (const key of Object.keys(members)) view.set(key, plain(members[key] as FieldValue));
  return view;
}

/** CEL knows strings, int (bigint), double (number), bool, null, lists and maps: a decimal becomes the nearest double. */
function plain(value: FieldValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return isDecimal(value) ? value.valueOf() : viewOf(value as Readonly<Record<string, FieldValue>>);
}
