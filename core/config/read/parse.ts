import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from 'yaml';
import type { Fault } from '../explain/errors.ts';
import { noteQuote, type Source, type Span } from '../explain/source.ts';
import { syntaxFaults, TEMPLATE } from './syntax.ts';
import { type Entry, isNull, type MapNode, type Node } from './tree.ts';

/** More nodes than the aliases of any configuration expand to. Nested aliases can expand to any number. */
const MAX_EXPANDED = 100_000;

/**
 * Parses YAML 1.2 into a tree with positions. Resolves anchors, aliases and `<<`.
 *
 * @returns the tree as far as it could be read, and the errors of the text
 */
export function parseSource(source: Source): { root: Node; faults: Fault[] } {
  const document = parseDocument(source.text, {
    prettyErrors: false,
    uniqueKeys: false,
    intAsBigInt: false,
    strict: true,
  });
  const syntax = syntaxFaults(document, source);
  const empty: MapNode = { kind: 'map', span: { source, start: 0, end: 0 }, entries: new Map() };
  if (syntax.length > 0) return { root: empty, faults: syntax };
  const builder = new Builder(source, document);
  const { contents } = document;
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  const root = isEmpty ? empty : builder.build(contents as YamlNode);
  return { root: builder.isEndless ? empty : root, faults: builder.faults };
}

class Builder {
  readonly faults: Fault[] = [];
  /** True if aliases expand to too many nodes; the tree is empty then. */
  isEndless = false;
  readonly #source: Source;
  readonly #document: Document;
  readonly #openAliases = new Set<YamlNode>();
  /** The position of the outermost alias whose target is being built. */
  #outerAlias: Span | undefined;
  #expanded = 0;

  constructor(source: Source, document: Document) {
    this.#source = source;
    this.#document = document;
  }

  build(node: YamlNode | null): Node {
    const span = this.#span(node);
    const nothing: Node = { kind: 'scalar', span, value: null, written: '', isText: false, secret: false };
    if (node === null) return nothing;
    if (this.#openAliases.size > 0 && ++this.#expanded > MAX_EXPANDED) {
      if (this.#expanded === MAX_EXPANDED + 1)
        this.#fault(this.#outerAlias ?? span, 'YAML aliases expand to too many nodes');
      this.isEndless = true;
      return nothing;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document) as YamlNode | undefined;
      const isInside = target !== undefined && this.#openAliases.has(target);
      if (target === undefined || isInside) {
        const why = isInside ? 'refers to a node that contains it' : `has no anchor &${node.source} above it`;
        this.#fault(span, `the alias *${node.source} ${why}`);
        this.isEndless ||= isInside;
        return nothing;
      }
      this.#openAliases.add(target);
      if (this.#openAliases.size === 1) this.#outerAlias = span;
      const built = this.build(target);
      this.#openAliases.delete(target);
      return built;
    }
    if (isMap(node)) return this.#map(node.items as { key: YamlNode; value: YamlNode | null }[], span);
    if (isSeq(node))
      return { kind: 'list', span, items: node.items.map((item) => this.build(item as YamlNode)) };
    if (!isScalar(node)) return nothing;
    noteQuote(span, 'unknown');
    const { value } = node;
    const written = node.source ?? this.#source.text.slice(span.start, span.end);
    return {
      kind: 'scalar',
      span,
      value: isPlainValue(value) ? value : String(value),
      written,
      isText: false,
      secret: false,
      ...(typeof value === 'string' && { textStart: this.#textStart(span.start, node.type) }),
    };
  }

  /** The start of the text of a scalar: after its quote, or on the line after its `|` or `>`. */
  #textStart(start: number, type: string | undefined): number {
    if (type?.startsWith('QUOTE')) return start + 1;
    if (!type?.startsWith('BLOCK')) return start;
    const { text } = this.#source;
    const below = text.indexOf('\n', start) + 1;
    return below + text.slice(below).search(/[^ \r\n]|$/);
  }

  #map(items: { key: YamlNode; value: YamlNode | null }[], span: Span): Node {
    const entries = new Map<string, Entry>();
    const merged: MapNode[] = [];
    let isBroken = false;
    for (const pair of items) {
      const key = this.#span(pair.key);
      noteQuote(key, isScalar(pair.key) ? 'yes' : 'never');
      if (!isScalar(pair.key)) {
        const isTemplate = this.#source.text.startsWith('{', key.start - 1) && isMap(pair.key);
        this.#fault(key, isTemplate ? TEMPLATE : 'a mapping or a list cannot be a key');
        // Builds the value only to register it: text that is not registered is quoted in errors.
        this.build(pair.value ?? null);
        isBroken = true;
        continue;
      }
      const name = String(pair.key.source ?? pair.key.value);
      const value = this.build(pair.value ?? null);
      if (name === '<<') {
        const maps = value.kind === 'list' ? value.items : [value];
        merged.push(...maps.filter((one) => one.kind === 'map'));
        if (maps.some((one) => one.kind !== 'map' && !isNull(one)))
          this.#fault(key, '"<<" requires a mapping or a list of mappings');
        continue;
      }
      const first = entries.get(name);
      if (first === undefined) {
        const placed = value.span.end === 0 ? { ...value, span: key } : value;
        entries.set(name, { key, value: placed });
      } else {
        this.faults.push({
          code: 'TIERCEL_CFG_DUPLICATE_KEY',
          path: [],
          message: `duplicate key "${name}"`,
          span: key,
          other: first.key,
        });
      }
    }
    for (const map of merged) {
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry);
    }
    if (isBroken) return { kind: 'scalar', span, value: null, written: '', isText: false, secret: false };
    return { kind: 'map', span, entries };
  }

  #span(node: YamlNode | null): Span {
    const range = node?.range;
    return { source: this.#source, start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
  }

  #fault(span: Span, message: string): void {
    this.faults.push({ code: 'TIERCEL_CFG_SYNTAX', path: [], message, span });
  }
}

function isPlainValue(value: unknown): value is string | number | bigint | boolean | null {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}
