import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  columnProblems,
  columnsOf,
  defineMapper,
  int64,
  jsonText,
  type TSchema,
  Type,
  textMap,
  timestampMillis,
} from '../../../../core/sdk/index.ts';
import { testMapper } from '../../../../core/testing/index.ts';
import { createParquetWriter, RecordError } from '../../../../outputs/shared/lake/index.ts';

const closed = { additionalProperties: false } as const;
const NAMES = ['a', 'b', 'c'];

/** Schemas with columns, mostly; some have a property without one. */
const schemas = fc.letrec<{ schema: TSchema; object: TSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom<TSchema>(
      Type.String(),
      Type.Integer(),
      Type.Number(),
      Type.Boolean(),
      int64(),
      timestampMillis(),
      textMap(),
      jsonText(),
      Type.Enum(['x', 'y']),
      Type.Literal(7),
      Type.Union([Type.String(), Type.Null()]),
      Type.Union([Type.String(), Type.Number()]),
      Type.Any(),
    ),
    tie('schema').map((items) => Type.Array(items)),
    tie('object'),
  ),
  object: fc
    .dictionary(fc.constantFrom(...NAMES), fc.tuple(tie('schema'), fc.boolean()), { minKeys: 1 })
    .map((properties) =>
      Type.Object(
        Object.fromEntries(
          Object.entries(properties).map(([name, [schema, isOptional]]) => [
            name,
            isOptional ? Type.Optional(schema) : schema,
          ]),
        ),
        closed,
      ),
    ),
}));

/** Values that fit a schema most of the time. */
function recordOf(schema: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.anything({ maxDepth: 1 }),
    fc.constantFrom<unknown>(2 ** 40, 2n ** 63n, 1.5, null, ''),
  );
  const right = (): fc.Arbitrary<unknown> => {
    const { type, format, enum: words, const: word, items, properties, anyOf } = schema;
    if (words !== undefined) return fc.constantFrom(...(words as string[]));
    if (word !== undefined) return fc.constant(word);
    if (anyOf !== undefined)
      return fc.oneof(...(anyOf as Readonly<Record<string, unknown>>[]).map((branch) => recordOf(branch)));
    if (type === 'string') return fc.string();
    if (type === 'boolean') return fc.boolean();
    if (type === 'number') return fc.double({ noNaN: true });
    if (type === 'integer' && format === undefined) return fc.integer();
    if (type === 'integer')
      return fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    if (type === 'array')
      return fc.array(recordOf(items as Readonly<Record<string, unknown>>), { maxLength: 3 });
    if (typeof properties === 'object' && properties !== null) {
      const members = Object.entries(properties).map(([name, member]) => [
        name,
        recordOf(member as Record<string, unknown>),
      ]);
      return fc.record(Object.fromEntries(members), {
        requiredKeys: ((schema.required as string[]) ?? []) as never[],
      });
    }
    if (type === 'object') return fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 });
    return fc.anything({ maxDepth: 1 });
  };
  return fc.oneof({ weight: 20, arbitrary: right() }, { weight: 1, arbitrary: odd });
}

/** Does testMapper pass a mapper with these records? The parts that do not look at records are left out. */
async function passes(
  record: TSchema,
  value: unknown,
): Promise<{ readonly schema: boolean; readonly record: boolean }> {
  const definition = defineMapper({
    apiVersion: 1,
    type: 'probe',
    summary: 'A mapper.',
    options: Type.Object({}, closed),
    create: () => ({ record, map: () => ({ ok: true as const, record: value as never }) }),
  });
  const results = new Map<string, boolean>();
  const runs: Promise<void>[] = [];
  testMapper(definition, {
    test: (name, run) => {
      if (/gives|definition/.test(name)) return;
      const note = (passed: boolean) =>
        void results.set(name.includes('declares') ? 'schema' : 'record', passed);
      runs.push(
        run().then(
          () => note(true),
          () => note(false),
        ),
      );
    },
  });
  await Promise.all(runs);
  return { schema: results.get('schema')!, record: results.get('record')! };
}

/** Does the lake write it? */
function writes(record: TSchema, value: unknown): boolean {
  const writer = createParquetWriter({
    columns: columnsOf(record),
    sink: { write() {} },
    compress: (bytes) => Uint8Array.from(bytes),
    createdBy: 'a test',
  });
  try {
    writer.append(value);
    writer.finish();
    return true;
  } catch (error) {
    if (error instanceof RecordError) return false;
    throw error;
  }
}

it('lets a lake write every record that testMapper passes', async () => {
  const cases = { written: 0, refused: 0 };
  const schemaAndRecord = schemas.object.chain((schema) =>
    fc.tuple(fc.constant(schema), recordOf(schema as Readonly<Record<string, unknown>>)),
  );
  await fc.assert(
    fc.asyncProperty(schemaAndRecord, async ([schema, value]) => {
      const passed = await passes(schema, value);
      expect(passed.schema).toBe(columnProblems(schema).length === 0);
      if (!passed.schema) return;
      const isWritten = writes(schema, value);
      cases[isWritten ? 'written' : 'refused']++;
      if (passed.record) expect(isWritten).toBe(true);
    }),
  );
  // Both happen, or the property says nothing.
  expect(Math.min(cases.written, cases.refused)).toBeGreaterThan(0);
}, 60_000);
