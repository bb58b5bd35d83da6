/** A JSON Schema as plain data. */
export type Schema = Readonly<Record<string, unknown>>;

/** What holds schemas by name, in a list, and one alone. */
const BY_NAME = ['properties', 'patternProperties'];
const LISTS = ['anyOf', 'oneOf', 'allOf'];
const SINGLE = ['items', 'additionalProperties', 'propertyNames', 'if', 'then', 'else'];

/**
 * The schema with each one directly in it replaced.
 *
 * @param replace gets the name where the schema is an option
 * @example
 * const withoutTitles = ({ title, ...one }: Schema): Schema => mapSchemas(one, withoutTitles);
 */
export function mapSchemas(
  schema: Schema,
  replace: (one: Schema, option?: string) => unknown,
): Record<string, unknown> {
  const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;
  const result: Record<string, unknown> = { ...schema };
  for (const [keyword, value] of Object.entries(schema)) {
    if (!isSchema(value)) continue;
    if (BY_NAME.includes(keyword)) {
      const isOption = keyword === 'properties';
      result[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, one]) => [
          name,
          isSchema(one) ? replace(one, isOption ? name : undefined) : one,
        ]),
      );
    } else if (LISTS.includes(keyword) && Array.isArray(value)) {
      result[keyword] = value.map((one) => (isSchema(one) ? replace(one) : one));
    } else if (SINGLE.includes(keyword)) result[keyword] = replace(value);
  }
  return result;
}
