import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeScalars, fillDefaults } from '../../../../../core/config/schema/decode.ts';
import { type JsonSchema, validate } from '../../../../../core/config/schema/json-schema.ts';
import { duration, Type } from '../../../../../core/sdk/index.ts';

const tls = Type.Object({ insecure: Type.Boolean({ default: false }), ca: Type.Optional(Type.String()) });
const port = Type.Integer({ minimum: 1, default: 514 });
const wait = duration({ description: 'How long.', default: '5s' });

const schema = Type.Object({
  port,
  wait,
  tls: Type.Optional(tls),
  pool: Type.Object({ size: Type.Integer({ default: 4 }), wait }, { default: {} }),
  hosts: Type.Optional(Type.Array(Type.Object({ name: Type.String(), port }))),
  byName: Type.Optional(Type.Record(Type.String(), Type.Object({ port }))),
  login: Type.Optional(
    Type.Union([
      Type.String(),
      Type.Object({ user: Type.String(), wait }),
      Type.Object({ token: Type.String() }),
    ]),
  ),
}) as JsonSchema;

const NAMES = Object.keys(schema.properties!);

/** As the configuration is read: first filled, then validated, then decoded. */
function read(value: object) {
  const filled = fillDefaults(schema, value);
  return { filled, errors: validate(schema, filled), decoded: decodeScalars(schema, filled) };
}

const base = { port: 514, wait: '5s', pool: { size: 4, wait: '5s' } };
const decodedBase = { port: 514, wait: 5000, pool: { size: 4, wait: 5000 } };

describe('defaults', () => {
  it('are filled in, in sections that have one too', () => {
    expect(read({})).toEqual({ filled: base, errors: [], decoded: decodedBase });
    expect(read({ pool: { size: 9 } }).decoded).toMatchObject({ pool: { size: 9, wait: 5000 } });
  });

  it('do not make a section that was left out', () => {
    expect(read({}).filled).not.toHaveProperty('tls');
    expect(read({ tls: {} }).filled).toMatchObject({ tls: { insecure: false } });
  });

  it('are filled in in lists, in mappings and in the form of a union that was meant', () => {
    const given = {
      hosts: [{ name: 'a' }, { name: 'b', port: 1 }],
      byName: { a: {} },
      login: { user: 'me' },
    };
    const { errors, decoded } = read(given);
    expect(errors).toEqual([]);
    expect(decoded).toEqual({
      ...decodedBase,
      hosts: [
        { name: 'a', port: 514 },
        { name: 'b', port: 1 },
      ],
      byName: { a: { port: 514 } },
      login: { user: 'me', wait: 5000 },
    });
    expect(read({ login: { token: 'x' } }).decoded).toMatchObject({ login: { token: 'x' } });
  });

  it('leave what is wrong as it is, and change nothing that was given', () => {
    const given = Object.freeze({ port: 'x', pool: Object.freeze({ size: [] }) });
    const { filled, errors } = read(given);
    expect(filled).toEqual({ ...base, port: 'x', pool: { size: [], wait: '5s' } });
    expect(errors.map(({ instancePath }) => instancePath).sort()).toEqual(['/pool/size', '/port']);
  });

  it('never throw, whatever is given, and have nothing to fill in the second time', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...NAMES, 'other'), fc.jsonValue()), (given) => {
        const before = structuredClone(given);
        const once = fillDefaults(schema, given) as Record<string, unknown>;
        expect(given).toEqual(before);
        expect(fillDefaults(schema, once)).toEqual(once);
        expect(Object.keys(once)).toEqual(expect.arrayContaining(Object.keys(given)));
        if (validate(schema, once).length === 0)
          expect(decodeScalars(schema, given)).toEqual(decodeScalars(schema, once));
      }),
    );
  });

  it('are not shared between two values', () => {
    const [one, other] = [read({}).decoded, read({}).decoded] as { pool: object }[];
    expect(one!.pool).not.toBe(other!.pool);
  });
});
