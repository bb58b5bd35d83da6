import { FORMATS } from './formats.ts';
import { branches, type JsonSchema, memberSchema, validate } from './json-schema.ts';

/**
 * Decodes a validated value from YAML spelling: durations become milliseconds, sizes bytes, and priorities get Falco's spelling.
 * Defaults, which are in YAML spelling too, are filled in.
 *
 * @param schema of an option or of a whole section
 * @param value valid for the schema
 * @example decodeScalars(Type.Object({ timeout: duration({ description: '…', default: '30s' }) }), {}) // { timeout: 30000 }
 */
export function decodeScalars(schema: JsonSchema, value: unknown): unknown {
  return filled(schema, value, decodeText);
}

/**
 * The value with the defaults of options that were left out, at any depth, all in YAML spelling. A section without a default
 * that was left out stays out, whatever the defaults in it.
 *
 * @param value may be invalid; what does not fit the schema stays as it is
 * @example fillDefaults(Type.Object({ timeout: duration({ description: '…', default: '30s' }) }), {}) // { timeout: '30s' }
 */
export function fillDefaults(schema: JsonSchema, value: unknown): unknown {
  return filled(schema, value, (_schema, text) => text);
}

type FromText = (schema: JsonSchema, text: string) => unknown;

function filled(schema: JsonSchema, value: unknown, fromText: FromText): unknown {
  const given = value === undefined ? structuredClone(schema.default) : value;
  if (given === undefined) return undefined;
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) {
    const branch = union.find((candidate) => validate(candidate, given).length === 0);
    return branch === undefined ? given : filled(branch, given, fromText);
  }
  if (typeof given === 'string') return fromText(schema, given);
  if (Array.isArray(given))
    return schema.items === undefined ? given : given.map((item) => filled(schema.items!, item, fromText));
  if (typeof given === 'object' && given !== null)
    return filledObject(schema, given as Record<string, unknown>, fromText);
  return given;
}

function decodeText(schema: JsonSchema, text: string): unknown {
  const format = branches(schema).find((branch) => branch.format !== undefined)?.format;
  if (format === undefined || !Object.hasOwn(FORMATS, format)) return text;
  const parsed = FORMATS[format]!.parse(text);
  return parsed.ok ? parsed.value : text;
}

function filledObject(
  schema: JsonSchema,
  value: Record<string, unknown>,
  fromText: FromText,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const absent = branches(schema).flatMap((branch) => Object.keys(branch.properties ?? {}));
  for (const name of new Set([...Object.keys(value), ...absent])) {
    const member = memberSchema(schema, name);
    const own = Object.hasOwn(value, name) ? value[name] : undefined;
    const decoded = member === undefined ? own : filled(member, own, fromText);
    if (decoded === undefined) continue;
    const key = schema.propertyNames === undefined ? name : String(fromText(schema.propertyNames, name));
    Object.defineProperty(result, key, {
      value: decoded,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}
