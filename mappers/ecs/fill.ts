import type { Fields } from '../falco-fields/fields.ts';
import { isAddress } from '../falco-fields/fields.ts';
import type { From } from './leaves.ts';

/** A JSON object under construction. */
export type Part = Record<string, unknown>;

interface Node extends From {
  readonly type?: string;
  readonly isAddress?: boolean;
  readonly isSingle?: boolean;
  readonly properties?: Readonly<Record<string, Node>>;
}

/** Fills one leaf of a record from the fields of the event. */
export type Filler = (fields: Fields, record: Part) => void;

/** The fillers of all leaves that say where they come `from`. */
export function fillersOf(schema: object, path: readonly string[] = []): Filler[] {
  const node: Node = schema;
  const own = node.from === undefined ? [] : [filler(node, node.from, path)];
  const below = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    fillersOf(child, [...path, name]),
  );
  return [...own, ...below];
}

function filler(node: Node, from: readonly string[], path: readonly string[]): Filler {
  const read = reader(node);
  return (fields, record) => {
    if (valueAt(record, path) !== undefined) return;
    for (const field of from) {
      const value = read(fields, field);
      if (value === undefined) continue;
      put(record, path, value);
      // What only repeats it needs no second place.
      if (typeof value === 'string') fields.takeIfEqual(value, ...from);
      return;
    }
  };
}

function reader(node: Node): (fields: Fields, field: string) => unknown {
  if (node.type === 'integer') return (fields, field) => fields.int32(field);
  if (node.isSingle === true) {
    return (fields, field) => {
      const value = fields.text(field);
      return value === undefined ? undefined : [value];
    };
  }
  if (node.type === 'array') return (fields, field) => fields.list(field);
  if (node.isAddress === true) return (fields, field) => fields.textIf(field, isAddress);
  return (fields, field) => fields.text(field);
}

/** Puts a value where it belongs; absent ones make no group. */
export function put(record: Part, path: readonly string[], value: unknown): void {
  if (value === undefined) return;
  let part = record;
  for (const name of path.slice(0, -1)) {
    part[name] ??= {};
    part = part[name] as Part;
  }
  part[path.at(-1)!] = value;
}

function valueAt(record: Part, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const name of path) value = (value as Part | undefined)?.[name];
  return value;
}
