import { Type as TypeBox } from 'typebox';
import { describe, expect, test } from 'vitest';
import { Type, type TypeBuilder } from '../../../../../core/sdk/options/type.ts';

/** TypeBox must be told; what is given here twice stays once. */
const closed = { additionalProperties: false } as const;

/** Each builder once, with options and without. */
const cases: Record<string, (type: TypeBuilder) => object> = {
  Any: (type) => type.Any({ description: 'd' }),
  Array: (type) => type.Array(type.String(), { minItems: 1 }),
  Boolean: (type) => type.Boolean({ default: false }),
  Enum: (type) => type.Enum(['a', 'b'], { default: 'a' }),
  Integer: (type) => type.Integer({ minimum: 1 }),
  'Literal of a text': (type) => type.Literal('a', { title: 't' }),
  'Literal of a number': (type) => type.Literal(3),
  'Literal of a boolean': (type) => type.Literal(true),
  Null: (type) => type.Null(),
  Number: (type) => type.Number({ maximum: 2 }),
  'Object, empty': (type) => type.Object({}, closed),
  'Object, all optional': (type) => type.Object({ a: type.Optional(type.String()) }, closed),
  'Object, open': (type) => type.Object({ a: type.String() }, { additionalProperties: true }),
  Object: (type) =>
    type.Object(
      { a: type.String(), b: type.Optional(type.Object({ c: type.Integer() }, closed)), d: type.Boolean() },
      { ...closed, description: 'd' },
    ),
  Optional: (type) => type.Optional(type.Integer({ default: 1 })),
  Record: (type) => type.Record(type.String(), type.Unknown(), { default: {} }),
  Ref: (type) => type.Ref('Other', { description: 'd' }),
  String: (type) => type.String({ format: 'uri', examples: ['https://example.com'] }),
  Union: (type) => type.Union([type.String(), type.Null()], { description: 'd' }),
  Unknown: (type) => type.Unknown(),
  Unsafe: (type) => type.Unsafe<number>({ type: 'string', format: 'duration' }),
};

describe('Type gives what TypeBox gives', () => {
  test.each(Object.entries(cases))('%s', (_name, build) => {
    // The text, so that the order of the members is held too: generated documents show it.
    expect(JSON.stringify(build(Type))).toBe(JSON.stringify(build(TypeBox)));
  });

  test('every builder is among the cases', () => {
    const tried = new Set(Object.keys(cases).map((name) => name.split(/[ ,]/)[0]));
    expect(Object.keys(Type).filter((name) => !tried.has(name))).toEqual([]);
  });

  test('members of the one make objects of the other', () => {
    const ours = Type.Object({ a: TypeBox.Optional(TypeBox.String()), b: TypeBox.String() });
    const theirs = TypeBox.Object({ a: Type.Optional(Type.String()), b: Type.String() });
    expect(ours).toMatchObject({ required: ['b'] });
    expect(theirs).toMatchObject({ required: ['b'] });
  });

  test('an object is closed unless it is told otherwise', () => {
    const named = { a: Type.String() };
    expect(Type.Object(named)).toEqual(TypeBox.Object(named, closed));
    expect(Type.Object(named, { additionalProperties: true })).toMatchObject({ additionalProperties: true });
    const others = { additionalProperties: Type.Integer() };
    expect(Type.Object(named, others)).toMatchObject(others);
  });

  test('only texts are keys', () => {
    expect(() => Type.Record(Type.Integer(), Type.String())).toThrow('Type.String()');
  });
});
