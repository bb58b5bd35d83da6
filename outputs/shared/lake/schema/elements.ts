import type { SchemaElement } from 'hyparquet';
import type { Column, LeafType, Shape } from '../../../../core/sdk/index.ts';

/**
 * The Parquet schema of columns: a flat list in pre-order, the root first.
 *
 * Everything below the root is OPTIONAL, so that later files may add or leave out columns; only the key of a map is
 * REQUIRED, as the format demands. Lists have three levels (`list.element`): the only form every reader takes.
 * Both annotations are written, the old `converted_type` and the new `logical_type`: readers know one or the other.
 *
 * @example
 * const [root, time] = schemaElements(columnsOf(mapper.record)); // { name: 'schema', num_children: 9 }, { name: 'time', … }
 */
export function schemaElements(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(columnElements)];
}

function columnElements({ name, shape }: Column): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' as const };
  switch (shape.kind) {
    case 'leaf':
      return [{ ...optional, ...LEAVES[shape.type] }];
    case 'group':
      return [{ ...optional, num_children: shape.columns.length }, ...shape.columns.flatMap(columnElements)];
    case 'list':
      return [
        { ...optional, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...columnElements({ name: 'element', shape: shape.element }),
      ];
    case 'map':
      return [
        { ...optional, num_children: 1, converted_type: 'MAP', logical_type: { type: 'MAP' } },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        { name: 'key', repetition_type: 'REQUIRED', ...LEAVES.utf8 },
        { name: 'value', repetition_type: 'OPTIONAL', ...LEAVES.utf8 },
      ];
  }
}

const LEAVES: Readonly<Record<LeafType, Omit<SchemaElement, 'name'>>> = {
  utf8: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
};

/** One leaf as the writer needs it. */
export interface Leaf {
  readonly type: LeafType;
  readonly element: SchemaElement;
  /** Names from the root, `list.element` and `key_value.key` included. */
  readonly path: readonly string[];
  /** As a person writes it: `attacks[].tactic.uid`, `unmapped{}`. */
  readonly label: string;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** The leaf columns in schema order, with their Dremel levels. */
export function leavesOf(columns: readonly Column[]): Leaf[] {
  return columns.flatMap(({ name, shape }) => shapeLeaves(shape, [name], name, 1, 0));
}

/** @param definition the level at which a value of this shape is present */
function shapeLeaves(
  shape: Shape,
  path: readonly string[],
  label: string,
  definition: number,
  repetition: number,
): Leaf[] {
  switch (shape.kind) {
    case 'leaf': {
      const { type } = shape;
      const element: SchemaElement = { name: path.at(-1)!, repetition_type: 'OPTIONAL', ...LEAVES[type] };
      return [{ type, element, path, label, maxDefinition: definition, maxRepetition: repetition }];
    }
    case 'group':
      return shape.columns.flatMap((column) =>
        shapeLeaves(
          column.shape,
          [...path, column.name],
          `${label}.${column.name}`,
          definition + 1,
          repetition,
        ),
      );
    case 'list':
      return shapeLeaves(
        shape.element,
        [...path, 'list', 'element'],
        `${label}[]`,
        definition + 2,
        repetition + 1,
      );
    case 'map': {
      const entry = { type: 'utf8' as const, maxRepetition: repetition + 1 };
      const element = (name: string): SchemaElement => ({ name, ...LEAVES.utf8 });
      return [
        {
          ...entry,
          element: { ...element('key'), repetition_type: 'REQUIRED' },
          path: [...path, 'key_value', 'key'],
          label: `${label}{key}`,
          maxDefinition: definition + 1,
        },
        {
          ...entry,
          element: { ...element('value'), repetition_type: 'OPTIONAL' },
          path: [...path, 'key_value', 'value'],
          label: `${label}{}`,
          maxDefinition: definition + 2,
        },
      ];
    }
  }
}
