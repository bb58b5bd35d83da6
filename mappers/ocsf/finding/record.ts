/** Makes RFC 3339 of the record's `_dt` attributes. */
function toJson(value: unknown, name = ''): unknown {
  if (typeof value === 'number') return name.endsWith('_dt') ? new Date(value).toISOString() : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => toJson(item));
  if (name === 'unmapped') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member, key)]));
}

/**
 * The prototype of every record. A record holds instants as epoch milliseconds, which is what a Parquet column
 * wants; its JSON is OCSF's, where a `datetime_t` is text.
 */
export const recordPrototype: object = Object.defineProperty({}, 'toJSON', {
  value(this: object) {
    return toJson({ ...this });
  },
});
