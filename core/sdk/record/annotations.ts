import { Type } from '../options/type.ts';

/** The formats that give an integer column another type than a 32-bit integer. */
export const FORMATS = { int64: 'int64', timestampMillis: 'timestamp-millis' } as const;

type Options = Readonly<Record<string, unknown>>;

/**
 * A 64-bit integer column: the record holds a safe integer or a bigint. In plain JSON Schema
 * `{ type: 'integer', format: 'int64' }`; without the format an integer column has 32 bits.
 *
 * @example
 * const record = Type.Object({ pid: int64({ description: 'Process id.' }) });
 */
export function int64(options: Options = {}) {
  return Type.Unsafe<number | bigint>({ type: 'integer', ...options, format: FORMATS.int64 });
}

/**
 * A column of instants in UTC: the record holds milliseconds since 1970. In plain JSON Schema
 * `{ type: 'integer', format: 'timestamp-millis' }`.
 *
 * @example
 * const record = Type.Object({ time: timestampMillis() });
 * const row: Static<typeof record> = { time: event.time };
 */
export function timestampMillis(options: Options = {}) {
  return Type.Integer({ ...options, format: FORMATS.timestampMillis });
}

/**
 * A column that maps texts to texts, for keys that are not known in advance: the record holds an object whose values are texts.
 *
 * @example
 * const record = Type.Object({ labels: textMap() });
 * const row: Static<typeof record> = { labels: { team: 'blue' } };
 */
export function textMap(options: Options = {}) {
  return Type.Record(Type.String(), Type.String(), options);
}

/**
 * A text column whose values are JSON: for what has no fixed columns.
 *
 * @example
 * const record = Type.Object({ fields: jsonText() });
 * const row: Static<typeof record> = { fields: stringify(event.fields) };
 */
export function jsonText(options: Options = {}) {
  return Type.String({ contentMediaType: 'application/json', ...options });
}
