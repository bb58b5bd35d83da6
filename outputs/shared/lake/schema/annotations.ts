import type { TSchema } from '../../../../core/sdk/index.ts';
import { Type } from '../../../../core/sdk/index.ts';

/**
 * How a record schema says which physical type a column has. All of it is plain JSON Schema, so that a mapper
 * can write it without this package:
 *
 * | JSON Schema | Parquet |
 * |---|---|
 * | `{ type: 'string' }` | BYTE_ARRAY, UTF8 |
 * | `{ type: 'integer' }` | INT32 |
 * | `{ type: 'integer', format: 'int64' }` | INT64; the record holds a number or a bigint |
 * | `{ type: 'integer', format: 'timestamp-millis' }` | INT64 TIMESTAMP(MILLIS, UTC); the record holds epoch milliseconds |
 * | `{ type: 'number' }` | DOUBLE |
 * | `{ type: 'boolean' }` | BOOLEAN |
 * | `{ type: 'array', items }` | 3-level LIST |
 * | `{ type: 'object', properties }` | group |
 * | `Type.Record(Type.String(), Type.String())` | MAP of UTF8 to UTF8 |
 */
export const FORMATS = { int64: 'int64', timestampMillis: 'timestamp-millis' } as const;

/** A 64-bit integer column: `{ type: 'integer', format: 'int64' }`. */
export function long(options: Record<string, unknown> = {}) {
  return Type.Integer({ ...options, format: FORMATS.int64 });
}

/** An instant: epoch milliseconds in the record, TIMESTAMP(MILLIS, UTC) in the file. */
export function timestampMillis(options: Record<string, unknown> = {}) {
  return Type.Integer({ ...options, format: FORMATS.timestampMillis });
}

/** A map of text to text. */
export function map(options: Record<string, unknown> = {}) {
  return Type.Record(Type.String(), Type.String(), options);
}

/** A column whose text is JSON: a plain string to Parquet, so that every engine reads it as one. */
export function jsonText(options: Record<string, unknown> = {}) {
  return Type.String({ contentMediaType: 'application/json', ...options });
}

/** A closed object: no other properties, as a static column set demands. */
export function closed<P extends Record<string, TSchema>>(
  properties: P,
  options: Record<string, unknown> = {},
) {
  return Type.Object(properties, { ...options, additionalProperties: false });
}
