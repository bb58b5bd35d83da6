import { type Static, type TSchema, Type } from '../../../../core/sdk/index.ts';

/** The OCSF versions a record can have. */
export const VERSIONS = ['1.1.0', '1.3.0', '1.5.0', '1.6.0', '1.8.0'] as const;
export type OcsfVersion = (typeof VERSIONS)[number];

/** Those of them that Security Lake accepts from a custom source. */
export const LAKE_VERSIONS = ['1.1.0', '1.3.0'] as const satisfies readonly OcsfVersion[];

/** The longest `string_t` of OCSF up to 1.3, in characters. */
export const MAX_TEXT = 65_535;

const INT32 = { minimum: -2_147_483_648, maximum: 2_147_483_647 };

/** OCSF's `hostname_t`, `uuid_t` and `email_t`, up to 1.3. */
export const HOSTNAME =
  /^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])$/;
export const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
export const EMAIL = /^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$/;

/** What a column may say besides its JSON Schema; read by `schema/trim.ts` and `check/semantic.ts`. */
export interface Notes {
  /** The first OCSF version that has the attribute. */
  readonly since?: OcsfVersion;
  /** The first OCSF version of {@link VERSIONS} in which the attribute is deprecated: from there on the record goes without it. */
  readonly until?: OcsfVersion;
  /** The profile the attribute belongs to: it must be declared in `metadata.profiles`. */
  readonly profile?: string;
  /** The captions of an enumeration, by id: the sibling attribute must hold the caption of its id. */
  readonly captions?: Readonly<Record<number, string>>;
}

/** An attribute that may be absent. */
export const opt = <T extends TSchema>(schema: T) => Type.Optional(schema);

/** `string_t`. */
export const text = (description: string, notes: Notes = {}) =>
  Type.String({ description, maxLength: MAX_TEXT, ...notes });

/** A `string_t` that always holds the same text. */
export const constant = (value: string, description: string) =>
  Type.String({ description, const: value, maxLength: MAX_TEXT });

/** An `integer_t` that always holds the same number. */
export const constantId = (value: number, description: string, notes: Notes = {}) =>
  Type.Integer({ description, const: value, ...notes });

/** `integer_t`: 32 bits. */
export const integer = (description: string, notes: Notes = {}) =>
  Type.Integer({ description, ...INT32, ...notes });

/** `port_t`. */
export const port = (description: string) => Type.Integer({ description, minimum: 0, maximum: 65_535 });

/** `long_t`. */
export const long = (description: string, more: Notes & { readonly enum?: readonly number[] } = {}) =>
  Type.Integer({ description, format: 'int64', ...more });

/** `timestamp_t`: epoch milliseconds in a plain 64-bit column. */
export const timestamp = (description: string) => long(description);

/** `datetime_t`: epoch milliseconds in the record, a timestamp in Parquet, RFC 3339 in JSON. */
export const datetime = (description: string) =>
  Type.Integer({ description, format: 'timestamp-millis', profile: 'datetime' });

/** `boolean_t`. */
export const bool = (description: string, notes: Notes = {}) => Type.Boolean({ description, ...notes });

/** An enumeration's id. Its caption is the sibling attribute without `_id`, or `_name` in place of `_uid`. */
export const enumId = (
  description: string,
  captions: Readonly<Record<number, string>>,
  notes: Notes & { sinceById?: Readonly<Record<number, OcsfVersion>> } = {},
) =>
  Type.Integer({
    description: `${description}: ${Object.entries(captions)
      .map(([id, caption]) => `${id} ${caption}`)
      .join(', ')}.`,
    enum: Object.keys(captions).map(Number),
    captions,
    ...notes,
  });

/** `ip_t`, checked as node:net does, which is stricter than OCSF's pattern. */
export const ip = (description: string) => Type.String({ description, format: 'ip', maxLength: MAX_TEXT });

/** `hostname_t`. */
export const hostname = (description: string) =>
  Type.String({ description, pattern: HOSTNAME.source, maxLength: MAX_TEXT });

/** `uuid_t`. */
export const uuid = (description: string) =>
  Type.String({ description, pattern: UUID.source, maxLength: MAX_TEXT });

/** `email_t`. */
export const email = (description: string) =>
  Type.String({ description, pattern: EMAIL.source, maxLength: MAX_TEXT });

/** A list, which is absent when it would be empty. */
export const list = <T extends TSchema>(items: T, description: string, notes: Notes = {}) =>
  Type.Array(items, { description, minItems: 1, ...notes });

/** `unmapped`: a map of text to text, the form that AWS's own files have. */
export const textMap = (description: string) =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    // Not patternProperties, as Type.Record has it: that is a pattern to match for every key.
    additionalProperties: { type: 'string' },
    description,
  });

/**
 * A closed object. The constraint is a keyword of our own: `anyOf` would say the same, but a column that is a
 * union is none.
 *
 * @param atLeastOne OCSF's `at_least_one` constraint: which attributes make the object worth having
 */
export const object = <P extends Record<string, TSchema>>(
  description: string,
  properties: P,
  { atLeastOne, ...notes }: Notes & { atLeastOne?: readonly (keyof P & string)[] } = {},
) =>
  Type.Object(properties, {
    description,
    ...(atLeastOne && { atLeastOne }),
    ...notes,
  });

/** The object, or undefined when all its members are: OCSF and Parquet know no empty objects. */
export function some<T extends object>(value: T): T | undefined {
  for (const key in value) if (value[key] !== undefined) return value;
  return undefined;
}

export type { Static, TSchema };
