import { fileSource, reveal, type Span } from '../explain/source.ts';
import { isSecret, itemSchema, type JsonSchema, memberSchema, typesOf } from '../schema/json-schema.ts';
import { hasCredentials } from './credentials-in-url.ts';
import { parseSource } from './parse.ts';
import type { Entry, MapNode, Node, ScalarNode } from './tree.ts';

/**
 * Converts texts from outside (environment variables, `--set`) to the types that the schema asks for. Also marks the values
 * that errors may quote: those that the schema knows and that are not secret.
 */
export function coerce(node: Node, schema: JsonSchema | undefined): Node {
  if (schema === undefined) return node;
  if (node.kind === 'list') {
    const items = itemSchema(schema);
    return { ...node, items: node.items.map((item) => coerce(item, items)) };
  }
  if (node.kind === 'map') return coerceMap(node, schema);
  // A schema that allows anything does not know the value. The options of an output have one until its type is known.
  if (typesOf(schema).size > 0) reveal(node.span, isSecret(schema) || hasCredentials(node.value));
  if (!node.isText) return node;
  const coerced = fromText(node, String(node.value), typesOf(schema));
  return coerced.kind === 'scalar' ? coerced : coerce(coerced, schema);
}

function coerceMap(node: MapNode, schema: JsonSchema): MapNode {
  const entries = new Map<string, Entry>();
  for (const [name, { key, value }] of node.entries) {
    entries.set(name, { key, value: coerce(value, memberSchema(schema, name)) });
  }
  return { ...node, entries };
}

function fromText(node: ScalarNode, text: string, types: ReadonlySet<string>): Node {
  const structured = types.has('object') || types.has('array');
  if (structured && /^\s*[[{]/.test(text)) {
    const parsed = parseSource(fileSource('', text, node.span.source.dir));
    if (parsed.faults.length === 0) return moveTo(parsed.root, node.span, node.secret);
  }
  if (types.has('string') || types.size === 0) return node;
  if (text === '') return { ...node, value: null };
  if (types.has('boolean') && (text === 'true' || text === 'false'))
    return { ...node, value: text === 'true' };
  const isNumber = types.has('number') || types.has('integer');
  if (isNumber && /^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text)) return { ...node, value: Number(text) };
  return node;
}

/** Gives parsed nodes the position of the text that they were parsed from. */
function moveTo(node: Node, span: Span, secret: boolean): Node {
  if (node.kind === 'scalar') return { ...node, span, secret };
  if (node.kind === 'list')
    return { ...node, span, items: node.items.map((item) => moveTo(item, span, secret)) };
  const entries = new Map<string, Entry>();
  for (const [name, { value }] of node.entries)
    entries.set(name, { key: span, value: moveTo(value, span, secret) });
  return { kind: 'map', span, entries };
}
