/** Where a part of the configuration comes from: a file, an argument or an environment variable. The latter two have no lines. */
export interface Source {
  /** As errors show it: `config.yaml`, `--set outputs.lake.region`, `environment variable TIERCEL_LOG__LEVEL`. */
  readonly name: string;
  /** Empty for everything that is not a file: its text could be a secret. */
  readonly text: string;
  /** The folder that relative paths written here start from. */
  readonly dir: string;
  /** Which parts of a line may be quoted, by offset. Filled while the text is read and checked. */
  readonly quotes: Map<number, Quote>;
  readonly isFile: boolean;
}

/** A key or scalar of a source. A scalar is hidden until the schema says that it is not secret. */
export interface Quote {
  readonly start: number;
  readonly end: number;
  shown: 'unknown' | 'yes' | 'never';
}

/** A range of characters of a source. */
export interface Span {
  readonly source: Source;
  /** Offsets in `source.text`, the end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** A position as it is printed. Line and column count from 1 and are absent outside files. */
export interface Place {
  readonly source: string;
  readonly line?: number;
  readonly column?: number;
  /** The line with secrets hidden, and the start (from 0) and length of the span in it. */
  readonly excerpt?: { readonly text: string; readonly start: number; readonly length: number };
}

/** Makes the source of a file. */
export function fileSource(name: string, text: string, dir: string): Source {
  return { name, text, dir, quotes: new Map(), isFile: true };
}

/** Makes a source without lines; its values are never quoted. */
export function namedSource(name: string, dir: string): Source {
  return { name, text: '', dir, quotes: new Map(), isFile: false };
}

/** Registers a key, which may be quoted, or a scalar, which may not until {@link reveal}. */
export function noteQuote(span: Span, shown: Quote['shown']): void {
  if (!span.source.quotes.has(span.start)) span.source.quotes.set(span.start, { ...span, shown });
}

/** Allows to quote a scalar that the schema knows, unless it is secret here or elsewhere, such as through an alias. */
export function reveal(span: Span, secret: boolean): void {
  const quote = span.source.quotes.get(span.start);
  if (quote === undefined || quote.shown === 'never') return;
  const text = quote.start < quote.end ? span.source.text.slice(quote.start, quote.end) : '';
  // After a missing quote one value covers many lines, which may hold secrets.
  const swallows = text.includes('\n') && !/^[|>]/.test(text);
  quote.shown = secret || swallows ? 'never' : 'yes';
}

/** Line, column and the quoted line, with everything hidden that may be secret. */
export function placeOf({ source, start, end }: Span): Place {
  if (!source.isFile) return { source: source.name };
  const at = Math.min(start, source.text.length);
  const starts = lineStartsOf(source);
  const line = lastUpTo(starts, at, (lineStart) => lineStart);
  const lineStart = starts[line]!;
  const lineEnd = (starts[line + 1] ?? source.text.length + 1) - 1;
  return {
    source: source.name,
    line: line + 1,
    column: at - lineStart + 1,
    excerpt: quoteLine(source, { start: lineStart, end: lineEnd }, { start: at, end: Math.max(end, at + 1) }),
  };
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

function quoteLine(
  source: Source,
  line: Stretch,
  marked: Stretch,
): { text: string; start: number; length: number } {
  const quotes = source.quotes.size > 0 ? quotesOn(source, line) : guessQuotes(source.text, line);
  let text = '';
  let at = line.start;
  let start = -1;
  let end = -1;
  /** Copies up to the offset and tracks the span, which moves when text before it is hidden. */
  const copy = (to: number, shown: string) => {
    if (start < 0 && marked.start < to)
      start = text.length + Math.min(marked.start - at, Math.max(shown.length - 1, 0));
    if (end < 0 && marked.end <= to) end = text.length + Math.min(marked.end - at, shown.length);
    text += shown;
    at = to;
  };
  for (const quote of quotes) {
    const from = Math.max(quote.start, line.start);
    const to = Math.min(quote.end, line.end);
    if (from < at) continue;
    copy(from, source.text.slice(at, from));
    copy(to, quote.shown === 'yes' ? source.text.slice(from, to) : '***');
  }
  // A comment after the last value may hold an old password.
  copy(line.end, source.text.slice(at, line.end).replace(/\s*#.*$/, ''));
  text = text.replace(/\s+$/, '').replaceAll('\t', ' ');
  if (start < 0) start = text.length;
  if (end <= start) end = Math.max(text.length, start + 1);
  return { text, start, length: Math.max(1, end - start) };
}

/** A text that is not YAML has no scalars: everything but keys is hidden, word by word. */
function guessQuotes(text: string, line: Stretch): Quote[] {
  const content = text.slice(line.start, line.end);
  const key = /^\s*(?:- +)*["']?[A-Za-z0-9_./@-]*["']?\s*:(?=\s|$)/.exec(content);
  const from = key === null ? 0 : key[0].length;
  return [...content.slice(from).matchAll(/[^\s"'{}[\],:#|>&*!-][^"'{}[\],:#]*/g)].map((match) => {
    const start = line.start + from + match.index;
    return { start, end: start + match[0].trimEnd().length, shown: 'never' as const };
  });
}

/** Index of the last element whose start is not beyond the offset, by binary search; 0 when there is none. */
function lastUpTo<T>(sorted: readonly T[], offset: number, startOf: (element: T) => number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (startOf(sorted[middle]!) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The offsets where the lines of a text start. Computed once, so that a thousand errors do not scan the text a thousand times. */
const lineStarts = new WeakMap<Source, readonly number[]>();

function lineStartsOf(source: Source): readonly number[] {
  const known = lineStarts.get(source);
  if (known !== undefined) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1))
    starts.push(at + 1);
  lineStarts.set(source, starts);
  return starts;
}

/** The quotes of a source by their start, and for each the furthest end of those up to it. */
interface SortedQuotes {
  readonly count: number;
  readonly quotes: readonly Quote[];
  readonly reach: readonly number[];
}

const sortedQuotes = new WeakMap<Source, SortedQuotes>();

/** The quotes of a line in their order. A quote may begin on an earlier line. */
function quotesOn(source: Source, line: Stretch): Quote[] {
  let sorted = sortedQuotes.get(source);
  // Quotes are registered while the text is read, all before the first error is shown.
  if (sorted?.count !== source.quotes.size) {
    const quotes = [...source.quotes.values()].sort((a, b) => a.start - b.start);
    let furthest = 0;
    const reach = quotes.map(({ end }) => {
      furthest = Math.max(furthest, end);
      return furthest;
    });
    sorted = { count: source.quotes.size, quotes, reach };
    sortedQuotes.set(source, sorted);
  }
  const { quotes, reach } = sorted;
  if (quotes.length === 0) return [];
  const found: Quote[] = [];
  for (
    let at = lastUpTo(quotes, line.end - 1, ({ start }) => start);
    at >= 0 && reach[at]! > line.start;
    at--
  ) {
    const quote = quotes[at]!;
    if (quote.start < line.end && quote.end > line.start) found.push(quote);
  }
  return found.reverse();
}
