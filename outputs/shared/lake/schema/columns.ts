import type { TSchema } from '../../../../core/sdk/index.ts';
import { FORMATS } from './annotations.ts';

/** What one leaf column holds. `timestamp`: epoch milliseconds, UTC. */
export type LeafType = 'utf8' | 'int32' | 'int64' | 'timestamp' | 'double' | 'boolean';

/** The shape of a column; every column and every element is optional. `map` is text to text. */
export type Shape =
  | { readonly kind: 'leaf'; readonly type: LeafType }
  | { readonly kind: 'group'; readonly columns: readonly Column[] }
  | { readonly kind: 'list'; readonly element: Shape }
  | { readonly kind: 'map' };

/** A named column, top-level or in a group. */
export interface Column {
  readonly name: string;
  readonly shape: Shape;
}

/** A record schema that no column set can hold; the message begins with the path of the offending property. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** The JSON Schema keywords that are read; everything else only narrows values. */
interface Keywords {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Keywords[];
  readonly oneOf?: unknown;
  readonly allOf?: unknown;
  readonly $ref?: unknown;
  readonly items?: Keywords | readonly Keywords[];
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly patternProperties?: Readonly<Record<string, Keywords>>;
  readonly additionalProperties?: boolean | Keywords;
}

/** Names every query engine takes; a dot or a dash breaks Glue and Athena. `@timestamp` of ECS must be quoted there. */
const NAME = /^(?:[A-Za-z_][A-Za-z0-9_]*|@timestamp)$/;

/**
 * The columns of a record schema, in the order of its properties.
 *
 * @param record a closed object in JSON Schema (TypeBox), annotated as {@link FORMATS} says
 * @throws SchemaError naming the path of what no static column can hold: a union, a reference, an open or
 *   empty object, a name that query engines do not take
 * @example columnsOf(Type.Object({ time: long() }))
 */
export function columnsOf(record: TSchema): readonly Column[] {
  const shape = shapeOf(record as Keywords, '', []);
  if (shape.kind !== 'group') throw new SchemaError('record: must be a closed object with properties');
  return shape.columns;
}

function shapeOf(schema: Keywords, path: string, outer: readonly Keywords[]): Shape {
  const fail = (reason: string): never => {
    throw new SchemaError(`${path || 'record'}: ${reason}`);
  };
  if (outer.includes(schema)) fail('contains itself; columns are finite');
  if (schema.$ref !== undefined) fail('is a reference ($ref); write the schema out, columns are finite');
  const inner = [...outer, schema];
  const literals = literalsOf(schema);
  if (literals !== undefined && schema.format === undefined) {
    return { kind: 'leaf', type: literalType(literals) ?? fail('mixes literals of several types') };
  }
  if (schema.anyOf ?? schema.oneOf ?? schema.allOf) fail('is a union; a column has one type');
  switch (schema.type) {
    case 'string':
      return { kind: 'leaf', type: 'utf8' };
    case 'boolean':
      return { kind: 'leaf', type: 'boolean' };
    case 'number':
      return { kind: 'leaf', type: 'double' };
    case 'integer':
      if (schema.format === FORMATS.int64) return { kind: 'leaf', type: 'int64' };
      if (schema.format === FORMATS.timestampMillis) return { kind: 'leaf', type: 'timestamp' };
      if (schema.format !== undefined) fail(`has an unknown integer format ${JSON.stringify(schema.format)}`);
      return { kind: 'leaf', type: 'int32' };
    case 'array': {
      const { items } = schema;
      if (items === undefined || Array.isArray(items)) fail('must say its `items`, one schema for all');
      return { kind: 'list', element: shapeOf(items as Keywords, `${path}[]`, inner) };
    }
    case 'object':
      return isMap(schema) ? { kind: 'map' } : groupOf(schema, path, inner, fail);
    default:
      return fail(`has no type that a column can have: ${JSON.stringify(schema.type)}`);
  }
}

function groupOf(
  schema: Keywords,
  path: string,
  inner: readonly Keywords[],
  fail: (reason: string) => never,
): Shape {
  const properties = Object.entries(schema.properties ?? {});
  if (schema.patternProperties !== undefined || typeof schema.additionalProperties === 'object') {
    fail('has free keys; only a map of text to text can, Type.Record(Type.String(), Type.String())');
  }
  if (properties.length === 0) fail('has no properties; a Parquet group cannot be empty');
  if (schema.additionalProperties !== false) {
    fail('must be closed (additionalProperties: false), or what no column holds would be lost');
  }
  const seen = new Set<string>();
  const columns = properties.map(([name, property]) => {
    const full = path === '' ? name : `${path}.${name}`;
    if (!NAME.test(name)) throw new SchemaError(`${full}: a column name has letters, digits and _ only`);
    // Athena and Glue fold names to lower case.
    if (seen.has(name.toLowerCase()))
      throw new SchemaError(`${full}: differs from another column in case only`);
    seen.add(name.toLowerCase());
    return { name, shape: shapeOf(property, full, inner) };
  });
  return { kind: 'group', columns };
}

/** `Type.Record(Type.String(), Type.String())`, or the same said with `additionalProperties`. */
function isMap(schema: Keywords): boolean {
  if (Object.keys(schema.properties ?? {}).length > 0) return false;
  const patterns = Object.values(schema.patternProperties ?? {});
  if (typeof schema.additionalProperties === 'object') patterns.push(schema.additionalProperties);
  return patterns.length === 1 && patterns[0]?.type === 'string';
}

/** The values of `const`, `enum` or a union of those; undefined for any other schema. */
function literalsOf(schema: Keywords): readonly unknown[] | undefined {
  if (schema.const !== undefined) return [schema.const];
  if (schema.enum !== undefined) return schema.enum;
  if (schema.anyOf === undefined) return undefined;
  const each = schema.anyOf.map(literalsOf);
  return each.includes(undefined) ? undefined : each.flatMap((values) => values ?? []);
}

function literalType(values: readonly unknown[]): LeafType | undefined {
  if (values.every((value) => typeof value === 'string')) return 'utf8';
  if (values.every((value) => typeof value === 'boolean')) return 'boolean';
  if (values.every((value) => Number.isInteger(value))) {
    return values.every((value) => (value as number) === ((value as number) | 0)) ? 'int32' : 'int64';
  }
  return values.every((value) => typeof value === 'number') ? 'double' : undefined;
}
