import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32, crc32Portable } from '../../../../core/journal/crc32.ts';

test('the check value of CRC-32/ISO-HDLC', () => {
  const digits = new TextEncoder().encode('123456789');
  expect(crc32(digits)).toBe(0xcbf43926);
  expect(crc32Portable(digits)).toBe(0xcbf43926);
});

test('both ways agree, and can be continued', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
      expect(crc32Portable(a)).toBe(crc32(a));
      expect(crc32Portable(b, crc32(a))).toBe(crc32(Buffer.concat([a, b])));
    }),
    {
      examples: [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 65_536].map((length): [Uint8Array, Uint8Array] => [
        new Uint8Array(length),
        new Uint8Array(length).fill(0xff),
      ]),
    },
  );
});
