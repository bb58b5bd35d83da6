import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from '../../../../../core/config/schema/size.ts';

const UNITS = 'units are B, KiB, MiB, GiB and TiB (1024), kB, MB, GB and TB (1000)';

describe('parseSize', () => {
  it.each([
    ['512B', 512],
    ['64KiB', 65_536],
    ['256MiB', 268_435_456],
    ['1.5GiB', 1_610_612_736],
    ['10MB', 10_000_000],
    ['10KB', 10_000],
    ['4 GiB', 4_294_967_296],
    ['0B', 0],
  ])('reads %s', (text, value) => {
    expect(parseSize(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['16', `has no unit: did you mean 16B or 16MiB? (${UNITS})`],
    ['8M', `has the unknown unit "M": did you mean 8MiB? (${UNITS})`],
    ['8Gi', `has the unknown unit "Gi": did you mean 8GiB? (${UNITS})`],
    ['8mib', `has the unknown unit "mib": did you mean 8MiB? (${UNITS})`],
    ['8XB', `has the unknown unit "XB" (${UNITS})`],
    ['1.5B', 'is not a whole number of bytes'],
    ['99999TiB', 'is too large'],
    ['-1MiB', `is not a size such as 64KiB or 256MiB (${UNITS})`],
    ['', `is not a size such as 64KiB or 256MiB (${UNITS})`],
  ])('refuses %j', (text, reason) => {
    expect(parseSize(text)).toEqual({ ok: false, reason });
  });

  it('reads what formatSize writes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSize(formatSize(bytes))).toEqual({ ok: true, value: bytes });
      }),
      {
        examples: [10, 20, 30, 40]
          .flatMap((power) => [2 ** power - 1, 2 ** power, 2 ** power + 1])
          .concat([3, 6, 9, 12].flatMap((power) => [10 ** power - 1, 10 ** power, 10 ** power + 1]))
          .concat([0, 1, 2 ** 53 - 1])
          .map((bytes): [number] => [bytes]),
      },
    );
  });

  it('answers any text with a safe whole number or a reason', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,20} ?[a-zA-Z]{0,3}$/));
    fc.assert(
      fc.property(text, (input) => {
        const parsed = parseSize(input);
        if (parsed.ok) expect(Number.isSafeInteger(parsed.value) && parsed.value >= 0).toBe(true);
        else expect(parsed.reason).not.toBe('');
      }),
      {
        examples: [
          ['9007199254740991B'],
          ['9007199254740992B'],
          ['8191.9TiB'],
          ['8192TiB'],
          ['-0B'],
          ['.B'],
          ['0.0B'],
        ],
      },
    );
  });
});
