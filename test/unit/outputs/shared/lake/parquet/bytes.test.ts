import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainBytes } from '../../../../../../outputs/shared/lake/parquet/bytes.ts';

const written = (write: (bytes: PlainBytes) => void) => {
  const bytes = new PlainBytes();
  write(bytes);
  return Buffer.from(bytes.view());
};

describe('PlainBytes', () => {
  it('writes integers of 64 bits, numbers and bigints alike', () => {
    const value = fc.oneof(
      fc.maxSafeInteger(),
      fc.constantFrom(0, -1, 1, 2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 32 - 1, -(2 ** 32) - 1),
    );
    fc.assert(
      fc.property(value, (number) => {
        const expected = Buffer.alloc(8);
        expected.writeBigInt64LE(BigInt(number));
        expect(written((bytes) => bytes.appendInt64(number))).toEqual(expected);
        expect(written((bytes) => bytes.appendInt64(BigInt(number)))).toEqual(expected);
      }),
    );
  });

  it.each([0, 1, 23, 24, 25, 26, 400, 2000])('writes a text of %i characters with its length', (length) => {
    for (const character of ['x', '\u007f', '\u0080', 'é', '配', '😀', '\ud800']) {
      const text = character.repeat(length);
      const utf8 = Buffer.from(text);
      const size = Buffer.alloc(4);
      size.writeUInt32LE(utf8.length);
      expect(written((bytes) => bytes.appendText(text))).toEqual(Buffer.concat([size, utf8]));
      expect(written((bytes) => bytes.appendUtf8(text))).toEqual(utf8);
      // One that turns out not to be ASCII at its end.
      expect(written((bytes) => bytes.appendUtf8(`${'x'.repeat(length)}${character}`))).toEqual(
        Buffer.from(`${'x'.repeat(length)}${character}`),
      );
    }
  });

  it('grows, and keeps what it has', () => {
    const append = fc.oneof(
      fc.string({ maxLength: 600 }).map((text) => ({ text })),
      fc.uint8Array({ maxLength: 600 }).map((raw) => ({ raw })),
      fc.integer().map((int) => ({ int })),
      fc.double().map((double) => ({ double })),
      fc.nat(255).map((byte) => ({ byte })),
      fc.maxSafeInteger().map((long) => ({ long })),
    );
    fc.assert(
      fc.property(fc.array(append, { maxLength: 40 }), (appends) => {
        const bytes = new PlainBytes();
        const parts: Buffer[] = [];
        const put = (size: number, write: (buffer: Buffer) => void) => {
          const buffer = Buffer.alloc(size);
          write(buffer);
          parts.push(buffer);
        };
        for (const one of appends) {
          if ('text' in one) {
            bytes.appendText(one.text);
            put(4, (buffer) => buffer.writeUInt32LE(Buffer.byteLength(one.text)));
            parts.push(Buffer.from(one.text));
          } else if ('raw' in one) {
            bytes.appendBytes(one.raw);
            parts.push(Buffer.from(one.raw));
          } else if ('int' in one) {
            bytes.appendInt32(one.int);
            put(4, (buffer) => buffer.writeInt32LE(one.int));
          } else if ('double' in one) {
            bytes.appendDouble(one.double);
            put(8, (buffer) => buffer.writeDoubleLE(one.double));
          } else if ('long' in one) {
            bytes.appendInt64(one.long);
            put(8, (buffer) => buffer.writeBigInt64LE(BigInt(one.long)));
          } else {
            bytes.appendByte(one.byte);
            put(1, (buffer) => buffer.writeUInt8(one.byte));
          }
        }
        const all = Buffer.concat(parts);
        expect(bytes.length).toBe(all.length);
        expect(Buffer.compare(bytes.view(), all)).toBe(0);
        const middle = all.length >> 1;
        expect(Buffer.compare(bytes.view(middle), all.subarray(0, middle))).toBe(0);
        bytes.dropFirst(middle);
        expect(Buffer.compare(bytes.view(), all.subarray(middle))).toBe(0);
      }),
    );
  });

  it.each([1020, 1023, 1024, 1025, 3000])(
    'has room for exactly what it is given: %i bytes, then more',
    (size) => {
      for (const append of [
        (bytes: PlainBytes) => bytes.appendByte(7),
        (bytes: PlainBytes) => bytes.appendInt32(7),
        (bytes: PlainBytes) => bytes.appendInt64(7),
        (bytes: PlainBytes) => bytes.appendInt64(7n),
        (bytes: PlainBytes) => bytes.appendDouble(7),
        (bytes: PlainBytes) => bytes.appendText('abc'),
        (bytes: PlainBytes) => bytes.appendText('配'.repeat(30)),
        (bytes: PlainBytes) => bytes.appendUtf8('配'.repeat(30)),
      ]) {
        const alone = written(append);
        const behind = written((bytes) => {
          bytes.appendBytes(new Uint8Array(size).fill(1));
          append(bytes);
        });
        expect(behind.subarray(size)).toEqual(alone);
        expect(behind.subarray(0, size).every((byte) => byte === 1)).toBe(true);
      }
    },
  );
});
