import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globs } from '../../../../core/routing/glob.ts';

const one = (pattern: string, text: string) => globs([pattern])([text]);

describe('globs', () => {
  it.each([
    ['Terminal *', 'Terminal shell in container', true],
    ['Terminal *', 'terminal shell', false],
    ['*', '', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a*b*c', 'a--b--b--c', true],
    ['a*b*c', 'a--c--b', false],
    ['exact', 'exact', true],
    ['exact', 'exactly', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
  ])('%s against %s is %s', (pattern, text, expected) => {
    expect(one(pattern, text)).toBe(expected);
  });

  it('includes when any value is included and none is excluded', () => {
    const test = globs(['mitre_*', '!mitre_test']);
    expect(test(['container', 'mitre_execution'])).toBe(true);
    expect(test(['container'])).toBe(false);
    expect(test(['mitre_execution', 'mitre_test'])).toBe(false);
    expect(test([])).toBe(false);
  });

  it('includes all the rest when there are only exclusions', () => {
    const test = globs(['!kube-*']);
    expect(test(['prod'])).toBe(true);
    expect(test(['kube-system'])).toBe(false);
    expect(test([])).toBe(true);
  });

  it('agrees with a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`, 's');
        expect(one(pattern, text)).toBe(expression.test(text));
      }),
      {
        examples: [
          ['', ''],
          ['', 'a'],
          ['*', ''],
          ['?', ''],
          ['**', ''],
          ['*?', ''],
          ['a*', 'a'],
          ['*a', 'aa'],
          ['a*a', 'a'],
        ],
      },
    );
  });

  it('is not slow on a pattern made to be slow', () => {
    expect(one(`${'*a'.repeat(50)}*b`, 'a'.repeat(20_000))).toBe(false);
  });
});
