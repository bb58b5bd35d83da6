import { createRequire } from 'node:module';
import { describe, expect, it, vi } from 'vitest';
import type { Event } from '../../../../core/event/event.ts';
import { compileWhen } from '../../../../core/routing/when.ts';
import { sampleEvent } from '../../../support/events.ts';

const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js');

function ask(expression: string, more: Partial<Event> = {}) {
  const compiled = compileWhen(expression);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.when(sampleEvent(more));
}

function errorOf(expression: string) {
  const compiled = compileWhen(expression);
  if (compiled.ok) throw new Error(`${expression} compiles`);
  return compiled.error;
}

describe('matches()', () => {
  it.each([
    ['(?i)^TERMINAL', 'Terminal shell', true],
    [String.raw`\bshell\b`, 'a shell in', true],
    [String.raw`^\d+$`, '123', true],
    // Only ASCII, unless a class of Unicode is named.
    [String.raw`^\d+$`, '١٢٣', false],
    [String.raw`^\p{Nd}+$`, '١٢٣', true],
    [String.raw`^\w+$`, 'größe', false],
    [String.raw`^[\pL]+$`, 'größe', true],
    [String.raw`a\sb`, 'a\u00a0b', false],
    [String.raw`^\p{Greek}$`, 'λ', true],
    // A character, not half of one.
    ['^.$', '🚀', true],
    [String.raw`^\x{1F680}$`, '🚀', true],
    ['a.b', 'a\nb', false],
    ['(?s)a.b', 'a\nb', true],
    ['^b$', 'a\nb', false],
    ['(?m)^b$', 'a\nb', true],
    ['(?P<name>a)b', 'ab', true],
    // It searches: no anchor, no need to fit the whole.
    ['hel', 'a shell', true],
    ['', 'a', true],
  ])('%s on %j is %s', (pattern, rule, wanted) => {
    const quoted = JSON.stringify(pattern);
    expect(ask(`rule.matches(${quoted})`, { rule })).toEqual({ wanted });
    // Computed: the same language.
    expect(ask(`rule.matches("" + ${quoted})`, { rule })).toEqual({ wanted });
  });

  it('is of RE2 inside of a macro, on a field and behind blanks', () => {
    const event = { tags: ['T1059'], fields: { 'proc.name': 'BASH' } };
    for (const expression of [
      'tags.exists(t, t.matches("(?i)^t10"))',
      'tags.all(t, t.matches("(?i)^t10"))',
      'tags.filter(t, t.matches("(?i)^t10")).size() == 1',
      'tags.map(t, t.matches("(?i)^t10"))[0]',
      'tags.exists_one(t, t.matches("(?i)^t10"))',
      'fields["proc.name"].matches("(?i)bash")',
      '(true ? rule : "") . matches ( "(?i)RULE" ) || true',
    ])
      expect(ask(expression, event), expression).toEqual({ wanted: true });
  });

  it.each([
    ['(?=a)', 'RE2 does not support lookahead and lookbehind'],
    ['x(?!a)', 'RE2 does not support lookahead and lookbehind'],
    ['(?<=a)b', 'RE2 does not support lookahead and lookbehind'],
    ['(?<!a)b', 'RE2 does not support lookahead and lookbehind'],
    [String.raw`(a)\1`, 'RE2 does not support backreferences'],
    [String.raw`(?P<n>a)\k<n>`, 'RE2 does not support backreferences'],
    ['(?>a)', 'RE2 does not support atomic groups'],
    [String.raw`\u202e`, String.raw`RE2 does not support \u; write \x{202e}`],
    ['(shell', 'missing closing )'],
    ['[a', 'missing closing ]'],
    ['a{1001}', 'invalid repeat count: {1001}'],
  ])('a pattern that RE2 does not have is an error where it stands: %s', (pattern, reason) => {
    const quoted = JSON.stringify(pattern);
    const before = 'priority >= "warning" && rule.matches(';
    expect(errorOf(`${before}${quoted})`)).toEqual({
      message: expect.stringContaining(`the pattern of matches() is not valid: ${reason}`),
      offset: before.length,
      length: quoted.length,
    });
  });

  it('says "matches" in all other errors', () => {
    expect(errorOf('tags.matches("a")').message).toContain('a list has no matches()');
    expect(errorOf('rule.matches(1)').message).toContain('a string has no matches()');
    expect(errorOf('time.matches("a")').message).not.toContain('re2');
  });

  it.each([
    ['rule.matches(hostname)', { hostname: '(?=a)' }, /lookahead/],
    ['rule.matches(hostname)', { hostname: 'a'.repeat(101) }, /more than 100 characters/],
    ['rule.matches(hostname)', { hostname: '(a{500}){2}b{500}' }, /too many repetitions/],
    ['rule.matches(hostname)', { hostname: String.raw`(?i)\pL{500}\pL{499}\PL` }, /too many repetitions/],
    ['fields["absent"].matches("a")', {}, /null\.matches\(/],
  ])('an error while evaluating is wanted: %s %j', (expression, more, reason) => {
    expect(ask(expression, more)).toEqual({ wanted: true, failed: expect.stringMatching(reason) });
  });

  it.each([
    String.raw`^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$`,
    '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$',
    String.raw`\x{1000}|\p{Greek}|[]{900}]|\Q{900}\E|a{2,}`,
  ])('takes a computed pattern of ordinary size: %s', (hostname) => {
    expect(ask('rule.matches(hostname)', { hostname }).failed).toBeUndefined();
  });

  it.each([
    (n: number) => `(${'a'.repeat(80)}${n}){900}`,
    (n: number) => `((${'ab|'.repeat(20)}${n}){30}){30}`,
    (n: number) => `(${'a'.repeat(80)}[](]${n}){900}`,
    (n: number) => String.raw`(${'a'.repeat(80)}\Q(\E${n}){900}`,
  ])('refuses a computed pattern before it is compiled, which would take long', (patternOf) => {
    const before = performance.now();
    for (let n = 100; n < 200; n++)
      expect(ask('rule.matches(hostname)', { hostname: patternOf(n) }).failed).toMatch(
        /too many repetitions/,
      );
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it('refuses a computed pattern once, not again for each event', () => {
    const compile = vi.spyOn(RE2JS, 'compile');
    for (let i = 0; i < 10; i++)
      expect(ask('rule.matches(hostname)', { hostname: '(never valid' }).failed).toMatch(/not valid/);
    expect(compile).toHaveBeenCalledTimes(1);
    compile.mockRestore();
  });

  // Backtracking takes longer than the universe has existed: that the test ends is what it shows.
  it.each([
    ['(a+)+$', 'a'.repeat(50_000)],
    ['(a|aa)+$', 'a'.repeat(50_000)],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(50_000)],
    ['(.*)*=(.*)*;', 'x=x'.repeat(17_000)],
  ])('%s is linear', (pattern, rule) => {
    expect(ask(`rule.matches("${pattern}")`, { rule: `${rule}!` })).toEqual({ wanted: false });
    expect(ask(`rule.matches(hostname)`, { rule: `${rule}!`, hostname: pattern })).toEqual({ wanted: false });
  });
});
