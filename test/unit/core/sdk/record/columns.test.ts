import { describe, expect, it } from 'vitest';
import {
  columnProblems,
  columnsOf,
  int64,
  jsonText,
  SchemaError,
  type Shape,
  type TSchema,
  Type,
  textMap,
  timestampMillis,
} from '../../../../../core/sdk/index.ts';

const closed = (properties: Record<string, TSchema>) => Type.Object(properties);

/** The type of a column as a word or, where it has parts, as an object. */
function brief(shape: Shape): unknown {
  if (shape.kind === 'leaf') return shape.type;
  if (shape.kind === 'map') return 'map';
  if (shape.kind === 'list') return [brief(shape.element)];
  return Object.fromEntries(shape.columns.map((column) => [column.name, brief(column.shape)]));
}
const briefOf = (record: TSchema) => brief({ kind: 'group', columns: columnsOf(record) });

describe('columnsOf', () => {
  it('reads every kind of column', () => {
    const record = closed({
      time: int64(),
      time_dt: Type.Optional(timestampMillis()),
      severity_id: Type.Integer(),
      kind: Type.Union([Type.Literal('a'), Type.Literal('b')]),
      score: Type.Number(),
      is_alert: Type.Boolean(),
      data: jsonText(),
      attacks: Type.Array(
        closed({ tactic: closed({ uid: Type.String() }), aliases: Type.Array(Type.String()) }),
      ),
      unmapped: textMap(),
    });
    expect(briefOf(record)).toEqual({
      time: 'int64',
      time_dt: 'timestamp',
      severity_id: 'int32',
      kind: 'utf8',
      score: 'double',
      is_alert: 'boolean',
      data: 'utf8',
      attacks: [{ tactic: { uid: 'utf8' }, aliases: ['utf8'] }],
      unmapped: 'map',
    });
  });

  it('reads plain JSON Schema, written without this library', () => {
    const plain = {
      type: 'object',
      additionalProperties: false,
      properties: {
        time: { type: 'integer', format: 'int64' },
        unmapped: { type: 'object', additionalProperties: { type: 'string' } },
        level: { enum: [1, 2] },
        large: { enum: [1, 2 ** 40] },
        half: { const: 0.5 },
      },
    };
    expect(briefOf(plain)).toEqual({
      time: 'int64',
      unmapped: 'map',
      level: 'int32',
      large: 'int64',
      half: 'double',
    });
  });

  it('ignores null beside a type: every column may be absent', () => {
    const record = closed({
      a: Type.Union([Type.String(), Type.Null()]),
      b: { type: ['integer', 'null'] },
      c: { enum: ['x', null] },
      d: Type.Union([Type.Null(), closed({ e: Type.Boolean() })]),
    });
    expect(briefOf(record)).toEqual({ a: 'utf8', b: 'int32', c: 'utf8', d: { e: 'boolean' } });
  });
});

describe('columnProblems', () => {
  const cyclic: Record<string, unknown> = { type: 'object', additionalProperties: false };
  cyclic.properties = { parent: cyclic };

  it.each<[string, Record<string, unknown>, string]>([
    ['a union', { a: Type.Array(Type.Union([Type.String(), Type.Number()])) }, 'a[]: combines schemas'],
    ['oneOf', { a: { oneOf: [{ type: 'string' }] } }, 'a: combines schemas'],
    ['allOf', { a: { allOf: [{ type: 'string' }] } }, 'a: combines schemas'],
    ['an empty group', { a: closed({ b: closed({}) }) }, 'a.b: has no properties'],
    [
      'an open object',
      { a: Type.Object({ b: Type.String() }, { additionalProperties: true }) },
      'a: must be closed',
    ],
    ['free keys', { a: Type.Record(Type.String(), Type.Number()) }, 'a: has free keys'],
    [
      'free keys beside properties',
      { a: { ...Type.Object({ b: Type.String() }), additionalProperties: { type: 'string' } } },
      'a: has free keys',
    ],
    ['a reference', { a: Type.Ref('B') }, 'a: is a reference'],
    ['recursion', { a: cyclic }, 'a.parent: contains itself'],
    ['a list without a type', { a: { type: 'array' } }, 'a: must have one schema'],
    ['a tuple', { a: { type: 'array', items: [{ type: 'string' }] } }, 'a: must have one schema'],
    ['a list of anything', { a: Type.Array(Type.Any()) }, 'a[]: has no type'],
    ['no type', { a: {} }, 'a: has no type'],
    ['several types', { a: { type: ['string', 'integer'] } }, 'a: has no type'],
    ['null alone', { a: Type.Null() }, 'a: has no type'],
    ['true', { a: true }, 'a: has no schema'],
    ['an unknown format', { a: Type.Integer({ format: 'int65' }) }, 'a: has the integer format "int65"'],
    ['more than 32 bits', { a: Type.Integer({ maximum: 2 ** 40 }) }, 'a: allows integers beyond 32 bits'],
    ['a name with a dot', { 'a.b': Type.String() }, 'a.b: cannot be the name of a column'],
    ['a name with a space', { 'a b': Type.String() }, 'a b: cannot be the name of a column'],
    ['an endless name', { ['a'.repeat(256)]: Type.String() }, 'cannot be the name of a column'],
    [
      'an inherited name',
      { constructor: Type.String() },
      'constructor: is a name that every JavaScript object has',
    ],
    ['names that differ in case only', { ab: Type.String(), aB: Type.String() }, 'aB: differs'],
    ['constants of several types', { a: { enum: ['x', 1] } }, 'a: has constants of several types'],
  ])('names the path of %s', (_name, properties, message) => {
    const schema = { type: 'object', additionalProperties: false, properties };
    expect(columnProblems(schema)).toEqual([expect.stringContaining(message)]);
    expect(() => columnsOf(schema)).toThrow(SchemaError);
    expect(() => columnsOf(schema)).toThrow(message);
  });

  it('names every property at once', () => {
    const record = closed({
      a: Type.Any(),
      b: Type.String(),
      c: closed({ d: Type.Ref('x'), e: closed({}) }),
    });
    expect(columnProblems(record).map((problem) => problem.split(':')[0])).toEqual(['a', 'c.d', 'c.e']);
  });

  it.each<[string, TSchema | undefined, string]>([
    ['none', undefined, 'record: is not declared'],
    ['a text', Type.String(), 'record: must be a closed object'],
    [
      'an open object',
      Type.Object({ a: Type.String() }, { additionalProperties: true }),
      'record: must be closed',
    ],
    ['a map', textMap(), 'record: must be a closed object'],
    ['a union', Type.Union([closed({ a: int64() }), closed({ b: int64() })]), 'record: combines schemas'],
  ])('refuses as a record: %s', (_name, record, message) => {
    expect(columnProblems(record)).toEqual([expect.stringContaining(message)]);
    expect(() => columnsOf(record)).toThrow(message);
  });
});
