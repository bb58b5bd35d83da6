import { AssertionError } from 'node:assert';
import { decodeOptions } from '../config/check/decode-options.ts';
import type { JsonSchema } from '../config/schema/json-schema.ts';

/**
 * Options as the running program hands them to `create`: defaults filled in, durations and sizes as numbers.
 *
 * @param given in YAML spelling
 * @param whose whose options they are, for the error
 * @throws AssertionError with the path and the mistake of each option that is not valid, as `tiercel validate` prints them
 * @example decodedOptions(definition.options, { host: 'logs.example.com' }) // { host: 'logs.example.com', port: 514 }
 */
export function decodedOptions(
  schema: JsonSchema,
  given: unknown,
  whose = 'contract',
): Readonly<Record<string, unknown>> {
  const result = decodeOptions(schema, given);
  if (result.ok) return result.options;
  throw new AssertionError({
    message: `the options of the ${whose} are not valid: ${result.problems.join('; ')}`,
  });
}
