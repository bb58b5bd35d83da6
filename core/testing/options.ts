import assert from 'node:assert/strict';
import { validateNode } from '../config/check/validate.ts';
import { namedSource, type Span } from '../config/explain/source.ts';
import type { Node } from '../config/read/tree.ts';
import { decodeScalars } from '../config/schema/decode.ts';
import type { JsonSchema } from '../config/schema/json-schema.ts';

/**
 * Checks options as a configuration file is checked, fills in the defaults and decodes them: durations become milliseconds,
 * sizes bytes.
 *
 * @param given in YAML spelling
 * @throws AssertionError with one line for each mistake, which names the option
 * @example decodeOptions(definition.options, { url: 'https://tickets.example.com', timeout: '5s' }) // { url: …, timeout: 5000 }
 */
export function decodeOptions(schema: unknown, given: unknown): object {
  assert.ok(typeof given === 'object' && given !== null, 'the options are not an object');
  const { value, faults } = validateNode(nodeOf(given), schema as JsonSchema, []);
  const mistakes = faults.map(({ path, message, fix }) => {
    const where = path.length === 0 ? '' : `${path.join('.')}: `;
    return `\n- ${where}${message}${fix === undefined ? '' : ` (${fix})`}`;
  });
  assert.ok(mistakes.length === 0, `the options do not fit the definition:${mistakes.join('')}`);
  return decodeScalars(schema as JsonSchema, value) as object;
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
