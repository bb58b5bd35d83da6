import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { SchemaValidateFunction } from 'ajv/dist/types/index.js';
import type { FalcosidekickKey } from '../../sdk/options/falcosidekick.ts';
import { FORMATS } from './formats.ts';
import { mapSchemas } from './map-schemas.ts';

/** The keywords of JSON Schema that the configuration uses. TypeBox makes such objects; a plugin may write them by hand. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly secret?: boolean;
  /** The keys of Falcosidekick that this option replaces. */
  readonly falcosidekick?: readonly FalcosidekickKey[];
  /** Rarely needed: shown apart. */
  readonly advanced?: boolean;
  /** Going to be removed. */
  readonly deprecated?: boolean;
  /** The limits of a duration or size, in YAML spelling. */
  readonly formatMinimum?: string;
  readonly formatMaximum?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** Options that this one requires, and those that it cannot be combined with. */
  readonly needs?: readonly string[];
  readonly excludes?: readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  /** The schema of the keys of a mapping: `{ type: 'string', format: 'priority' }`. */
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

// Not ajv's strict mode: the options of plugins are checked when a plugin is loaded. Not its optimizer: it takes two thirds of
// the time of a compilation, and a configuration is validated once.
const LAX = { strict: false, logger: false, code: { optimize: false } } as const;
const ajv = withFormats(new Ajv2020({ ...LAX, allErrors: true, verbose: true }));
const readOnly = withFormats(new Ajv2020(LAX));

function withFormats(instance: Ajv2020): Ajv2020 {
  for (const [name, format] of Object.entries(FORMATS))
    instance.addFormat(name, (text) => format.parse(text).ok);
  for (const keyword of ['formatMinimum', 'formatMaximum'] as const) {
    const validate = (limit: string, text: string, { format }: JsonSchema) =>
      isWithin(keyword, text, limit, format);
    instance.addKeyword({ keyword, type: 'string', validate: validate as SchemaValidateFunction });
  }
  for (const keyword of ['needs', 'excludes'] as const)
    instance.addKeyword({ keyword, schemaType: 'array', validate: siblings(keyword) });
  return instance;
}

/** Checks the other options of the same section. */
function siblings(keyword: 'needs' | 'excludes'): SchemaValidateFunction {
  const check: SchemaValidateFunction = (names: readonly string[], _value, _schema, place) => {
    const beside = place?.parentData ?? {};
    const other = names.find((name) => (beside[name] !== undefined) === (keyword === 'excludes'));
    check.errors = other === undefined ? [] : [{ keyword, params: { other }, message: keyword }];
    return other === undefined;
  };
  return check;
}

/** True also for a text that cannot be parsed: the format reports it. */
function isWithin(keyword: string, text: string, limit: string, format: string | undefined): boolean {
  const [value, bound] = [text, limit].map((one) => {
    const parsed = format === undefined ? undefined : FORMATS[format]?.parse(one);
    return parsed?.ok && typeof parsed.value === 'number' ? parsed.value : undefined;
  });
  if (value === undefined || bound === undefined) return true;
  return keyword === 'formatMinimum' ? value >= bound : value <= bound;
}

/** Validates options in YAML spelling; those with a default may be absent. Does not change them. @returns all errors */
export function validate(schema: JsonSchema, value: unknown): readonly ErrorObject[] {
  const check = ajv.compile(withoutDefaulted(schema));
  return check(value) ? [] : (check.errors ?? []);
}

const withoutDefaulted = (() => {
  const known = new WeakMap<JsonSchema, JsonSchema>();
  /** The schema in which nothing with a default is required: to the code it is always there, the user may leave it out. */
  return function relax(schema: JsonSchema): JsonSchema {
    let relaxed = known.get(schema);
    if (relaxed === undefined) {
      relaxed = mapSchemas(schema as Record<string, unknown>, (one) =>
        relax(one as JsonSchema),
      ) as JsonSchema;
      const required = schema.required?.filter((name) => schema.properties?.[name]?.default === undefined);
      if (required !== undefined) relaxed = { ...relaxed, required };
      known.set(schema, relaxed);
    }
    return relaxed;
  };
})();

/** True when the value is valid as it is, without defaults: a record of a mapper, say. */
export function fits(schema: JsonSchema, value: unknown): boolean {
  return readOnly.compile(schema)(value);
}

/** @returns why this is not a valid JSON Schema; undefined when it is. */
export function schemaProblem(schema: object): string | undefined {
  try {
    new Ajv2020(LAX).compile(schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The schemas that a value may fit: itself, or the branches of a union. */
export function branches(schema: JsonSchema): readonly JsonSchema[] {
  const union = schema.anyOf ?? schema.oneOf;
  return union === undefined ? [schema, ...(schema.allOf ?? [])] : union.flatMap(branches);
}

/** The JSON types that a value may have; empty when the schema does not say. */
export function typesOf(schema: JsonSchema): ReadonlySet<string> {
  const types = branches(schema).flatMap((branch) => {
    if (branch.type !== undefined) return branch.type;
    const values = branch.enum ?? ('const' in branch ? [branch.const] : []);
    return [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))];
  });
  return new Set(types);
}

/** The schema of a member of an object; undefined when the schema does not know it. */
export function memberSchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  const found: JsonSchema[] = [];
  for (const branch of branches(schema)) {
    const own =
      branch.properties && Object.hasOwn(branch.properties, name) ? branch.properties[name] : undefined;
    const byPattern = Object.entries(branch.patternProperties ?? {}).find(([pattern]) =>
      new RegExp(pattern).test(name),
    )?.[1];
    const rest = typeof branch.additionalProperties === 'object' ? branch.additionalProperties : undefined;
    const member = own ?? byPattern ?? rest;
    if (member !== undefined) found.push(member);
  }
  return found.length > 1 ? { anyOf: found } : found[0];
}

/** The schema of an element of a list. */
export function itemSchema(schema: JsonSchema): JsonSchema | undefined {
  return branches(schema).find((branch) => branch.items !== undefined)?.items;
}

/** True when a value of the schema is a secret in any of its forms. */
export function isSecret(schema: JsonSchema): boolean {
  return schema.secret === true || branches(schema).some((branch) => branch.secret === true);
}

/** The names an object may have, over all its forms. */
export function knownNames(schema: JsonSchema): string[] {
  return [...new Set(branches(schema).flatMap((branch) => Object.keys(branch.properties ?? {})))];
}
