import type { ErrorObject } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { filterAjvErrors } from '../../../../../core/config/check/filter-ajv-errors.ts';

/** The errors that are told of a value, as `path keyword`. */
function told(schema: object, value: unknown): string[] {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  const check = ajv.compile(schema);
  check(value);
  return filterAjvErrors(check.errors ?? []).map(({ instancePath, keyword }) =>
    `${instancePath} ${keyword}`.trim(),
  );
}

describe('filterAjvErrors', () => {
  it.each<[string, object, unknown, string[]]>([
    ['one mistake', { type: 'string' }, 1, ['type']],
    ['a kind, and not its bounds', { type: 'integer', minimum: 5 }, 0.5, ['type']],
    [
      'bounds of the right kind',
      { type: 'integer', minimum: 5, multipleOf: 2 },
      3,
      ['minimum', 'multipleOf'],
    ],
    ['a choice, and not a kind', { type: 'string', enum: ['a'] }, 1, ['enum']],
    ['a choice, and not a form', { enum: ['a'], pattern: '^a' }, 'b', ['enum']],
    [
      'members that are missing and unknown, beside each other',
      { type: 'object', required: ['a', 'b'], properties: { a: {} }, additionalProperties: false },
      { c: 1 },
      ['required', 'required', 'additionalProperties'],
    ],
    [
      'mistakes of several values',
      { properties: { a: { type: 'string' }, b: { type: 'integer' } } },
      { a: 1, b: 'x' },
      ['/a type', '/b type'],
    ],
    [
      'the branch of the right kind',
      { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 5 }] },
      3,
      ['minimum'],
    ],
    [
      'a union where no branch is of the kind',
      { anyOf: [{ type: 'string' }, { type: 'integer' }] },
      true,
      ['anyOf'],
    ],
    [
      'the branch whose constant fits',
      {
        oneOf: [
          { properties: { t: { const: 'a' }, x: { type: 'string' } } },
          { properties: { t: { const: 'b' }, x: { type: 'integer' } } },
        ],
      },
      { t: 'b', x: 'no' },
      ['/x type'],
    ],
    [
      'a union where several are meant',
      {
        anyOf: [
          { type: 'integer', minimum: 5 },
          { type: 'integer', multipleOf: 7 },
        ],
      },
      3,
      ['anyOf'],
    ],
    ['a key, by the mapping it is in', { propertyNames: { pattern: '^a' } }, { b: 1 }, ['propertyNames']],
  ])('tells %s', (_, schema, value, errors) => {
    expect(told(schema, value)).toEqual(errors);
  });

  it('keeps required and additionalProperties of a value of the wrong kind or choice', () => {
    const error = (keyword: string): ErrorObject => ({
      keyword,
      instancePath: '/a',
      schemaPath: `#/${keyword}`,
      params: {},
    });
    const keywords = (...all: string[]) => filterAjvErrors(all.map(error)).map(({ keyword }) => keyword);
    expect(keywords('type', 'required', 'additionalProperties', 'minLength')).toEqual([
      'type',
      'required',
      'additionalProperties',
    ]);
    expect(keywords('enum', 'type', 'required', 'minLength')).toEqual(['enum', 'required']);
    expect(keywords('format', 'pattern', 'minLength')).toEqual(['format', 'minLength']);
  });
});
