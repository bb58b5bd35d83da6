/**
 * The candidate closest to a word with a typo; undefined when none is close. Ignores case, `-` and `_`; accepts one
 * typo for every three letters, but at least one; then abbreviations (`warn`, `crit`) and longer forms (`maximum`).
 *
 * @example suggest('webhok', ['webhook', 'file']) // 'webhook'
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalize(word);
  if (wanted === '') return undefined;
  const allowed = wanted.length <= 3 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of candidates) {
    const name = normalize(candidate);
    if (Math.abs(name.length - wanted.length) >= bestDistance) continue;
    const steps = distance(wanted, name);
    // A word of two letters is one typo away from every other: some letters must be the same.
    if (steps < bestDistance && steps < Math.max(wanted.length, name.length) - 1) {
      best = candidate;
      bestDistance = steps;
    }
  }
  return best ?? byBeginning(word.toLowerCase(), candidates);
}

function byBeginning(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 3) return undefined;
  const alike = [...candidates].filter((candidate) => {
    const name = candidate.toLowerCase();
    const isSpunOut = name.length >= 3 && /^[a-z]+$/.test(word.slice(name.length));
    return name.startsWith(word) || (word.startsWith(name) && isSpunOut);
  });
  return alike.length === 1 ? alike[0] : undefined;
}

/** The suggestion, and `; did you mean "x"?` to append to a message; empty without a suggestion. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
): { suggestion?: string; text: string } {
  const suggestion = suggest(word, candidates);
  return suggestion === undefined ? { text: '' } : { suggestion, text: `; did you mean "${suggestion}"?` };
}

function normalize(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, '');
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let steps = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, beforeLast[j - 2]! + 1);
      }
      row.push(steps);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
