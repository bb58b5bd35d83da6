import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../../../core/config/schema/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1.5s', 1500],
    ['1.1s', 1100],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['1h30m', 5_400_000],
    ['0s', 0],
  ])('reads %s', (text, value) => {
    expect(parseDuration(text)).toEqual({ ok: true, value });
  });

  const examples = '500ms, 30s, 5m or 7d (units are ms, s, m, h and d)';
  const notADuration = `is not a duration such as ${examples}`;
  const unknownUnit = (unit: string) =>
    `has the unknown unit "${unit}"; write a duration such as ${examples}`;

  it.each([
    ['30', `has no unit; write a duration such as ${examples}`],
    ['1.5', `has no unit; write a duration such as ${examples}`],
    ['5min', unknownUnit('min')],
    ['5M', unknownUnit('M')],
    ['5w', unknownUnit('w')],
    ['5constructor', unknownUnit('constructor')],
    ['30m1h', 'must have its units in descending order: "1h" is out of order'],
    ['5s5s', 'must have its units in descending order: "5s" is out of order'],
    ['0.5ms', 'is not a whole number of milliseconds'],
    ['99999999999d', 'is too large'],
    ['', notADuration],
    ['-5s', notADuration],
    ['5 s', notADuration],
    ['5s,', notADuration],
    ['01:02:03', notADuration],
    ['PT1H30M', notADuration],
    ['soon', notADuration],
  ])('refuses %j', (text, reason) => {
    expect(parseDuration(text)).toEqual({ ok: false, reason });
  });

  it.each([
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [90_000, '1m30s'],
    [3_599_999, '59m59s999ms'],
    [86_400_000, '1d'],
    [90_061_001, '1d1h1m1s1ms'],
  ])('formatDuration writes %i as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('reads what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toEqual({ ok: true, value: milliseconds });
      }),
      {
        examples: [1000, 60_000, 3_600_000, 86_400_000]
          .flatMap((unit) => [unit - 1, unit, unit + 1])
          .concat([0, 1, 2 ** 53 - 1])
          .map((milliseconds): [number] => [milliseconds]),
      },
    );
  });

  it('answers any text with a safe whole number or a reason', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,20}[a-zA-Z]{0,3}$/));
    fc.assert(
      fc.property(text, (input) => {
        const parsed = parseDuration(input);
        if (parsed.ok) expect(Number.isSafeInteger(parsed.value) && parsed.value >= 0).toBe(true);
        else expect(parsed.reason).not.toBe('');
      }),
      {
        examples: [
          ['9007199254740991ms'],
          ['9007199254740992ms'],
          ['104249991d'],
          ['104249992d'],
          ['104249991d24h'],
          ['-0s'],
          ['.s'],
        ],
      },
    );
  });
});
