/**
 * Compiles glob patterns: `*` matches any text, `?` one character, any other character itself, case-sensitive. A pattern
 * after `!` excludes. With exclusions only, all other values are included.
 *
 * @returns a test over the values of one event (its tags, say): one must be included and none excluded.
 * @example globs(['Terminal *', '!*test*'])(['Terminal shell in container']) // true
 */
export function globs(patterns: readonly string[]): (values: readonly string[]) => boolean {
  const excludes = anyOf(patterns.filter((p) => p.startsWith('!')).map((p) => p.slice(1)));
  const included = patterns.filter((p) => !p.startsWith('!'));
  const includes = included.length === 0 ? undefined : anyOf(included);
  return (values) => !values.some(excludes) && (includes === undefined || values.some(includes));
}

function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((p) => !/[*?]/.test(p)));
  const wild = patterns.filter((p) => /[*?]/.test(p));
  if (wild.length === 0) return (text) => exact.has(text);
  return (text) => exact.has(text) || wild.some((pattern) => matches(pattern, text));
}

/**
 * Not a regular expression: `*a*a*a*b` on a long text would take minutes. Here a mismatch goes back to the last star
 * only, which is enough, so the time is at most the length of the pattern times the length of the text.
 */
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
