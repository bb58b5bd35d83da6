import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

/** Limits of a pattern that is computed from an event, so that its sender cannot slow down routing. */
const COMPUTED = { characters: 100, instructions: 1_000 };
/** Cached computed patterns, compiled or refused; each may take some megabytes. */
const CACHED = 16;

/** Patterns written in the configuration. */
const constants = new Map<string, RE2JS>();
/** A refused pattern is the reason, as a string. */
const computed = new Map<string, RE2JS | string>();

/**
 * Compiles a pattern of a `when` expression.
 *
 * @returns why it is not valid for RE2, undefined if it is
 */
export function patternProblem(pattern: string): string | undefined {
  try {
    if (!constants.has(pattern)) constants.set(pattern, compile(pattern));
    return undefined;
  } catch (error) {
    return explain(pattern, error as Error);
  }
}

/**
 * Searches a text for a pattern as CEL specifies, in time linear in the length of the text, whatever the pattern.
 *
 * @throws Error saying why the pattern cannot be used
 */
export function matchesRe2(text: string, pattern: string): boolean {
  const compiled = constants.get(pattern) ?? compileComputed(pattern);
  if (typeof compiled === 'string') throw new Error(`the pattern of matches() ${compiled}`);
  return compiled.test(text);
}

/** @returns a string if it is refused: the reason */
function compileComputed(pattern: string): RE2JS | string {
  // Not kept: it may be of any length.
  if (pattern.length > COMPUTED.characters) return `has more than ${COMPUTED.characters} characters`;
  const known = computed.get(pattern);
  if (known !== undefined) return known;
  if (computed.size >= CACHED) computed.delete(computed.keys().next().value!);
  const compiled = compileSmall(pattern);
  computed.set(pattern, compiled);
  return compiled;
}

function compileSmall(pattern: string): RE2JS | string {
  const tooLarge = `has too many repetitions: ${JSON.stringify(pattern)}`;
  // Before it is compiled: that takes a tenth of a second where a group of 90 characters is repeated a thousand times.
  if (sizeOf(pattern) > COMPUTED.instructions) return tooLarge;
  try {
    const compiled = compile(pattern);
    return compiled.programSize() > COMPUTED.instructions ? tooLarge : compiled;
  } catch (error) {
    return `is not valid: ${explain(pattern, error as Error)}`;
  }
}

/** A quotation, an escape, a class, a repetition with its least and most, or any other character. */
const TOKEN = /\\Q(?:.*?\\E|.*)|\\(?:x\{\w*\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|./gs;

/** About how long a pattern is when its counted repetitions are written out. */
function sizeOf(pattern: string): number {
  /** Of the groups that are open, the whole pattern first. */
  const sizes = [0];
  let last = 0;
  for (const [token, least, most] of pattern.matchAll(TOKEN)) {
    if (token === '(') {
      sizes.push(0);
      continue;
    }
    if (least !== undefined) last *= Math.max(0, Number(most || least) - 1);
    else last = token === ')' && sizes.length > 1 ? sizes.pop()! : token.length;
    sizes[sizes.length - 1]! += last;
  }
  return sizes.reduce((sum, size) => sum + size, 0);
}

function compile(pattern: string): RE2JS {
  // Loaded here and not above: most configurations have no pattern.
  return (createRequire(import.meta.url)('re2js') as typeof import('re2js')).RE2JS.compile(pattern);
}

/** Syntax of other engines that RE2 does not have. */
const UNSUPPORTED: readonly (readonly [syntax: RegExp, reason: string])[] = [
  [/^\(\?<?[=!]/, 'RE2 does not support lookahead and lookbehind'],
  [/^\\(?:[1-9]|k)/, 'RE2 does not support backreferences'],
  [/^\(\?>/, 'RE2 does not support atomic groups'],
  [/^[*+?}]\+/, 'RE2 does not support possessive quantifiers'],
  [/^\\u/, 'RE2 does not support \\u; write \\x{202e}'],
];

function explain(pattern: string, error: Error): string {
  const [, what = error.message, at = ''] =
    /^error parsing regexp: (.*?)(?:: `(.*)`)?$/s.exec(error.message) ?? [];
  const reason = UNSUPPORTED.find(([syntax]) => syntax.test(at))?.[1] ?? what;
  return at === '' || at === pattern ? reason : `${reason}: ${at}`;
}
