import type { Fault } from '../explain/errors.ts';
import { namedSource } from '../explain/source.ts';
import type { Entry, Node } from '../read/tree.ts';
import { decodeScalars } from '../schema/decode.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { validateNode } from './validate.ts';

/** Options as `create` gets them, or all errors in them: the path of the option and the message. */
export type DecodedOptions =
  | { readonly ok: true; readonly options: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Validates and decodes options that do not come from a file, as those of the configuration are: defaults are filled in,
 * durations and sizes become numbers, and an error is the sentence that `tiercel validate` prints.
 *
 * @param schema of the options of an output or a mapper
 * @param given in YAML spelling
 * @example
 * decodeOptions(schema, { host: 'logs.example.com' }) // { ok: true, options: { host: 'logs.example.com', port: 514 } }
 * decodeOptions(schema, { host: 'logs.example.com', port: '514' })
 * // { ok: false, problems: ['port: must be a whole number, not a string. Write it without quotes: 514.'] }
 */
export function decodeOptions(schema: JsonSchema, given: unknown): DecodedOptions {
  const { value, faults } = validateNode(nodeOf(given), schema, []);
  if (faults.length > 0) return { ok: false, problems: faults.map(sentence) };
  return { ok: true, options: decodeScalars(schema, value) as Record<string, unknown> };
}

function sentence({ path, message, fix }: Fault): string {
  const where = path.length === 0 ? '' : `${path.join('.')}: `;
  return `${where}${message}${fix === undefined ? '' : `. ${fix}`}`;
}

/** The values are not in a file. */
const SPAN = { source: namedSource('options', ''), start: 0, end: 0 };

function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) return { kind: 'list', span: SPAN, items: value.map(nodeOf) };
  if (typeof value !== 'object' || value === null) {
    const scalar = value as string | number | bigint | boolean | null;
    return {
      kind: 'scalar',
      span: SPAN,
      value: scalar,
      written: String(value),
      isText: false,
      secret: false,
    };
  }
  const entries = new Map<string, Entry>();
  for (const [name, member] of Object.entries(value))
    if (member !== undefined) entries.set(name, { key: SPAN, value: nodeOf(member) });
  return { kind: 'map', span: SPAN, entries };
}
