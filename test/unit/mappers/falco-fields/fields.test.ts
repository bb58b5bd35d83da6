import { describe, expect, it } from 'vitest';
import { exactNumber } from '../../../../core/event/decimal.ts';
import type { FieldValue } from '../../../../core/sdk/index.ts';
import { Fields } from '../../../../mappers/falco-fields/fields.ts';

const INT32_MAX = 2_147_483_647;

const fieldsOf = (values: Record<string, FieldValue>, maxText?: number) =>
  new Fields(Object.assign(Object.create(null), values), maxText);
/** The names of what was not taken. */
const left = (fields: Fields) => Object.keys(fields.rest(true));

describe('Fields', () => {
  it('knows families by what stands before the first dot', () => {
    const fields = fieldsOf({
      'ka.verb': 'x',
      'ka.uri': 'y',
      kax: 'z',
      '.b': 1,
      'k8s.ns.name': 'n',
      'ka2.x': 1,
    });
    expect(['ka', 'k8s', 'ka2'].map((name) => fields.has(name))).toEqual([true, true, true]);
    expect(['kax', 'k', '', 'k8s.ns', 'ns', 'b'].map((name) => fields.has(name))).toEqual(
      Array(6).fill(false),
    );
  });

  it('gives single values as text, and none that is missing or too long', () => {
    const fields = fieldsOf(
      {
        t: 'abcde',
        n: 7,
        b: true,
        big: 2n ** 64n,
        d: exactNumber('0.50'),
        list: ['a'],
        o: {},
        no: null,
        e: '',
        na: '<NA>',
        long: 'abcdef',
      },
      5,
    );
    expect(['t', 'n', 'b', 'd'].map((key) => fields.peek(key))).toEqual(['abcde', '7', 'true', '0.50']);
    for (const key of ['big', 'list', 'o', 'no', 'e', 'na', 'long', 'absent'])
      expect(fields.peek(key)).toBeUndefined();
    expect(['list', 'o', 'd', 'no', 't', 'absent'].map((key) => fields.isNested(key))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(left(fields)).toHaveLength(11);
  });

  it('keeps what nobody took, and what is missing only when asked', () => {
    const fields = fieldsOf({ a: 'x', b: 1, no: null, e: '', list: ['a', 1] });
    expect(fields.text('a')).toBe('x');
    fields.take('b');
    expect(fields.rest(false)).toEqual({ list: '["a",1]' });
    expect(fields.rest(true)).toEqual({ no: 'null', e: '', list: '["a",1]' });
    fields.takeTexts('list', 'no');
    expect(left(fields)).toEqual(['no', 'e', 'list']);
  });

  it('takes the first that has a text, and one only if it fits', () => {
    const fields = fieldsOf({ a: null, b: 'x', c: 'y' });
    expect(fields.first('a', 'b', 'c')).toBe('x');
    expect(fields.first('a', 'absent')).toBeUndefined();
    expect(left(fields)).toEqual(['a', 'c']);
    expect(fields.textIf('c', (text) => text === 'x')).toBeUndefined();
    expect(left(fields)).toEqual(['a', 'c']);
    expect(fields.textIf('c', (text) => text === 'y')).toBe('y');
    expect(left(fields)).toEqual(['a']);
  });

  it.each<[FieldValue, number | undefined]>([
    [0, 0],
    [INT32_MAX, INT32_MAX],
    [INT32_MAX + 1, undefined],
    [-INT32_MAX - 1, -INT32_MAX - 1],
    [-INT32_MAX - 2, undefined],
    ['2147483647', INT32_MAX],
    ['2147483648', undefined],
    ['-2147483648', -INT32_MAX - 1],
    ['0', 0],
    ['-0', undefined],
    [-0, undefined],
    ['07', undefined],
    ['1.0', undefined],
    ['1e3', undefined],
    [' 1', undefined],
    ['', undefined],
    [1.5, undefined],
    [7n, undefined],
    [null, undefined],
    [true, undefined],
    [['1'], undefined],
  ])('int32 of %o is %o', (value, expected) => {
    const fields = fieldsOf({ a: value });
    expect(fields.int32('a')).toBe(expected);
    expect(left(fields)).toEqual(expected === undefined ? ['a'] : []);
  });

  it('takes an integer within bounds, which are included', () => {
    for (const [value, fits] of [
      [1, true],
      [65_535, true],
      [0, false],
      [65_536, false],
    ] as const)
      expect(fieldsOf({ a: value }).int32('a', 1, 65_535)).toBe(fits ? value : undefined);
  });

  it.each<[FieldValue, string[] | undefined]>([
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[], undefined],
    [['a', 1], undefined],
    [['a', null], undefined],
    [['a', ''], undefined],
    [['a', '<NA>'], undefined],
    [['abcdef'], undefined],
    ['(a,b)', ['a', 'b']],
    ['(a)', ['a']],
    ['(a', ['(a']],
    ['a)', ['a)']],
    ['a,b', ['a,b']],
    ['()', undefined],
    ['(a,)', undefined],
    ['', undefined],
    [7, undefined],
    [null, undefined],
  ])('the list of %j is %j', (value, expected) => {
    const fields = fieldsOf({ a: value }, 5);
    expect(fields.peekList('a')).toEqual(expected);
    expect(left(fields)).toEqual(['a']);
    expect(fields.list('a')).toEqual(expected);
    expect(left(fields)).toEqual(expected === undefined ? ['a'] : []);
  });

  it('takes a list when every item fits', () => {
    const fits = (text: string) => text.startsWith('a');
    expect(fieldsOf({ a: ['a1', 'a2'] }).list('a', fits)).toEqual(['a1', 'a2']);
    expect(fieldsOf({ a: ['a1', 'b'] }).list('a', fits)).toBeUndefined();
  });

  it('takes fields that repeat a value', () => {
    const fields = fieldsOf({ a: 'x', b: 'x', c: 'y', n: 7 });
    fields.takeIfEqual(undefined, 'a', 'absent');
    expect(left(fields)).toEqual(['a', 'b', 'c', 'n']);
    fields.takeIfEqual('x', 'a', 'b', 'c');
    fields.takeIfEqual('7', 'n');
    expect(left(fields)).toEqual(['c']);
  });
});
