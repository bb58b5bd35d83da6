import type { SchemaElement } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { checkColumns } from '../../../../../outputs/aws-security-lake/inspect/columns.ts';
import type { SchemaNode } from '../../../../../outputs/shared/lake/inspect/index.ts';

/** A tree of columns, as a footer gives it: `[name, element, children]`. */
type Tree = readonly [name: string, element?: Partial<SchemaElement>, children?: readonly Tree[]];

function schemaOf(...trees: readonly Tree[]): SchemaNode {
  const node = ([name, element = {}, children = []]: Tree, path: string[]): SchemaNode => ({
    element: { name, repetition_type: 'OPTIONAL', ...element } as SchemaElement,
    children: children.map((child) => node(child, [...path, child[0]])),
    count: 0,
    path,
  });
  return { ...node(['schema', {}, trees], []), children: trees.map((tree) => node(tree, [tree[0]])) };
}

describe('checkColumns', () => {
  const optional = { repetition_type: 'OPTIONAL' } as const;
  const repeated = { repetition_type: 'REPEATED' } as const;
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
  const number = { type: 'INT32' } as const;
  const needed: Tree[] = [
    ['time', { type: 'INT64' }],
    ['class_uid', number],
    ['metadata', {}, [['version', text]]],
  ];
  /** What is found besides, `rule: detail`. */
  const found = (...trees: Tree[]) =>
    [...checkColumns(schemaOf(...needed, ...trees))].map(({ rule, detail }) => `${rule}: ${detail}`);

  it('finds nothing in what is needed, and what of it is absent', () => {
    expect(found()).toEqual([]);
    for (const [index, [name]] of needed.entries()) {
      const others = needed.filter((_, other) => other !== index);
      expect([...checkColumns(schemaOf(...others))]).toEqual([
        { rule: 'required', detail: `there is no column ${name}` },
      ]);
    }
  });

  it.each<[string, string[], Tree[]]>([
    [
      'two that fold to one name',
      ['name: Id is not a name of OCSF', 'name: Id is there 2 times to engines that fold names'],
      [
        ['Id', text],
        ['id', text],
      ],
    ],
    [
      'one name twice',
      ['name: a is there 2 times to engines that fold names'],
      [
        ['a', text],
        ['b', text],
        ['a', text],
      ],
    ],
    ['one name at two levels', [], [['a', {}, [['a', text]]]]],
    ['a group without columns', ['group: a has no columns'], [['a']]],
    ['a dot in a nested name', ['name: a.b.c is not a name of OCSF'], [['a', {}, [['b.c', text]]]]],
    ['a digit in front', ['name: 1a is not a name of OCSF'], [['1a', text]]],
    ['a name of OCSF', [], [['_a1_b', text]]],
    ['a partition key', ['partition_column: eventday is a column'], [['eventday', text]]],
    ['a partition key below', [], [['cloud', {}, [['region', text]]]]],
  ])('names: %s', (_, rules, trees) => {
    expect(found(...trees)).toEqual(rules);
  });

  const LIST = { ...optional, converted_type: 'LIST' } as const;
  const lists = 'list: l is a list without its three levels (list.element)';
  it.each<[string, string[], Tree]>([
    ['three levels', [], ['l', LIST, [['list', repeated, [['element', text]]]]]],
    [
      'three levels, by the logical type',
      [],
      ['l', { logical_type: { type: 'LIST' } }, [['list', repeated, [['element', text]]]]],
    ],
    ['a list of groups', [], ['l', LIST, [['list', repeated, [['element', {}, [['a', text]]]]]]]],
    ['two levels', [lists], ['l', LIST, [['array', { ...repeated, ...text }]]]],
    [
      'two groups in it',
      [lists],
      [
        'l',
        LIST,
        [
          ['list', repeated, [['element', text]]],
          ['more', repeated, [['element', text]]],
        ],
      ],
    ],
    ['a middle that is not repeated', [lists], ['l', LIST, [['list', optional, [['element', text]]]]]],
    [
      'two elements',
      [lists],
      [
        'l',
        LIST,
        [
          [
            'list',
            repeated,
            [
              ['element', text],
              ['other', text],
            ],
          ],
        ],
      ],
    ],
    [
      'a repeated element',
      [lists, 'list: l.list.element is a bare REPEATED, which Athena does not read'],
      ['l', LIST, [['list', repeated, [['element', { ...repeated, ...text }]]]]],
    ],
    [
      'a bare REPEATED',
      ['list: l is a bare REPEATED, which Athena does not read'],
      ['l', { ...repeated, ...text }],
    ],
  ])('lists: %s', (_, rules, tree) => {
    expect(found(tree)).toEqual(rules);
  });

  const entry = (...children: Tree[]): Tree => ['key_value', repeated, children];
  const key: Tree = ['key', { ...text, repetition_type: 'REQUIRED' }];
  it.each<[string, string[], Tree]>([
    ['text to text', [], ['unmapped', { converted_type: 'MAP' }, [entry(key, ['value', text])]]],
    [
      'by the logical type',
      [],
      [
        'unmapped',
        { logical_type: { type: 'MAP' } },
        [entry(key, ['value', { type: 'BYTE_ARRAY', logical_type: { type: 'STRING' } }])],
      ],
    ],
    ['by the old name', [], ['unmapped', { converted_type: 'MAP_KEY_VALUE' }, [entry(key, ['value', text])]]],
    [
      'text to number',
      ['another group'],
      ['unmapped', { converted_type: 'MAP' }, [entry(key, ['value', number])]],
    ],
    [
      'number to text',
      ['another group'],
      ['unmapped', { converted_type: 'MAP' }, [entry(['key', number], ['value', text])]],
    ],
    [
      'bytes that are no text',
      ['another group'],
      ['unmapped', { converted_type: 'MAP' }, [entry(key, ['value', { type: 'BYTE_ARRAY' }])]],
    ],
    ['a key alone', ['another group'], ['unmapped', { converted_type: 'MAP' }, [entry(key)]]],
    [
      'three members',
      ['another group'],
      ['unmapped', { converted_type: 'MAP' }, [entry(key, ['value', text], ['more', text])]],
    ],
    [
      'entries that are not repeated',
      ['another group'],
      ['unmapped', { converted_type: 'MAP' }, [['key_value', optional, [key, ['value', text]]]]],
    ],
    ['a list', ['another group'], ['unmapped', LIST, [['list', repeated, [['element', text]]]]]],
    [
      'a group that looks like a map',
      ['another group'],
      ['unmapped', {}, [['key_value', optional, [key, ['value', text]]]]],
    ],
    ['a text', ['BYTE_ARRAY'], ['unmapped', text]],
  ])('unmapped: %s', (_, details, tree) => {
    expect(found(tree)).toEqual(details.map((detail) => `unmapped: unmapped is ${detail}`));
  });

  const millis = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } as const;
  it.each<[string, Partial<SchemaElement>, string?]>([
    ['milliseconds, the old way', { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }],
    ['milliseconds', { type: 'INT64', logical_type: millis }],
    [
      'microseconds',
      { type: 'INT64', logical_type: { ...millis, unit: 'MICROS' } },
      'INT64 TIMESTAMP(MICROS, UTC)',
    ],
    [
      'local time',
      { type: 'INT64', logical_type: { ...millis, isAdjustedToUTC: false } },
      'INT64 TIMESTAMP(MILLIS, local)',
    ],
    [
      'microseconds, the old way',
      { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
      'INT64 TIMESTAMP_MICROS',
    ],
    ['a number', { type: 'INT64' }, 'INT64'],
    ['INT96', { type: 'INT96' }, 'INT96'],
    ['32 bits', { type: 'INT32', converted_type: 'TIMESTAMP_MILLIS' }, 'INT32 TIMESTAMP_MILLIS'],
  ])('time_dt: %s', (_, element, is) => {
    expect(found(['time_dt', element])).toEqual(is === undefined ? [] : [`time_dt: time_dt is ${is}`]);
  });

  it.each<[Partial<SchemaElement>, string]>([
    [{ type: 'INT32' }, 'INT32'],
    [{ type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }, 'INT64 TIMESTAMP_MILLIS'],
    [{ type: 'INT64', logical_type: millis }, 'INT64 TIMESTAMP(MILLIS, UTC)'],
  ])('time: %j', (element, is) => {
    const [, ...others] = needed;
    const violations = [...checkColumns(schemaOf(['time', element], ...others))];
    expect(violations).toEqual([{ rule: 'time', detail: `time is ${is}` }]);
  });
});
