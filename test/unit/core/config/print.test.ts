import { describe, expect, it } from 'vitest';
import { fileSource, namedSource } from '../../../../core/config/explain/source.ts';
import { hiddenTexts, REDACTED, redact } from '../../../../core/config/print.ts';
import type { Node } from '../../../../core/config/read/tree.ts';
import type { JsonSchema } from '../../../../core/config/schema/json-schema.ts';
import { secret } from '../../../../core/sdk/index.ts';

const FILE = fileSource('a.yaml', '', '/');
const VARIABLE = namedSource('environment variable TIERCEL_A', '/');

/** A value as the tree has it: from a file as it is, from a reference in it, or from a variable. */
function node(from: 'file' | 'reference' | 'variable', value: string | number = 'hunter2'): Node {
  const span = { source: from === 'variable' ? VARIABLE : FILE, start: 0, end: 0 };
  const outside = from !== 'file';
  return { kind: 'scalar', span, value, written: String(value), isText: outside, secret: outside };
}
const redacted = (schema: JsonSchema | undefined, from: 'file' | 'reference' | 'variable') =>
  redact('hunter2', schema, node(from)) === REDACTED;

describe('redact', () => {
  it.each<[string, JsonSchema | undefined, boolean]>([
    ['a text', { type: 'string' }, true],
    ['an address', { type: 'string', format: 'uri' }, true],
    ['what the schema does not know', undefined, true],
    ['a duration', { type: 'string', format: 'duration' }, false],
    ['a choice', { type: 'string', enum: ['hunter2'] }, false],
    ['a number', { type: 'integer' }, false],
  ])('hides of a variable what may be a secret: %s', (_, schema, hidden) => {
    expect(redacted(schema, 'variable')).toBe(hidden);
    // A reference in a file is hidden wherever it stands, and what is written there is not.
    expect(redacted(schema, 'reference')).toBe(true);
    expect(redacted(schema, 'file')).toBe(false);
    expect(redact('hunter2', schema, undefined)).toBe('hunter2');
  });

  it('hides what the schema calls a secret, wherever it comes from', () => {
    const schema = secret({ description: 'A token.' }) as JsonSchema;
    expect([redacted(schema, 'file'), redact('hunter2', schema, undefined)]).toEqual([true, REDACTED]);
  });

  it('goes through lists and mappings', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { list: { type: 'array', items: { type: 'string' } }, plain: { type: 'string' } },
    };
    const key = { source: FILE, start: 0, end: 0 };
    const tree: Node = {
      kind: 'map',
      span: key,
      entries: new Map([
        ['list', { key, value: { kind: 'list', span: key, items: [node('file', 'a'), node('variable')] } }],
        ['plain', { key, value: node('file', 'b') }],
      ]),
    };
    const value = { list: ['a', 'hunter2'], plain: 'b', added: null };
    const shown = redact(value, schema, tree);
    expect(shown).toEqual({ list: ['a', REDACTED], plain: 'b', added: null });
    expect(hiddenTexts(value, shown)).toEqual(['hunter2']);
  });
});

describe('hiddenTexts', () => {
  it('lists single values that were hidden, and nothing else', () => {
    expect(
      hiddenTexts(
        { a: 7, b: ['x', { c: 'y' }], d: { e: 1 }, f: 'z' },
        { a: REDACTED, b: ['x', { c: REDACTED }], d: REDACTED, f: 'z' },
      ),
    ).toEqual(['7', 'y']);
    expect(hiddenTexts('x', 'x')).toEqual([]);
    expect(hiddenTexts({ a: 'x' }, null)).toEqual([]);
    expect(hiddenTexts(null, { a: 'x' })).toEqual([]);
  });
});
