import assert from 'node:assert/strict';
import { validateNode } from '../config/check/validate.ts';
import { namedSource, type Span } from '../config/explain/source.ts';
import type { Node } from '../config/read/tree.ts';
import { decodeScalars } from '../config/schema/decode.ts';
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
  assert.ok(typeof given === 'object' && given !== null, `the options of the ${whose} are not an object`);
  const { value, faults } = validateNode(nodeOf(given), schema, []);
  const problems = faults.map(({ path, message, fix }) => {
    const where = path.length === 0 ? '' : `${path.join('.')}: `;
    return `${where}${message}${fix === undefined ? '' : `. ${fix}`}`;
  });
  assert.ok(problems.length === 0, `the options of the ${whose} are not valid: ${problems.join('; ')}`);
  return decodeScalars(schema, value) as Record<string, unknown>;
}

/** Options of a test have no place in a file. */
const NOWHERE: Span = { source: namedSource('options', ''), start: 0, end: 0 };

/** A value as if a configuration file had it. */
function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) return { kind: 'list', span: NOWHERE, items: value.map(nodeOf) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, { key: NOWHERE, value: nodeOf(member) }] as const);
    return { kind: 'map', span: NOWHERE, entries: new Map(entries) };
  }
  return {
    kind: 'scalar',
    span: NOWHERE,
    value: value as string | number | boolean | null,
    written: String(value),
    isText: false,
    secret: false,
  };
}
