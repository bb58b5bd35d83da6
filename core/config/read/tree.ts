import type { Path } from '../explain/errors.ts';
import type { Span } from '../explain/source.ts';
import { itemSchema, type JsonSchema, memberSchema } from '../schema/json-schema.ts';

/** A value of the configuration that knows where it was written. */
export type Node = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: 'map';
  readonly span: Span;
  readonly entries: Map<string, Entry>;
}

/** One key of a mapping and its value. */
export interface Entry {
  readonly key: Span;
  readonly value: Node;
}

export interface ListNode {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: Node[];
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly span: Span;
  readonly value: string | number | bigint | boolean | null;
  /** As it was written, before YAML made a number of it. */
  readonly written: string;
  /** Came from outside as text (interpolation, environment, `--set`): the schema decides what it becomes. */
  readonly isText: boolean;
  /** Came from the environment or a secret file: never shown. */
  readonly secret: boolean;
  /** Where the text of `value` begins in the source; absent when the value is not what is written there. */
  readonly textStart?: number;
}

/**
 * The plain value of a node. A key without a value is "not set" and left out, everyday accident that it is; but one that the
 * schema does not know stays in, to be found out.
 */
export function toValue(node: Node, schema?: JsonSchema): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') {
    const items = schema && itemSchema(schema);
    return node.items.map((item) => toValue(item, items));
  }
  const object: Record<string, unknown> = {};
  for (const [key, { value }] of node.entries) {
    const member = schema && memberSchema(schema, key);
    if (isNull(value) && (schema === undefined || member !== undefined)) continue;
    // A key named __proto__ must become a key.
    Object.defineProperty(object, key, {
      value: toValue(value, member),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

/** The node at the path and its key, or the nearest node above it that exists. */
export function find(root: Node, path: Path): { node: Node; key?: Span; exact: boolean } {
  let node = root;
  let key: Span | undefined;
  for (const step of path) {
    const entry = node.kind === 'map' ? node.entries.get(String(step)) : undefined;
    const item = node.kind === 'list' ? node.items[Number(step)] : undefined;
    const next = entry?.value ?? item;
    if (next === undefined) return { node, ...(key && { key }), exact: false };
    node = next;
    key = entry?.key ?? item!.span;
  }
  return { node, ...(key && { key }), exact: true };
}

/** Where to point for a path: the value, for mappings and lists their key, for what is absent the key of what it is absent from. */
export function spanOf(root: Node, path: Path): Span {
  const { node, key, exact } = find(root, path);
  if (exact && node.kind === 'scalar' && !isNull(node)) return node.span;
  return key ?? { ...node.span, end: node.span.start + 1 };
}

/** True for a value that was left out: `key:` with nothing behind it, `~` or `null`. */
export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/**
 * Where a character of a text stands in the source: a text of several lines is indented there, and folded.
 *
 * @returns undefined where the two cannot be laid beside each other (an escape, say)
 */
export function offsetInSource({ value, span, textStart }: ScalarNode, offset: number): number | undefined {
  if (textStart === undefined) return undefined;
  const { text } = span.source;
  const wanted = String(value);
  const isBlock = /^[|>]/.test(text.slice(span.start, span.start + 1));
  const indent = isBlock ? textStart - (text.lastIndexOf('\n', textStart - 1) + 1) : Number.POSITIVE_INFINITY;
  let at = textStart;
  for (const character of wanted.slice(0, offset)) {
    if (text[at] === character && character !== '\n') at++;
    else if (/\s/.test(character) && /[\r\n]/.test(text[at] ?? '')) {
      at = text.indexOf('\n', at) + 1;
      for (let column = 0; column < indent && text[at] === ' '; column++) at++;
    } else return undefined;
  }
  return at;
}

/** Rebuilds the tree, scalars by the function; for interpolation. */
export async function mapScalars(
  node: Node,
  change: (scalar: ScalarNode, path: Path) => Promise<Node>,
  path: Path = [],
): Promise<Node> {
  if (node.kind === 'scalar') return change(node, path);
  if (node.kind === 'list') {
    const items: Node[] = [];
    for (const [index, item] of node.items.entries())
      items.push(await mapScalars(item, change, [...path, index]));
    return { ...node, items };
  }
  const entries = new Map<string, Entry>();
  for (const [name, { key, value }] of node.entries) {
    entries.set(name, { key, value: await mapScalars(value, change, [...path, name]) });
  }
  return { ...node, entries };
}
