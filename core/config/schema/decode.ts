import { FORMATS } from './formats.ts';
import { branches, fits, type JsonSchema, memberSchema } from './json-schema.ts';

/**
 * Decodes a validated value from YAML spelling: durations become milliseconds, sizes bytes, and priorities get Falco's spelling.
 * Defaults, which are in YAML spelling too, are filled in.
 *
 * @param schema of an option or of a whole section
 * @param value valid for the schema
 * @example decodeScalars(Type.Object({ timeout: duration({ description: '…', default: '30s' }) }), {}) // { timeout: 30000 }
 */
export function decodeScalars(schema: JsonSchema, value: unknown): unknown {
  const given = value === undefined ? structuredClone(schema.default) : value;
  if (given === undefined) return undefined;
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) {
    const branch = union.find((candidate) => fits(candidate, given));
    return branch === undefined ? given : decodeScalars(branch, given);
  }
  if (typeof given === 'string') return decodeText(schema, given);
  if (Array.isArray(given))
    return schema.items === undefined ? given : given.map((item) => decodeScalars(schema.items!, item));
  if (typeof given === 'object' && given !== null)
    return decodeObject(schema, given as Record<string, unknown>);
  return given;
}

function decodeText(schema: JsonSchema, text: string): unknown {
  const format = branches(schema).find((branch) => branch.format !== undefined)?.format;
  if (format === undefined || !Object.hasOwn(FORMATS, format)) return text;
  const parsed = FORMATS[format]!.parse(text);
  return parsed.ok ? parsed.value : text;
}

function decodeObject(schema: JsonSchema, value: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const absent = branches(schema).flatMap((branch) => Object.keys(branch.properties ?? {}));
  for (const name of new Set([...Object.keys(value), ...absent])) {
    const member = memberSchema(schema, name);
    const own = Object.hasOwn(value, name) ? value[name] : undefined;
    const decoded = member === undefined ? own : decodeScalars(member, own);
    if (decoded === undefined) continue;
    const key = schema.propertyNames === undefined ? name : String(decodeText(schema.propertyNames, name));
    Object.defineProperty(result, key, {
      value: decoded,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}
