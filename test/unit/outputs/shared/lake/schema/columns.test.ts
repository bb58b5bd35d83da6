import { describe, expect, it } from 'vitest';
import { Type } from '../../../../../../core/sdk/index.ts';
import {
  closed,
  jsonText,
  long,
  map,
  timestampMillis,
} from '../../../../../../outputs/shared/lake/schema/annotations.ts';
import { columnsOf, SchemaError } from '../../../../../../outputs/shared/lake/schema/columns.ts';
import {
  breakingChanges,
  isAdditive,
  schemaHash,
  schemaText,
} from '../../../../../../outputs/shared/lake/schema/compare.ts';
import { leavesOf, schemaElements } from '../../../../../../outputs/shared/lake/schema/elements.ts';

const record = closed({
  time: long(),
  time_dt: Type.Optional(timestampMillis()),
  severity_id: Type.Integer(),
  kind: Type.Union([Type.Literal('a'), Type.Literal('b')]),
  score: Type.Number(),
  is_alert: Type.Boolean(),
  data: jsonText(),
  attacks: Type.Array(closed({ tactic: closed({ uid: Type.String() }), aliases: Type.Array(Type.String()) })),
  unmapped: map(),
});

const TEXT = `time: int64
time_dt: timestamp
severity_id: int32
kind: utf8
score: double
is_alert: boolean
data: utf8
attacks[].tactic.uid: utf8
attacks[].aliases[]: utf8
unmapped: map<utf8,utf8>`;

describe('columnsOf', () => {
  it('reads every kind of column', () => {
    expect(schemaText(columnsOf(record))).toBe(TEXT);
  });

  it('reads plain JSON Schema, written without this library', () => {
    const plain = {
      type: 'object',
      additionalProperties: false,
      properties: {
        time: { type: 'integer', format: 'int64' },
        unmapped: { type: 'object', additionalProperties: { type: 'string' } },
        level: { enum: [1, 2] },
      },
    };
    expect(schemaText(columnsOf(plain))).toBe('time: int64\nunmapped: map<utf8,utf8>\nlevel: int32');
  });

  const cyclic: Record<string, unknown> = { type: 'object', additionalProperties: false };
  cyclic.properties = { parent: cyclic };

  it.each<[string, Record<string, unknown>, string]>([
    ['a union', { a: Type.Array(Type.Union([Type.String(), Type.Number()])) }, 'a[]: is a union'],
    ['an empty group', { a: closed({ b: closed({}) }) }, 'a.b: has no properties'],
    [
      'an open object',
      { a: Type.Object({ b: Type.String() }, { additionalProperties: true }) },
      'a: must be closed',
    ],
    ['free keys', { a: Type.Record(Type.String(), Type.Number()) }, 'a: has free keys'],
    ['a reference', { a: Type.Ref('B') }, 'a: is a reference'],
    ['recursion', { a: cyclic }, 'a.parent: contains itself'],
    ['a list without a type', { a: { type: 'array' } }, 'a: must say its `items`'],
    ['no type', { a: {} }, 'a: has no type'],
    [
      'an unknown format',
      { a: Type.Integer({ format: 'int65' }) },
      'a: has an unknown integer format "int65"',
    ],
    ['a name with a dot', { 'a.b': Type.String() }, 'a.b: a column name'],
    ['names that differ in case only', { ab: Type.String(), aB: Type.String() }, 'aB: differs'],
    ['literals of several types', { a: { enum: ['x', 1] } }, 'a: mixes'],
  ])('refuses %s and names the path', (_name, properties, message) => {
    const schema = { type: 'object', additionalProperties: false, properties };
    expect(() => columnsOf(schema)).toThrow(SchemaError);
    expect(() => columnsOf(schema)).toThrow(message);
  });
});

describe('schemaElements', () => {
  it('makes everything optional, with both annotations', () => {
    const elements = schemaElements(columnsOf(record));
    expect(elements[0]).toEqual({ name: 'schema', num_children: 9 });
    const required = elements.slice(1).filter(({ repetition_type }) => repetition_type === 'REQUIRED');
    expect(required.map(({ name }) => name)).toEqual(['key']);
    for (const { converted_type, logical_type } of elements) {
      expect(converted_type === undefined).toBe(logical_type === undefined);
    }
    expect(elements.find(({ name }) => name === 'time_dt')).toMatchObject({
      type: 'INT64',
      converted_type: 'TIMESTAMP_MILLIS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
    });
  });

  it('counts the levels', () => {
    const levels = leavesOf(columnsOf(record)).map((leaf) => [
      leaf.label,
      leaf.maxDefinition,
      leaf.maxRepetition,
    ]);
    expect(levels.slice(-4)).toEqual([
      ['attacks[].tactic.uid', 5, 1],
      ['attacks[].aliases[]', 6, 2],
      ['unmapped{key}', 2, 1],
      ['unmapped{}', 3, 1],
    ]);
  });
});

describe('isAdditive', () => {
  const more = `${TEXT.split('\n').reverse().join('\n')}\nmessage: utf8`;

  it('allows more columns in any order', () => expect(isAdditive(TEXT, more)).toBe(true));

  it('names what is gone or has another type', () => {
    expect(isAdditive(more, TEXT)).toBe(false);
    expect(breakingChanges(TEXT, TEXT.replace('score: double', 'score: int64'))).toEqual(['score: double']);
  });

  it('has a hash that changes with the columns', () => {
    expect(schemaHash(columnsOf(record))).toBe('70c4fcc2d97c0e00');
    expect(schemaHash(columnsOf(closed({ a: long() })))).not.toBe(
      schemaHash(columnsOf(closed({ a: Type.String() }))),
    );
  });
});
