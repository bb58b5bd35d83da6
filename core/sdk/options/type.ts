import type { TSchema, Type as TypeBox } from 'typebox';

/** The part of TypeBox's `Type` that is given to plugin authors. */
export type TypeBuilder = Pick<
  typeof TypeBox,
  | 'Any'
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'Ref'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe'
>;

type Options = Readonly<Record<string, unknown>>;

/** The mark of TypeBox on a member that may be left out; hidden, so that the schema stays plain JSON Schema. */
const OPTIONAL = '~optional';

/**
 * Builds JSON Schemas that are TypeScript types as well: TypeBox's types, and its values made here. A schema is one
 * object literal, and TypeBox is 370 modules: loading it took a third of the start (bench/cases/start.ts), in every worker
 * thread again. Compatible with schemas built by TypeBox.
 *
 * Two things differ from JSON Schema's habits. `Type.Object` is closed: a property that it does not name is an error, unless
 * `additionalProperties` says otherwise. And an option with a default is required: the framework fills the default in, so the
 * type is without `undefined` and no code repeats the default.
 *
 * @example
 * const options = Type.Object({
 *   url: Type.String({ format: 'uri', description: 'Where to POST.' }),
 *   retries: Type.Integer({ minimum: 0, default: 3, description: 'How often to try again.' }),
 *   team: Type.Optional(Type.String({ description: 'The team to call.' })),
 * });
 * type Options = Static<typeof options>; // { url: string; retries: number; team?: string }
 */
export const Type: TypeBuilder = {
  Any: (options?: Options) => ({ ...options }),
  Array: (items: TSchema, options?: Options) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly unknown[], options?: Options) => ({ enum: [...values], ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Options) => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Options) => ({ type: 'null', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Object: object,
  Optional: (schema: TSchema) => Object.defineProperty({ ...schema }, OPTIONAL, { value: true }),
  Record: record,
  Ref: ($ref: string, options?: Options) => ({ $ref, ...options }),
  String: (options?: Options) => ({ type: 'string', ...options }),
  Union: (anyOf: readonly TSchema[], options?: Options) => ({ anyOf, ...options }),
  Unknown: (options?: Options) => ({ ...options }),
  Unsafe: (schema: TSchema) => ({ ...schema }),
  // A test compares each result with that of TypeBox.
} as unknown as TypeBuilder;

function object(properties: Readonly<Record<string, object>>, options?: Options): object {
  const required = Object.keys(properties).filter((name) => !(OPTIONAL in properties[name]!));
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties,
    additionalProperties: false,
    ...options,
  };
}

function record(key: { readonly type?: unknown }, value: TSchema, options?: Options): object {
  if (key.type !== 'string') throw new TypeError('the keys of Type.Record are Type.String()');
  return { type: 'object', patternProperties: { '^.*$': value }, ...options };
}
