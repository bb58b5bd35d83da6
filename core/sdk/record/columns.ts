import type { TSchema } from 'typebox';
import { FORMATS } from './annotations.ts';

/**
 * What one leaf column holds. `int32`, `int64`: integers of that many bits. `timestamp`: milliseconds since 1970, UTC.
 * `double`: a 64-bit floating-point number.
 */
export type LeafType = 'utf8' | 'int32' | 'int64' | 'timestamp' | 'double' | 'boolean';

/** The shape of a column; every column and every element is optional. `map`: texts to texts. */
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

/**
 * A record schema that no fixed set of columns can hold; the message names each property.
 *
 * @example
 * try {
 *   columnsOf(mapper.record);
 * } catch (error) {
 *   if (error instanceof SchemaError) log.error(error.message); // a: has no type; write one, or …
 * }
 */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** The JSON Schema keywords that are read; all others only narrow values. */
interface Keywords {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly anyOf?: readonly Keywords[];
  readonly oneOf?: unknown;
  readonly allOf?: unknown;
  readonly $ref?: unknown;
  readonly items?: Keywords | readonly Keywords[];
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly patternProperties?: Readonly<Record<string, Keywords>>;
  readonly additionalProperties?: boolean | Keywords;
}

/** The names that every query engine takes. ECS needs `@timestamp`, which must be quoted in a query. */
const NAME = /^(?:[A-Za-z_][A-Za-z0-9_]{0,254}|@timestamp)$/;

/**
 * The columns of a record schema, in the order of its properties. Every column may be absent in a record, so `null` beside a
 * type changes nothing.
 *
 * | JSON Schema | column |
 * |---|---|
 * | `{ type: 'string' }` | UTF-8 text |
 * | `{ type: 'integer' }` | 32-bit integer |
 * | `{ type: 'integer', format: 'int64' }` | 64-bit integer |
 * | `{ type: 'integer', format: 'timestamp-millis' }` | instant in UTC |
 * | `{ type: 'number' }` | 64-bit floating-point number |
 * | `{ type: 'boolean' }` | boolean |
 * | `{ const }`, `{ enum }`, a union of constants | the type of the constants |
 * | `{ type: 'array', items }` | list |
 * | `{ type: 'object', properties, additionalProperties: false }` | group |
 * | `{ type: 'object', additionalProperties: { type: 'string' } }` | map of texts to texts |
 *
 * @param record a closed object in JSON Schema
 * @throws SchemaError with all problems that {@link columnProblems} finds
 * @example
 * const record = Type.Object({ time: timestampMillis(), rule: Type.String() });
 * const names = columnsOf(record).map(({ name }) => name); // ['time', 'rule']
 */
export function columnsOf(record: TSchema | undefined): readonly Column[] {
  const { columns, problems } = readColumns(record);
  if (problems.length > 0) throw new SchemaError(problems.join('; '));
  return columns;
}

/**
 * Why a record schema has no fixed columns, for `checkMapper` of an output that writes a table: a union, a reference, an
 * open or empty object, a name that query engines do not take.
 *
 * @param record the `record` of a mapper
 * @returns one sentence for each property: its path, what is wrong and what to write; none when {@link columnsOf} succeeds
 * @example
 * columnProblems(Type.Object({ pid: Type.Any() }));
 * // ['pid: has no type; write one, or jsonText() and the value as JSON']
 */
export function columnProblems(record: TSchema | undefined): readonly string[] {
  return readColumns(record).problems;
}

function readColumns(record: TSchema | undefined): {
  readonly columns: readonly Column[];
  readonly problems: readonly string[];
} {
  if (record === undefined) {
    const problem =
      'record: is not declared; write the schema of the records, a closed object with properties';
    return { columns: [], problems: [problem] };
  }
  const problems: string[] = [];
  const shape = shapeOf(record as Keywords, 'record', [], problems);
  if (shape !== undefined && shape.kind !== 'group')
    problems.push('record: must be a closed object with properties');
  return { columns: shape?.kind === 'group' ? shape.columns : [], problems };
}

