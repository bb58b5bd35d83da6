import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldValue } from '../../../../core/event/event.ts';
import { compileWhen } from '../../../../core/routing/when.ts';
import { sampleEvent } from '../../../support/events.ts';

function unguarded(expression: string) {
  const compiled = compileWhen(expression);
  if (!compiled.ok) throw new Error(`${expression}: ${compiled.error.message}`);
  return compiled.unguarded;
}

const guards = (expression: string) => unguarded(expression).map(({ guard }) => guard);

describe('fields that an event may lack', () => {
  it.each([
    'fields["a.b"] > 5',
    'fields["a.b"].startsWith("x")',
    'size(fields["a.b"]) > 1',
    'int(fields["a.b"]) > 1',
    '"x" in fields["a.b"]',
    'fields["a.b"] + 1 > 4',
    'fields["a.b"].exists(one, one == "x")',
    '!(fields["a.b"] > 5)',
    'fields["a.b"] > 5 || fields["a.b"] != null',
    'fields["a.b"] != null || fields["a.b"] > 5',
    'rule == "x" && fields["a.b"] > 5',
    'fields["c"] != null && fields["a.b"] > 5',
    'fields["a.b"] == null ? fields["a.b"] > 5 : true',
    'fields["a.b"]',
    '!fields["a.b"]',
  ])('%s fails without the field', (expression) => {
    expect(guards(expression)).toEqual(['fields["a.b"] != null']);
  });

  it.each([
    'fields["a.b"] == "x"',
    'fields["a.b"] != "x"',
    'fields["a.b"] in ["x", "y"]',
    '[fields["a.b"]] == ["x"]',
    'fields["a.b"] != null && fields["a.b"] > 5',
    'fields["a.b"] > 5 && fields["a.b"] != null',
    'null != fields["a.b"] && rule == "x" && fields["a.b"] > 5',
    'fields["a.b"] == null || fields["a.b"] > 5',
    'fields["a.b"] != null ? fields["a.b"] > 5 : false',
    '!(fields["a.b"] == null) && fields["a.b"] > 5',
    '!(fields["a.b"] == null || fields["a.b"] < 5)',
    'fields["a.b"] == "xy" && fields["a.b"].startsWith("x")',
    'priority >= "warning" && "x" in tags',
    '"a.b" in fields && fields["a.b"] != null && fields["a.b"] > 5',
    'has(fields.a)',
  ])('%s does not', (expression) => {
    expect(unguarded(expression)).toEqual([]);
  });

  it('demands both a presence check and a null check of an expression that uses the map', () => {
    expect(guards('has(fields.x) && fields.x > 5')).toEqual(['"x" in fields && fields["x"] != null']);
    expect(guards('"a" in fields && fields["b"] == "c"')).toEqual(['"b" in fields']);
  });

  it('points at the first use', () => {
    expect(unguarded('rule == "x" && fields["a.b"] > 5 && fields["a.b"] < 9')).toEqual([
      { field: 'a.b', guard: 'fields["a.b"] != null', start: 15, end: 28 },
    ]);
  });
});

/** Conditions over the fields `a` and `b`, which are whole numbers where an event has them. */
const condition = fc.letrec<{ any: string }>((tie) => {
  const field = fc.constantFrom('fields["a"]', 'fields.b');
  const leaf = fc.oneof(
    fc
      .tuple(field, fc.constantFrom('> 5', '<= 5', '== 5', '!= 5', '!= null', '== null', '+ 1 > 5'))
      .map(([f, rest]) => `${f} ${rest}`),
    fc.constantFrom('"a" in fields', 'has(fields.b)', 'rule == "r"'),
  );
  return {
    any: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.tuple(tie('any'), fc.constantFrom('&&', '||'), tie('any')).map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('any').map((one) => `!(${one})`),
      fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    ),
  };
}).any;

it('never fails for any event when all fields are guarded', () => {
  let guarded = 0;
  const values: (FieldValue | undefined)[] = [undefined, null, 3n, 7n];
  fc.assert(
    fc.property(condition, (expression) => {
      const compiled = compileWhen(expression);
      if (!compiled.ok || compiled.unguarded.length > 0) return;
      guarded++;
      for (const a of values)
        for (const b of values) {
          const fields: Record<string, FieldValue> = {
            ...(a !== undefined && { a }),
            ...(b !== undefined && { b }),
          };
          for (const rule of ['r', 's'])
            expect(compiled.when(sampleEvent({ rule, fields })).failed).toBeUndefined();
        }
    }),
    { numRuns: 1_000 },
  );
  expect(guarded).toBeGreaterThan(100);
});
