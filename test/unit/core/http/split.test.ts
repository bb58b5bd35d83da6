import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitEvents } from '../../../../core/http/split.ts';
import { runs } from '../../../support/runs.ts';

const texts = (body: string) => {
  const parts = splitEvents(Buffer.from(body));
  return typeof parts === 'string' ? parts : parts.map((part) => Buffer.from(part).toString());
};
const blank = fc.constantFrom('', ' ', '\n', '\r\n', '\t \n');

describe('splitEvents', () => {
  it('finds the elements of any array, as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), blank, (values, space) => {
        const written = values.map((value) => JSON.stringify(value));
        const body = `${space}[${space}${written.join(`${space},${space}`)}${space}]${space}`;
        expect(texts(body)).toEqual(written);
      }),
      {
        examples: [
          [],
          [0],
          [''],
          ['"'],
          ['\\'],
          ['\\"', ']', '[', ','],
          [[], {}, [[]], null],
          [{ '[': ']' }],
        ].map((values): [unknown[], string] => [values, '']) as [fc.JsonValue[], string][],
      },
    );
  });

  it('finds the lines of any NDJSON', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.constantFrom('\n', '\r\n', '\n\n '),
        (values, end) => {
          const written = values.map((value) => JSON.stringify(value));
          expect(texts(written.map((line) => line + end).join(''))).toEqual(written);
        },
      ),
      {
        examples: [
          [[], '\n'],
          [[{}], '\n'],
          [[{}, {}], '\r\n'],
          [[{ a: '\n' }, { '': null }], '\n\n '],
        ],
      },
    );
  });

  it('takes one object laid out over lines', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
        const body = JSON.stringify(value, null, 2);
        expect(texts(body)).toEqual([body]);
      }),
      { examples: [[{ '': null }], [{ a: {} }], [{ a: [] }], [{ '}': '{\n' }]] },
    );
  });

  it('does not parse one object over lines that is nested too deep: its lines are refused one by one', () => {
    const deep = (levels: number) => `{\n"a":${'['.repeat(levels)}${']'.repeat(levels)}\n}`;
    expect(texts(deep(99))).toEqual([deep(99)]);
    expect(texts(deep(100))).toHaveLength(3);
    expect(texts('{"cut\n{"a":1}')).toEqual(['{"cut', '{"a":1}']);
  });

  it('gives no element of an array that is not JSON, and never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\[[[\]{}",\\a1 ]{0,12}$/), (body) => {
        const parts = texts(body);
        if (typeof parts === 'string') expect(() => JSON.parse(body)).toThrow();
        else expect(`[${parts.join(',')}]`.replaceAll(' ', '')).toBe(body.replaceAll(' ', ''));
      }),
      { numRuns: runs(2000), examples: [['['], ['[]'], ['[,]'], ['[1,]'], ['["\\"]'], ['[1]]']] },
    );
  });

  it('points into the body and copies nothing', () => {
    const body = Buffer.from('{"a":1}\n{"b":2}');
    const parts = splitEvents(body);
    expect(parts).toHaveLength(2);
    for (const part of parts as Uint8Array[]) expect(part.buffer).toBe(body.buffer);
  });

  it('keeps no millions of elements: a body of 8 MB cannot hold 4 million events', () => {
    expect(splitEvents(Buffer.alloc(8_000_000, '1\n'))).toBe('too_many_elements');
    expect(splitEvents(Buffer.from(`[${'1,'.repeat(4_000_000)}1]`))).toBe('too_many_elements');
    const least = '{"rule":"","priority":"Debug","time":"2026-01-01T00:00:00Z"}';
    expect(splitEvents(Buffer.from(`${least}\n`.repeat(10_000)))).toHaveLength(10_000);
    expect(splitEvents(Buffer.from('1\n'.repeat(900)))).toHaveLength(900);
  });
});
