import type { Column, Shape } from '../../core/sdk/index.ts';

/**
 * A row in one form, whichever reader it is from: what is absent is left out, instants are epoch milliseconds, whole numbers texts.
 *
 * @param row an object, or the values of the columns in their order
 */
export function rowOf(columns: readonly Column[], row: unknown): Record<string, unknown> {
  const values = Array.isArray(row) ? row : columns.map(({ name }) => (row as Record<string, unknown>)[name]);
  const members = columns.map(({ name, shape }, index) => [name, shaped(shape, values[index])] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function shaped(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  switch (shape.kind) {
    case 'group':
      return rowOf(shape.columns, value);
    case 'list':
      return (value as unknown[]).map((element) => shaped(shape.element, element) ?? null);
    case 'map':
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    case 'leaf':
      if (shape.type === 'timestamp') return instantOf(value);
      return shape.type === 'int32' || shape.type === 'int64' ? String(value) : value;
  }
}

/** Epoch milliseconds of a date, or of one of the ways in which readers write UTC. */
function instantOf(value: unknown): number {
  if (typeof value !== 'string') return Number(value);
  const text = value.replace(' ', 'T').replace(/\+00(:?00)?$/, 'Z');
  return Date.parse(text.endsWith('Z') ? text : `${text}Z`);
}

/** What Trino and Athena call the columns, for a CREATE TABLE. */
export function trinoColumns(columns: readonly Column[]): string {
  return columns.map(({ name, shape }) => `"${name}" ${trinoType(shape)}`).join(', ');
}

function trinoType(shape: Shape): string {
  switch (shape.kind) {
    case 'group':
      return `row(${trinoColumns(shape.columns)})`;
    case 'list':
      return `array(${trinoType(shape.element)})`;
    case 'map':
      return 'map(varchar, varchar)';
    case 'leaf':
      return TRINO[shape.type];
  }
}

const TRINO = {
  utf8: 'varchar',
  int32: 'integer',
  int64: 'bigint',
  timestamp: 'timestamp(3)',
  double: 'double',
  boolean: 'boolean',
} as const;
