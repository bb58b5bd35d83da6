import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

/** The most that a pattern may be that is computed from an event: its sender must not choose how long routing takes. */
const COMPUTED = { characters: 1_000, instructions: 1_000 };
/** Computed patterns that are kept compiled; each may hold some megabytes of states. */
const KEPT = 16;

/** Patterns written in the configuration. */
const constants = new Map<string, RE2JS>();
const computed = new Map<string, RE2JS>();

/**
 * Compiles a pattern of a `when` expression.
 *
 * @returns why RE2 does not take it, undefined when it does
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
  return (constants.get(pattern) ?? computed.get(pattern) ?? compileComputed(pattern)).test(text);
}

function compileComputed(pattern: string): RE2JS {
  if (pattern.length > COMPUTED.characters)
    throw new Error(`the pattern of matches() has more than ${COMPUTED.characters} characters`);
  let compiled: RE2JS;
  try {
    compiled = compile(pattern);
  } catch (error) {
    throw new Error(`the pattern of matches() is not valid: ${explain(pattern, error as Error)}`);
  }
  if (compiled.programSize() > COMPUTED.instructions)
    throw new Error(`the pattern of matches() has too many repetitions: ${JSON.stringify(pattern)}`);
  if (computed.size >= KEPT) computed.delete(computed.keys().next().value!);
  computed.set(pattern, compiled);
  return compiled;
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
  [/^\\u/, 'RE2 writes a character by its number as \\x{202e}'],
];

function explain(pattern: string, error: Error): string {
  const [, what = error.message, at = ''] =
    /^error parsing regexp: (.*?)(?:: `(.*)`)?$/s.exec(error.message) ?? [];
  const reason = UNSUPPORTED.find(([syntax]) => syntax.test(at))?.[1] ?? what;
  return at === '' || at === pattern ? reason : `${reason}: ${at}`;
}
