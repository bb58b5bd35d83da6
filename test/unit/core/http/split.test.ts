import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitEvents } from '../../../../core/http/split.ts';

const texts = (body: string) => splitEvents(Buffer.from(body))?.map((part) => Buffer.from(part).toString());
const blank = fc.constantFrom('', ' ', '\n', '\r\n', '\t \n');

describe('splitEvents', () => {
  it('finds the elements of any array, as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), blank, (values, space) => {
        const written = values.map((value) => JSON.stringify(value));
        const body = `${space}[${space}${written.join(`${space},${space}`)}${space}]${space}`;
        expect(texts(body)).toEqual(written);
      }),
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
    );
  });

  it('takes one object laid out over lines', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
        const body = JSON.stringify(value, null, 2);
        expect(texts(body)).toEqual([body]);
      }),
    );
  });

  it('gives no element of an array that is not JSON, and never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\[[[\]{}",\\a1 ]{0,12}$/), (body) => {
        const parts = texts(body);
        if (parts === undefined) expect(() => JSON.parse(body)).toThrow();
        else expect(`[${parts.join(',')}]`.replaceAll(' ', '')).toBe(body.replaceAll(' ', ''));
      }),
      { numRuns: 2000 },
    );
  });

  it('points into the body and copies nothing', () => {
    const body = Buffer.from('{"a":1}\n{"b":2}');
    for (const part of splitEvents(body)!) expect(part.buffer).toBe(body.buffer);
  });
});
