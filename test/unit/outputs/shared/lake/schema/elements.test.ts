import { describe, expect, it } from 'vitest';
import {
  columnsOf,
  int64,
  jsonText,
  type TSchema,
  Type,
  textMap,
  timestampMillis,
} from '../../../../../../core/sdk/index.ts';
import {
  breakingChanges,
  isAdditive,
  schemaHash,
} from '../../../../../../outputs/shared/lake/schema/compare.ts';
import { leavesOf, schemaElements } from '../../../../../../outputs/shared/lake/schema/elements.ts';

const closed = (properties: Record<string, TSchema>) => Type.Object(properties);

const record = closed({
  time: int64(),
  time_dt: Type.Optional(timestampMillis()),
  severity_id: Type.Integer(),
  kind: Type.Union([Type.Literal('a'), Type.Literal('b')]),
  score: Type.Number(),
  is_alert: Type.Boolean(),
  data: jsonText(),
  attacks: Type.Array(closed({ tactic: closed({ uid: Type.String() }), aliases: Type.Array(Type.String()) })),
  unmapped: textMap(),
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
    expect(schemaHash(columnsOf(closed({ a: int64() })))).not.toBe(
      schemaHash(columnsOf(closed({ a: Type.String() }))),
    );
  });
});