/** @returns undefined when a problem was added */
function shapeOf(
  schema: Keywords,
  path: string,
  outer: readonly Keywords[],
  problems: string[],
): Shape | undefined {
  const fail = (reason: string): undefined => {
    problems.push(`${path}: ${reason}`);
    return undefined;
  };
  if (typeof schema !== 'object' || schema === null) return fail('has no schema');
  if (outer.includes(schema)) {
    return fail('contains itself, and columns are finite; write the inner object as jsonText()');
  }
  if (schema.$ref !== undefined) return fail('is a reference ($ref); write the schema out');
  const literals = literalsOf(schema)?.filter((value) => value !== null);
  if (literals !== undefined && literals.length > 0 && schema.format === undefined) {
    const type = literalType(literals);
    return type === undefined
      ? fail('has constants of several types; write constants of one type')
      : { kind: 'leaf', type };
  }
  if (schema.anyOf !== undefined) {
    const [only, ...others] = schema.anyOf.filter((branch) => branch?.type !== 'null');
    if (only !== undefined && others.length === 0) return shapeOf(only, path, [...outer, schema], problems);
  }
  if (schema.anyOf ?? schema.oneOf ?? schema.allOf) {
    return fail('combines schemas (anyOf, oneOf, allOf), and a column has one type; write the one type');
  }
  const inner = [...outer, schema];
  switch (typeIn(schema)) {
    case 'string':
      return { kind: 'leaf', type: 'utf8' };
    case 'boolean':
      return { kind: 'leaf', type: 'boolean' };
    case 'number':
      return { kind: 'leaf', type: 'double' };
    case 'integer':
      return integerOf(schema, fail);
    case 'array': {
      const { items } = schema;
      if (items === undefined || Array.isArray(items)) {
        return fail('must have one schema for all elements (`items`)');
      }
      const element = shapeOf(items as Keywords, `${path}[]`, inner, problems);
      return element && { kind: 'list', element };
    }
    case 'object':
      return isMap(schema) ? { kind: 'map' } : groupOf(schema, path, inner, problems);
    default:
      return fail('has no type; write one, or jsonText() and the value as JSON');
  }
}

/** The type, without `null` beside it; a list of several others is none. */
function typeIn({ type }: Keywords): unknown {
  if (!Array.isArray(type)) return type;
  const types = type.filter((one) => one !== 'null');
  return types.length === 1 ? types[0] : undefined;
}

function integerOf({ format, minimum, maximum }: Keywords, fail: (reason: string) => undefined) {
  if (format === FORMATS.int64) return { kind: 'leaf', type: 'int64' } as const;
  if (format === FORMATS.timestampMillis) return { kind: 'leaf', type: 'timestamp' } as const;
  if (format !== undefined) {
    const known = Object.values(FORMATS).join(' or ');
    return fail(`has the integer format ${JSON.stringify(format)}; write ${known}, or none for 32 bits`);
  }
  if (isBeyond32Bits(minimum) || isBeyond32Bits(maximum)) {
    return fail('allows integers beyond 32 bits; write int64() (format: "int64")');
  }
  return { kind: 'leaf', type: 'int32' } as const;
}

function isBeyond32Bits(limit: unknown): boolean {
  return typeof limit === 'number' && (limit > 2 ** 31 || limit < -(2 ** 31));
}

function groupOf(
  schema: Keywords,
  path: string,
  inner: readonly Keywords[],
  problems: string[],
): Shape | undefined {
  const before = problems.length;
  const properties = Object.entries(schema.properties ?? {});
  if (schema.patternProperties !== undefined || typeof schema.additionalProperties === 'object') {
    problems.push(
      `${path}: has free keys; write textMap() (texts to texts), or jsonText() and the value as JSON`,
    );
  } else if (properties.length === 0) {
    problems.push(`${path}: has no properties; write them, textMap() or jsonText()`);
  } else if (schema.additionalProperties !== false) {
    problems.push(
      `${path}: must be closed (additionalProperties: false), because a property without a column is lost`,
    );
  }
  const seen = new Set<string>();
  const columns = properties.flatMap(([name, property]): Column[] => {
    const full = path === 'record' ? name : `${path}.${name}`;
    const problem = nameProblem(name, seen);
    if (problem !== undefined) problems.push(`${full}: ${problem}`);
    seen.add(name.toLowerCase());
    const shape = shapeOf(property, full, inner, problems);
    return shape === undefined ? [] : [{ name, shape }];
  });
  return problems.length === before ? { kind: 'group', columns } : undefined;
}

function nameProblem(name: string, seen: ReadonlySet<string>): string | undefined {
  if (!NAME.test(name)) {
    return 'cannot be the name of a column; write letters, digits and _, a letter or _ first, at most 255';
  }
  // A record without such a property has the inherited one.
  if (name in Object.prototype) return 'is a name that every JavaScript object has; write another';
  // Athena and Glue fold names to lower case.
  return seen.has(name.toLowerCase()) ? 'differs from another column in case only; write another' : undefined;
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
  if (schema?.type === 'null') return [null];
  if (schema?.const !== undefined) return [schema.const];
  if (schema?.enum !== undefined) return schema.enum;
  if (schema?.anyOf === undefined) return undefined;
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
