import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../../../../core/journal/segments/codec.ts';
import {
  decodeHeader,
  encodeHeader,
  FRAME_BYTES,
  HEADER_BYTES,
  parseFrames,
  saltOf,
  writeFrame,
} from '../../../../../core/journal/segments/codec.ts';

const salt = saltOf('00000000-0000-4000-8000-000000000000');

function encode(payloads: readonly Uint8Array[], first = 1): Uint8Array {
  const size = payloads.reduce((sum, { length }) => sum + FRAME_BYTES + length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [i, payload] of payloads.entries()) {
    at = writeFrame(bytes, view, at, salt, {
      kind: 'event',
      route: i % 3,
      position: first + i,
      receivedAt: 1_700_000_000_000 + i,
      payload,
    });
  }
  return bytes;
}

function parse(bytes: Uint8Array, after = 0) {
  return parseFrames(bytes, 0, salt, after, bytes.length);
}

const positions = (frames: readonly Frame[]) => frames.map(({ position }) => position);
const sizes = (...all: number[]) => all.map((size) => new Uint8Array(size).fill(0xa5));
const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 20 });

describe('frames', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 2 ** 50 }), (written, first) => {
        const { frames, gaps, next } = parse(encode(written, first), first - 1);
        expect(gaps).toEqual([]);
        expect(next).toBe(encode(written, first).length);
        expect(frames.map(({ payload }) => [...payload])).toEqual(written.map((payload) => [...payload]));
        expect(positions(frames)).toEqual(written.map((_, i) => first + i));
        expect(frames.map(({ receivedAt }) => receivedAt)).toEqual(
          written.map((_, i) => 1_700_000_000_000 + i),
        );
      }),
      {
        examples: [
          [[new Uint8Array(0)], 1],
          [sizes(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 2 ** 32 - 5],
          [sizes(127, 128, 129, 255, 256, 65_535, 65_536), 2 ** 50],
        ],
      },
    );
  });

  test('one flipped bit costs one frame at most, and is never taken for data', () => {
    fc.assert(
      fc.property(payloads, fc.nat(), (written, bit) => {
        const bytes = encode(written);
        bytes[(bit >>> 3) % bytes.length]! ^= 1 << (bit & 7);
        const { frames, gaps } = parse(bytes);
        expect(frames.length).toBe(written.length - 1);
        expect(gaps.length).toBe(1);
        for (const { position, payload } of frames) expect([...payload]).toEqual([...written[position - 1]!]);
        const [gap] = gaps;
        const missing = (gap!.before ?? written.length + 1) - gap!.after - 1;
        expect(missing).toBe(1);
      }),
      {
        // The first and the last bit of a header, of a payload, and of the last frame.
        examples: [0, 7, FRAME_BYTES * 8 - 1, FRAME_BYTES * 8, (FRAME_BYTES + 3) * 8 - 1].flatMap(
          (bit): [Uint8Array[], number][] => [
            [sizes(0), bit],
            [sizes(3), bit],
            [sizes(3, 0, 1), bit],
          ],
        ),
      },
    );
  });

  test('cut anywhere, what stands whole before the cut is found; the rest is left for more bytes', () => {
    fc.assert(
      fc.property(payloads, fc.nat(), (written, seed) => {
        const bytes = encode(written);
        const cut = seed % bytes.length;
        const torn = parse(bytes.subarray(0, cut));
        const more = parseFrames(bytes.subarray(0, cut), 0, salt, 0, bytes.length);
        expect(positions(more.frames)).toEqual(positions(torn.frames));
        expect(more.gaps).toEqual([]);
        const rest = parseFrames(
          bytes.subarray(more.next),
          more.next,
          salt,
          more.frames.length,
          bytes.length,
        );
        expect(positions([...more.frames, ...rest.frames])).toEqual(written.map((_, i) => i + 1));
      }),
      {
        examples: [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 2, FRAME_BYTES + 3, FRAME_BYTES + 4].map(
          (cut): [Uint8Array[], number] => [sizes(3, 5), cut],
        ),
      },
    );
  });

  test('of another log, or repeated, or far ahead, are no frames', () => {
    const bytes = encode([new Uint8Array(9)]);
    expect(parseFrames(bytes, 0, salt + 1, 0, bytes.length).frames).toEqual([]);
    expect(parse(bytes, 1).frames).toEqual([]);
    expect(parse(encode([new Uint8Array(9)], 2 ** 40)).frames).toEqual([]);
  });

  test('garbage is one gap, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (garbage) => {
        const { frames, gaps } = parse(garbage);
        expect(frames).toEqual([]);
        expect(gaps).toEqual([{ offset: 0, length: garbage.length, after: 0 }]);
      }),
      {
        examples: [1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 500].flatMap((length) =>
          [0, 0xff].map((byte): [Uint8Array] => [new Uint8Array(length).fill(byte)]),
        ),
      },
    );
  });
});

describe('the header', () => {
  const header = {
    number: 7,
    first: 2 ** 40 + 3,
    previous: 2 ** 40,
    epoch: '0f8fad5b-d9cb-469f-a165-70867728950e',
    createdAt: 1_700_000_000_000,
    nonce: 4_294_967_295,
  };

  test('comes back, also when one of its copies is damaged', () => {
    for (let byte = 0; byte < HEADER_BYTES; byte++) {
      const bytes = encodeHeader(header);
      bytes[byte]! ^= 0x10;
      expect(decodeHeader(bytes)).toEqual(header);
    }
  });

  test('is undefined when both are, or when the file is too short', () => {
    const bytes = encodeHeader(header);
    bytes[3]! ^= 1;
    bytes[70]! ^= 1;
    expect(decodeHeader(bytes)).toBeUndefined();
    expect(decodeHeader(encodeHeader(header).subarray(0, 40))).toBeUndefined();
  });
});
