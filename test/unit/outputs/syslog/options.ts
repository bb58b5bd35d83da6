import { decodeScalars } from '../../../../core/config/schema/decode.ts';
import { type JsonSchema, validate } from '../../../../core/config/schema/json-schema.ts';
import { options, type SyslogOptions } from '../../../../outputs/syslog/options.ts';

/**
 * Options as the program decodes them, defaults filled in.
 *
 * @param given in YAML spelling
 * @throws Error when they do not fit the schema
 */
export function decoded(given: Record<string, unknown>): SyslogOptions {
  const text = structuredClone(given);
  const schema = options as JsonSchema;
  const errors = validate(schema, text);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return decodeScalars(schema, text) as SyslogOptions;
}

/** The defaults. */
export const OPTIONS = decoded({ host: 'syslog.example.com' });
