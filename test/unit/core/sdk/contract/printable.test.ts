import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneLine, printable, printableJson } from '../../../../../core/sdk/contract/printable.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** What must never reach a terminal: controls, bidirectional and invisible formats, separators, tags. */
const UNSAFE = [
  ...range(0x00, 0x08),
  ...range(0x0b, 0x1f),
  ...range(0x7f, 0x9f),
  0xad,
  0x61c,
  0x115f,
  0x180e,
  ...range(0x200b, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x206f),
  0x3164,
  0xfeff,
  ...range(0xfff9, 0xfffb),
  ...range(0xe0000, 0xe007f),
  0xe0100,
];

describe('printable', () => {
  test('shows every character that a terminal obeys or hides', () => {
    for (const code of UNSAFE)
      expect(printable(`a${String.fromCodePoint(code)}b`)).toBe(`a\\u{${code.toString(16)}}b`);
    expect(printable('a\ud800b')).toBe('a\\u{d800}b');
    expect(printable('\u001b[31mred\u001b]0;title\u0007')).toBe('\\u{1b}[31mred\\u{1b}]0;title\\u{7}');
  });

  test('leaves all other text as it is, and itself', () => {
    const text = 'Größe: 5 µs\t→ 日本 ✔️ 🚀\n  עברית \\u{202e}\\n';
    expect(printable(text)).toBe(text);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        expect(printable(printable(any))).toBe(printable(any));
      }),
    );
  });

  test('leaves colours, and nothing else, in a text that this program coloured', () => {
    const text = '\u001b[1mbold\u001b[0m \u001b[2J\u202e\u001b]8;;x\u001b[38;5;9m\u009b1m';
    expect(printable(text, { styled: true })).toBe(
      '\u001b[1mbold\u001b[0m \\u{1b}[2J\\u{202e}\\u{1b}]8;;x\u001b[38;5;9m\\u{9b}1m',
    );
  });
});

describe('printableJson', () => {
  test('is the same value without such characters', () => {
    const text = UNSAFE.map((code) => String.fromCodePoint(code)).join('');
    for (const json of [JSON.stringify({ [text]: [text] }), JSON.stringify({ [text]: text }, null, 2)]) {
      expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json));
      expect(printable(printableJson(json))).toBe(printableJson(json));
    }
    expect(printableJson('"\u{e0041}\u202e"')).toBe('"\\udb40\\udc41\\u202e"');
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
        expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json));
      }),
    );
  });

  test('has no carriage return between members, which would hide what is before it', () => {
    expect(printableJson('{"rule":"bad",\r\n"rule2":1}')).toBe('{"rule":"bad", \n"rule2":1}');
  });

  test('keeps numbers as they were written', () => {
    expect(printableJson('[9007199254740993.10,1e400]')).toBe('[9007199254740993.10,1e400]');
  });
});

test('one line is one line', () => {
  expect(oneLine('a\r\n  b\u2028c\u0085d\u000be')).toBe('a b\\u{2028}c\\u{85}d\\u{b}e');
});
