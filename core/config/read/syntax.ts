import { type Document, isMap, isNode, isScalar, isSeq, visit, type YAMLError } from 'yaml';
import type { Fault } from '../explain/errors.ts';
import type { Source } from '../explain/source.ts';

/** The message for a template without quotes: YAML reads its braces as brackets. */
export const TEMPLATE = 'a value begins with "{{", which YAML reads as brackets; quote the value';

/** After these the parser continues correctly: the errors that follow have causes of their own. */
const LOCAL = new Set(['BAD_SCALAR_START', 'BAD_ALIAS', 'BAD_DQ_ESCAPE', 'TAG_RESOLVE_FAILED']);

/** The syntax errors of a text, up to the first one after which the parser misreads the rest. */
export function syntaxFaults(document: Document, source: Source): Fault[] {
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  const last = errors.findIndex(({ code }) => !LOCAL.has(code));
  const told = last < 0 ? errors : errors.slice(0, last + 1);
  const seen = new Set<number>();
  return told
    .map((error) => explain(error, source.text, document))
    .filter(({ at }) => !seen.has(at) && seen.add(at))
    .map(({ at, message, fix }) => ({
      code: 'TIERCEL_CFG_SYNTAX',
      path: [],
      message: `not valid YAML: ${message}`,
      ...(fix !== undefined && { fix }),
      span: { source, start: at, end: at + 1 },
    }));
}

interface Explained {
  readonly at: number;
  readonly message: string;
  readonly fix?: string;
}

/** An error and its position. The message of the library is not used: it quotes the text, and may change in any release. */
interface Noticed {
  readonly code: string;
  readonly text: string;
  readonly at: number;
  /** The line before the position, and from the position on. */
  readonly before: string;
  readonly after: string;
}

function explain(error: YAMLError, text: string, document: Document): Explained {
  const [at] = error.pos;
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const newline = text.indexOf('\n', at);
  const noticed: Noticed = {
    code: error.code,
    text,
    at,
    before: text.slice(lineStart, at),
    after: text.slice(at, newline < 0 ? text.length : newline),
  };
  for (const cause of CAUSES) {
    const found = cause(noticed, document);
    if (found !== undefined) return typeof found === 'string' ? { at, message: found } : found;
  }
  return { at, message: WORDS[error.code] ?? 'the text cannot be parsed from here' };
}

