import { parsePriority } from '../event/priority.ts';
import { type Node, walk } from './when-syntax.ts';

/** An error in a `when` expression, with its place for the error message of the configuration. */
export interface WhenError {
  readonly message: string;
  /** The offset in the expression, in UTF-16 units. */
  readonly offset: number;
  /** The length of the wrong text, 0 when something is missing there. */
  readonly length: number;
  /** A misspelt word and the words that it may mean, for a suggestion. */
  readonly word?: string;
  readonly candidates?: readonly string[];
}

/** Explains an error of the CEL library, with the CEL for what other languages write. */
export function explainCel(
  expression: string,
  { summary, start, end }: { readonly summary: string; readonly start: number; readonly end: number },
  names: readonly string[],
): WhenError {
  const at = { offset: start, length: end - start };
  const missing = /^Expected (R\w+), got EOF/.exec(summary)?.[1];
  if (missing !== undefined) return { ...at, message: `"${CLOSING[missing] ?? '…'}" is missing at the end` };
  if (summary === 'Unterminated string') return { ...at, message: 'the quote that opens here is not closed' };
  if (summary.endsWith('EOF')) return { ...at, message: 'the expression is incomplete' };
  const name = /^Unknown variable: (\w+)/.exec(summary)?.[1];
  if (name !== undefined) return unknownName(name, expression, at, names);
  const [operator = ''] = runAt(expression, start, /[=~<>!]/);
  if (OPERATORS[operator] !== undefined) return { ...at, message: OPERATORS[operator] };
  const [word, from] = runAt(expression, start, /\w/);
  const meant = WORDS[word.toLowerCase()];
  if (/^(Unexpected|found no)/.test(summary) && meant !== undefined)
    return { message: `CEL has no "${word}"; ${meant}`, offset: from, length: word.length };
  if (/^Unexpected character: [“”„‘’]/.test(summary))
    return { ...at, message: `typographic quotes; use " or '` };
  return { ...at, ...overload(summary) };
}

const CLOSING: Readonly<Record<string, string>> = { RPAREN: ')', RBRACKET: ']', RBRACE: '}' };

const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'CEL has no "="; compare with "=="',
  '===': 'CEL has no "==="; compare with "=="',
  '!==': 'CEL has no "!=="; compare with "!="',
  '=~': 'CEL has no "=~"; write rule.matches("…")',
};

const WORDS: Readonly<Record<string, string>> = {
  and: 'write "&&"',
  or: 'write "||"',
  not: 'write "!"',
  is: 'compare with "=="',
  contains: 'write rule.contains("…")',
  startswith: 'write rule.startsWith("…")',
  endswith: 'write rule.endsWith("…")',
  like: 'write rule.matches("…"), or a glob under "match"',
  matches: 'write rule.matches("…")',
};

/** Names in other programs and in Falco's JSON. */
const OTHERS: Readonly<Record<string, string>> = {
  output_fields: 'fields',
  message: 'output',
  host: 'hostname',
  severity: 'priority',
  level: 'priority',
};

function unknownName(
  name: string,
  expression: string,
  at: Pick<WhenError, 'offset' | 'length'>,
  names: readonly string[],
): WhenError {
  const dotted = /^\w+(?:\.[a-z_]\w*(?![\w(]))+/i.exec(expression.slice(at.offset))?.[0];
  // `alert` is a priority too: `alert.rule` is not about it.
  if (dotted === undefined && parsePriority(name) !== undefined)
    return { ...at, message: `a priority must be quoted: "${name.toLowerCase()}"` };
  const known = OTHERS[name];
  if (known !== undefined) return { ...at, message: `unknown name "${name}"; use "${known}"` };
  const [first, ...rest] = dotted?.split('.') ?? [];
  const message = `unknown name "${name}"`;
  if (dotted === undefined) {
    const isCompared = /(==|!=|<|>|=|[[(,])\s*$/.test(expression.slice(0, at.offset));
    const quoted = isCompared ? `${message}; a string must be quoted` : message;
    return { ...at, message: quoted, word: name, candidates: names };
  }
  const isWhole = ['event', 'falco', 'alert'].includes(first!);
  const meant = isWhole ? rest.join('.') : `fields["${dotted}"]`;
  return { message: `${message}; did you mean ${meant}?`, offset: at.offset, length: dotted.length };
}

const KINDS: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': 'a time',
  Priority: 'a priority',
  'list<string>': 'a list',
  int: 'a whole number',
  double: 'a number',
  string: 'a string',
  bool: 'true or false',
};

/** Operands of types that an operator or a function does not support. */
function overload(summary: string): Pick<WhenError, 'message'> {
  const method = /^found no matching overload for '(\w+)\.(\w+)\(/.exec(summary);
  if (method?.[1] === 'list') return { message: `a list has no ${method[2]}(); write "…" in tags` };
  if (method !== null)
    return {
      message: `a ${method[1]} has no ${method[2]}(); strings have contains(), startsWith(), endsWith(), matches() and size()`,
    };
  const [, left = '', operator = '', right = ''] =
    /^no such overload: (\S+) (\S+) (\S+)$/.exec(summary) ?? [];
  if (operator === '') return { message: summary };
  const kinds = `"${operator}" cannot be applied to ${KINDS[left] ?? left} and ${KINDS[right] ?? right}`;
  return { message: `${kinds}${ADVICE[`${left} ${right}`] ?? ''}` };
}

const ADVICE: Readonly<Record<string, string>> = {
  'Priority int': '; write priority >= "warning"',
  'list<string> string': '; write "…" in tags',
  'string string': '; write rule.contains("…")',
  'string int': '; quote the number',
  'string double': '; quote the number',
  'int string': '; quote the number',
  'double string': '; quote the number',
  'google.protobuf.Timestamp string': '; write timestamp("2026-01-02T00:00:00Z")',
};

/** `fields.k8s.ns.name`: CEL would look for `ns` in a field called `k8s`. Falco's fields have dots in their names. */
export function dottedField(ast: Node): WhenError | undefined {
  for (const node of walk(ast)) {
    const path = fieldPath(node);
    if (path === undefined || path.length < 2) continue;
    const { start, end } = node;
    const message = `a field name with dots must be in brackets: fields["${path.join('.')}"]`;
    return { message, offset: start, length: end - start };
  }
  return undefined;
}

function fieldPath(node: Node): string[] | undefined {
  if (node.op === 'id') return node.args === 'fields' ? [] : undefined;
  if (node.op !== '.' || !Array.isArray(node.args)) return undefined;
  const [left, name] = node.args as [Node, unknown];
  const before = fieldPath(left);
  return before === undefined || typeof name !== 'string' ? undefined : [...before, name];
}

/** The characters of one kind around an offset, and where they begin. */
function runAt(text: string, offset: number, kind: RegExp): [run: string, start: number] {
  let start = offset;
  let end = offset;
  while (start > 0 && kind.test(text[start - 1]!)) start--;
  while (end < text.length && kind.test(text[end]!)) end++;
  return [text.slice(start, end), start];
}
