import type { Static, TObject } from 'typebox';
import { decodeOptions } from '../../core/config/check/decode-options.ts';
import type { JsonSchema } from '../../core/config/schema/json-schema.ts';

/**
 * Options as `create` of a definition gets them from the running program: defaults filled in, durations and sizes as numbers.
 *
 * @param given in YAML spelling
 * @throws Error with every mistake in them
 * @example const output = file.create(decoded(file, { path: '/tmp/events.ndjson' }), context);
 */
export function decoded<O extends TObject>(
  { options }: { readonly options: O },
  given: Readonly<Record<string, unknown>>,
): Static<O> {
  const result = decodeOptions(options as JsonSchema, given);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.options as Static<O>;
}
