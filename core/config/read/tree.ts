import type { Path } from '../explain/errors.ts';
import type { Span } from '../explain/source.ts';
import { itemSchema, type JsonSchema, memberSchema } from '../schema/json-schema.ts';

/** A value of the configuration with its position. */
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
  /** As written, before YAML converted it to a number. */
  readonly written: string;
  /** True for text from outside (interpolation, environment, `--set`), which is coerced by the schema. */
  readonly isText: boolean;
  /** True for values from the environment or a file of a secret: they are never shown. */
  readonly secret: boolean;
  /** The start of the text of `value` in the source; absent when the value is not written there. */
  readonly textStart?: number;
}

/**
 * The plain value of a node. A known key without a value counts as not set and is left out; an unknown one stays, so that it is
 * reported.
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
    // A plain assignment to __proto__ would set the prototype.
    Object.defineProperty(object, key, {
      value: toValue(value, member),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

/** The node at the path and its key, or its nearest ancestor that exists. */
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

/** The span that an error about a path points at: the scalar, the key of a mapping or list, or the key of the parent of a missing value. */
export function spanOf(root: Node, path: Path): Span {
  const { node, key, exact } = find(root, path);
  if (exact && node.kind === 'scalar' && !isNull(node)) return node.span;
  return key ?? { ...node.span, end: node.span.start + 1 };
}

/** True for an empty value: `key:`, `~` or `null`. */
export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/**
 * The offset in the source of a character of a value. Texts of several lines are indented and folded in the source.
 *
 * @returns undefined where the source and the value differ, such as at an escape
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

/** A copy of the tree in which the function replaces every scalar. */
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
