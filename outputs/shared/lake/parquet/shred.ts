import { type Column, type LeafType, leafCheck, type Shape } from '../../../../core/sdk/index.ts';
import { leavesOf } from '../schema/elements.ts';
import type { ColumnBuilder } from './column.ts';
import type { Value } from './value.ts';

/**
 * A record that does not fit its schema; the message begins with the path. Nothing of the record was written.
 *
 * @example
 * const appendTo = (writer: ParquetWriter, record: unknown) => {
 *   try {
 *     writer.append(record);
 *   } catch (error) {
 *     if (error instanceof RecordError) log.warn(`not written: ${error.message}`); // time: expected a 64-bit integer, got string
 *     else throw error;
 *   }
 * };
 */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** Takes a record apart into its leaf columns: one walk, a value or a null to each. */
export type Shred = (record: unknown) => void;

/** Writes one node of the record; undefined and null are absent. */
type Write = (value: unknown, repetition: number) => void;

/**
 * Makes the shredder of a schema: a tree of closures, built once, with the Dremel levels already worked out. Closures
 * and not generated code, so that it also runs where eval is barred.
 *
 * @param builders one for each leaf, in the order of {@link leavesOf}
 * @throws RecordError (the shredder) when a value is not what its column holds
 */
export function createShredder(columns: readonly Column[], builders: readonly ColumnBuilder[]): Shred {
  const rest = [...builders];
  const write = group(columns, 0, 0, rest, 'record');
  return (record) => write(record, 0);
}

/** @param definition the level when what is around this node is present but the node itself is not */
function node(
  shape: Shape,
  definition: number,
  repetition: number,
  rest: ColumnBuilder[],
  label: string,
): Write {
  switch (shape.kind) {
    case 'leaf':
      return leaf(shape.type, definition, rest.shift()!);
    case 'group': {
      const own = rest.slice(0, leavesOf(shape.columns).length);
      const present = group(shape.columns, definition + 1, repetition, rest, label);
      return (value, at) => {
        if (value === undefined || value === null) absent(own, definition, at);
        else present(value, at);
      };
    }
    case 'list':
      return list(shape.element, definition, repetition + 1, rest, label);
    case 'map':
      return map(definition, repetition + 1, rest.shift()!, rest.shift()!, label);
  }
}

function absent(builders: readonly ColumnBuilder[], definition: number, repetition: number): void {
  for (let i = 0; i < builders.length; i++) builders[i]!.absent(definition, repetition);
}

function group(
  columns: readonly Column[],
  definition: number,
  repetition: number,
  rest: ColumnBuilder[],
  label: string,
): Write {
  const members = columns.map(({ name, shape }) => ({
    name,
    write: node(shape, definition, repetition, rest, label === 'record' ? name : `${label}.${name}`),
  }));
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw mismatch(label, 'an object', value);
    const object = value as Record<string, unknown>;
    let written = 0;
    for (let i = 0; i < members.length; i++) {
      const { name, write } = members[i]!;
      const member = object[name];
      if (member !== undefined && member !== null) written++;
      write(member, at);
    }
    // A property without a column would be lost.
    let present = 0;
    for (const name in object) if (object[name] !== undefined && object[name] !== null) present++;
    if (present > written) throw unknownProperty(label, object, members);
  };
}

function unknownProperty(
  label: string,
  object: Readonly<Record<string, unknown>>,
  members: readonly { readonly name: string }[],
): RecordError {
  const known = new Set(members.map(({ name }) => name));
  const name = Object.keys(object).find((key) => (object[key] ?? undefined) !== undefined && !known.has(key));
  return new RecordError(`${label === 'record' ? '' : `${label}.`}${name}: is not in the schema`);
}

function list(
  element: Shape,
  definition: number,
  repetition: number,
  rest: ColumnBuilder[],
  label: string,
): Write {
  const all = [...rest];
  const write = node(element, definition + 2, repetition, rest, `${label}[]`);
  const own = all.slice(0, all.length - rest.length);
  return (value, at) => {
    if (value === undefined || value === null) return absent(own, definition, at);
    if (!Array.isArray(value)) throw mismatch(label, 'a list', value);
    if (value.length === 0) return absent(own, definition + 1, at);
    for (let i = 0; i < value.length; i++) write(value[i], i === 0 ? at : repetition);
  };
}

function map(
  definition: number,
  repetition: number,
  keys: ColumnBuilder,
  values: ColumnBuilder,
  label: string,
): Write {
  const write = leaf('utf8', definition + 2, values);
  return (value, at) => {
    if (value === undefined || value === null) return absent([keys, values], definition, at);
    if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(label, 'a map', value);
    const object = value as Record<string, unknown>;
    const names = Object.keys(object);
    if (names.length === 0) return absent([keys, values], definition + 1, at);
    for (let i = 0; i < names.length; i++) {
      const next = i === 0 ? at : repetition;
      keys.value(names[i]!, next);
      write(object[names[i]!], next);
    }
  };
}

function leaf(type: LeafType, definition: number, builder: ColumnBuilder): Write {
  const { is, problem } = leafCheck(type);
  return (value, at) => {
    if (value === undefined || value === null) builder.absent(definition, at);
    else if (is(value)) builder.value(value as Value, at);
    else throw new RecordError(`${builder.leaf.label}: ${problem(value)}`);
  };
}

function mismatch(label: string, wanted: string, value: unknown): RecordError {
  return new RecordError(`${label}: expected ${wanted}, got ${nameOf(value)}`);
}

function nameOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return `the bigint ${value}`;
  return Array.isArray(value) ? 'a list' : typeof value;
}