/** Common causes, the most certain sign first. The first that recognizes the error explains it. */
const CAUSES: readonly ((noticed: Noticed, document: Document) => Explained | string | undefined)[] = [
  ({ before, after }) =>
    /^(<{7}|={7}|>{7})/.test(before + after) ? 'the file contains a merge conflict marker' : undefined,
  ({ before, after, at }) => {
    const opens = (before + after).search(/(^|[\s[{,:-])\{\{/);
    if (opens < 0) return undefined;
    return { at: at - before.length + (before + after).indexOf('{{', opens), message: TEMPLATE };
  },
  ({ code, before, at }) => {
    const tag = code === 'TAG_RESOLVE_FAILED' ? 0 : before.match(/(?<=^|[\s[{,])![^\s!]*$/)?.[0].length;
    return tag === undefined ? undefined : { at: at - tag, message: WORDS.TAG_RESOLVE_FAILED! };
  },
  // The parser reports it where the text ends; the fix is where the quote or bracket begins.
  ({ code, text, at }, document) => {
    const isPossible = code === 'MISSING_CHAR' || code === 'BAD_INDENT';
    const opened = isPossible ? unclosedAt(document, text, at) : undefined;
    if (opened === undefined) return undefined;
    const what = /["']/.test(text[opened]!) ? 'quote' : 'bracket';
    return { at: opened, message: `the ${what} that opens here is not closed` };
  },
  ({ text, at }) =>
    /^\s*\[[\w.-]+\]\s*\n\s*[\w.-]+\s*=/.test(text)
      ? {
          at,
          message: 'this looks like TOML',
          fix: 'The configuration is YAML: write "key: value", and indent the options of a section.',
        }
      : undefined,
  ({ code, text, at }) => {
    if (code !== 'BLOCK_AS_IMPLICIT_KEY') return undefined;
    const value = /^[^:]*?\n(\s*)[^\n:]*:(\s|$)/.exec(text.slice(at));
    if (value === null) return undefined;
    const deeper = at + value[0].indexOf('\n') + 1 + value[1]!.length;
    return {
      at: deeper,
      message: 'the line is indented deeper than the line above, which already has a value',
    };
  },
  ({ before, after }) =>
    /[:-]\s+[|>]\S*\s*$/.test(before) || (/[:-]\s+$/.test(before) && /^[|>]/.test(after))
      ? 'a value begins with "|" or ">", which start a multi-line text in YAML; quote the value'
      : undefined,
  ({ code, before }) =>
    code === 'UNEXPECTED_TOKEN' && /["']\s*$/.test(before)
      ? 'unexpected text after the closing quote; quote the whole value, and use the other kind of quote inside it'
      : undefined,
  ({ code, after }) =>
    code === 'MISSING_CHAR' && after.startsWith('#') ? 'a comment requires a space before "#"' : undefined,
  ({ code, after }) =>
    code === 'MULTILINE_IMPLICIT_KEY' && /^-\S/.test(after)
      ? 'a list entry requires a space after the dash'
      : undefined,
  ({ code, at }, document) =>
    code === 'MISSING_CHAR' && isKeyWithoutColon(document, at) ? 'a key has no ":"' : undefined,
];

/** The message of each code of the library, where no cause above explains more. */
const WORDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab is used for indentation; YAML allows only spaces',
  BAD_INDENT: 'inconsistent indentation: the line matches no level above it',
  MISSING_CHAR: 'a closing quote, bracket, comma or colon is missing',
  BLOCK_AS_IMPLICIT_KEY: 'a value contains ": ", which starts a mapping; quote the value',
  MULTILINE_IMPLICIT_KEY: 'a key has no ":", or an unquoted value continues on the next line',
  BAD_SCALAR_START: 'a value begins with a character that has a meaning in YAML; quote the value',
  BAD_ALIAS: 'an alias has no anchor; if this is a value that begins with "*", quote it',
  BAD_DQ_ESCAPE: 'unknown escape sequence in double quotes; use single quotes',
  MULTIPLE_DOCS: 'a second YAML document begins here; a configuration is a single document',
  BLOCK_IN_FLOW: 'an indented block is not allowed inside brackets',
  TAG_RESOLVE_FAILED: 'a value begins with "!", which is a tag in YAML; quote the value',
  UNEXPECTED_TOKEN: 'unexpected text; a quote or bracket may be missing before it',
};

/** The start of the quote or bracket that ends at an offset without its closing character. */
function unclosedAt(document: Document, text: string, at: number): number | undefined {
  const starts: number[] = [];
  visit(document, (_, node) => {
    if (!isNode(node) || node.range?.[1] !== at) return;
    const opens = isScalar(node) ? node.type?.startsWith('QUOTE') : (isMap(node) || isSeq(node)) && node.flow;
    // A pair in a list, `[a: b]`, is a mapping without brackets.
    if (opens && text[node.range[0]]! in CLOSING) starts.push(node.range[0]);
  });
  const innermost = starts.at(-1);
  if (innermost === undefined) return undefined;
  // A closing character before the offset belongs to the innermost; then the one around it is open.
  const isClosed = innermost < at - 1 && text[at - 1] === CLOSING[text[innermost]!];
  return isClosed ? starts.at(-2) : innermost;
}

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '"': '"', "'": "'" };

/** True for a key of a block mapping that begins at an offset and has neither a colon nor a value. */
function isKeyWithoutColon(document: Document, at: number): boolean {
  let found = false;
  visit(document, {
    Map(_, map) {
      if (map.flow) return;
      found ||= map.items.some(({ key, value }) => value === null && isNode(key) && key.range?.[0] === at);
    },
  });
  return found;
}
