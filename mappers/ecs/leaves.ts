import { type TSchema, Type } from '../../core/sdk/index.ts';

/**
 * The leaves of the record. `from` names the Falco fields that fill one, the first that has a value wins: the schema is the mapping.
 * A leaf without is filled by code.
 */
export interface From {
  readonly from?: readonly string[];
}

const sources = (from: readonly string[]): From => (from.length > 0 ? { from } : {});

/** `keyword`, `wildcard`, `match_only_text`: text. */
export const text = (description: string, ...from: string[]) =>
  Type.Optional(Type.String({ description, ...sources(from) }));

/** A text that every record has. */
export const always = (description: string) => Type.String({ description });

/** `long` that fits 32 bits. */
export const integer = (description: string, ...from: string[]) =>
  Type.Optional(
    Type.Integer({ description, minimum: -2_147_483_648, maximum: 2_147_483_647, ...sources(from) }),
  );

/** `date`: epoch milliseconds in the record, a timestamp in Parquet, ISO 8601 in JSON. */
export const date = (description: string) => Type.Integer({ description, format: 'timestamp-millis' });

/** `ip`. */
export const ip = (description: string, ...from: string[]) =>
  Type.Optional(Type.String({ description, isAddress: true, ...sources(from) }));

/** Several values; absent when there is none. */
export const texts = (description: string, ...from: string[]) =>
  Type.Optional(Type.Array(Type.String(), { description, minItems: 1, ...sources(from) }));

/** A list of the one value that Falco tells. */
export const oneText = (description: string, ...from: string[]) =>
  Type.Optional(Type.Array(Type.String(), { description, minItems: 1, isSingle: true, ...sources(from) }));

/** A closed group of fields; absent when it would be empty. */
export const group = <P extends Record<string, TSchema>>(description: string, properties: P) =>
  Type.Optional(Type.Object(properties, { description }));
