import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
  type Node as YamlNode,
} from 'yaml';
import type { Fault } from './errors.ts';
import { noteQuote, type Source, type Span } from './source.ts';
import type { Entry, MapNode, Node } from './tree.ts';

/** More than any configuration has; fewer than aliases of aliases can make of one page. */
const MAX_NODES = 100_000;

/**
 * Reads YAML 1.2 into a tree that knows its places. Anchors, aliases and `<<` are followed.
 *
 * @returns the tree as far as it could be read, and what is wrong with the text
 */
export function parseSource(source: Source): { root: Node; faults: Fault[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(source.text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    intAsBigInt: false,
    strict: true,
  });
  const syntax = [...document.errors, ...document.warnings].map((error) =>
    explainSyntax(error, source, document),
  );
  const empty: MapNode = { kind: 'map', span: { source, start: 0, end: 0 }, entries: new Map() };
  if (syntax.length > 0) return { root: empty, faults: syntax.slice(0, 1) };
  const builder = new Builder(source, document);
  const root = document.contents === null ? empty : builder.build(document.contents as YamlNode);
  return { root, faults: builder.faults };
}

class Builder {
  readonly faults: Fault[] = [];
  readonly #source: Source;
  readonly #document: Document;
  readonly #openAliases = new Set<YamlNode>();
  #nodes = 0;

  constructor(source: Source, document: Document) {
    this.#source = source;
    this.#document = document;
  }

  build(node: YamlNode | null): Node {
    const span = this.#span(node);
    const nothing: Node = { kind: 'scalar', span, value: null, written: '', isText: false, secret: false };
    if (node === null) return nothing;
    if (++this.#nodes > MAX_NODES) {
      if (this.#nodes === MAX_NODES + 1)
        this.#fault('TIERCEL_CFG_SYNTAX', span, 'the aliases multiply beyond all measure');
      return nothing;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document) as YamlNode | undefined;
      if (target === undefined || this.#openAliases.has(target)) {
        this.#fault(
          'TIERCEL_CFG_SYNTAX',
          span,
          `the alias *${node.source} has no anchor &${node.source} before it`,
        );
        return nothing;
      }
      this.#openAliases.add(target);
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
    const plain = this.#source.text.slice(span.start, span.end);
    const inside = typeof value === 'string' && value !== '' ? plain.indexOf(value) : -1;
    return {
      kind: 'scalar',
      span,
      value: isPlainValue(value) ? value : String(value),
      written,
      isText: false,
      secret: false,
      ...(inside >= 0 && { textStart: span.start + inside }),
    };
  }

  #map(items: { key: YamlNode; value: YamlNode | null }[], span: Span): MapNode {
    const entries = new Map<string, Entry>();
    const merged: MapNode[] = [];
    for (const pair of items) {
      const key = this.#span(pair.key);
      noteQuote(key, isScalar(pair.key) ? 'yes' : 'never');
      if (!isScalar(pair.key)) {
        this.#fault('TIERCEL_CFG_SYNTAX', key, 'a key must be a plain word');
        continue;
      }
      const name = String(pair.key.source ?? pair.key.value);
      const value = this.build(pair.value ?? null);
      if (name === '<<' && (value.kind === 'map' || value.kind === 'list')) {
        merged.push(...(value.kind === 'map' ? [value] : value.items.filter((item) => item.kind === 'map')));
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
          message: `the key "${name}" stands here for the second time`,
          span: key,
          other: first.key,
        });
      }
    }
    for (const map of merged) {
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry);
    }
    return { kind: 'map', span, entries };
  }

  #span(node: YamlNode | null): Span {
    const range = node?.range;
    return { source: this.#source, start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
  }

  #fault(code: Fault['code'], span: Span, message: string): void {
    this.faults.push({ code, path: [], message, span });
  }
}

function isPlainValue(value: unknown): value is string | number | bigint | boolean | null {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** Our own words: those of the library quote the text, which may hold secrets. */
const SYNTAX: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab is used as indentation; YAML takes spaces only',
  BAD_INDENT: 'the line is indented differently from the lines it belongs to',
  MISSING_CHAR: 'a closing quote, bracket, comma or colon is missing',
  BLOCK_AS_IMPLICIT_KEY: 'a value holds ": ", which begins a mapping; put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'a key stands without ":", or a value goes on over the line without quotes',
  BAD_SCALAR_START: 'a value begins with a character that means something in YAML; put the value in quotes',
  BAD_ALIAS: 'an alias has no anchor, or a value begins with "*"; put the value in quotes',
  BAD_DQ_ESCAPE: 'a backslash in double quotes begins no known escape; use single quotes',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is one document',
  BLOCK_IN_FLOW: 'an indented block stands inside brackets',
  TAG_RESOLVE_FAILED: 'the tag is unknown',
  UNEXPECTED_TOKEN: 'something stands here that does not belong; a quote or bracket may be missing before it',
};

function explainSyntax(error: YAMLError, source: Source, document: Document): Fault {
  const fault = (start: number, message: string): Fault => ({
    code: 'TIERCEL_CFG_SYNTAX',
    path: [],
    message: `not valid YAML: ${message}`,
    span: { source, start, end: start + 1 },
  });
  const [at] = error.pos;
  // The reader notices at the end of the file; the writer wants to know where it began.
  const opened = /clos|end with/i.test(error.message) ? openedAt(document, at) : undefined;
  if (opened === undefined) return fault(at, SYNTAX[error.code] ?? 'the text cannot be read from here on');
  const what = /["']/.test(source.text[opened]!) ? 'quote' : 'bracket';
  return fault(opened, `the ${what} that opens here is never closed, or closed too late`);
}

/** The start of the innermost quote or bracket around an offset. */
function openedAt(document: Document, at: number): number | undefined {
  let start: number | undefined;
  visit(document, (_, node) => {
    if (!isNode(node) || !node.range) return;
    const opens = isScalar(node) ? node.type?.startsWith('QUOTE') : (isMap(node) || isSeq(node)) && node.flow;
    if (opens && node.range[0] <= at && node.range[2] >= at) start = node.range[0];
  });
  return start;
}
