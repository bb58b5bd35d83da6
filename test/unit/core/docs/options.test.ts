import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '../../../../core/config/schema/json-schema.ts';
import { optionRows, optionTables, typeName } from '../../../../core/docs/options.ts';
import { toMarkdown } from '../../../../core/docs/page.ts';
import { duration, secret, size, Type } from '../../../../core/sdk/index.ts';

const schema = Type.Object({
  url: Type.String({ description: 'Where to.', examples: ['https://example.com'] }),
  token: Type.Optional(secret({ description: 'The token.' })),
  wait: duration({ description: 'How long.', default: '5m' }),
  tls: Type.Optional(
    Type.Object({ ca: Type.String({ description: 'The authority.' }) }, { description: 'TLS.' }),
  ),
  rules: Type.Optional(
    Type.Array(Type.Object({ name: Type.String({ description: 'Its name.' }) }), { description: 'Rules.' }),
  ),
}) as JsonSchema;

describe('optionRows', () => {
  it('shows every option, those of sections and lists after them', () => {
    expect(optionRows(schema).map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'url: text',
      'token: text',
      'wait: duration',
      'tls: section',
      'tls.ca: text',
      'rules: list of section',
      'rules[].name: text',
    ]);
  });

  it('tells what is required, secret and filled in', () => {
    const [url, token, wait] = optionRows(schema);
    expect(url).toMatchObject({ required: true, secret: false, examples: ['https://example.com'] });
    expect(token).toMatchObject({ required: false, secret: true });
    expect(wait).toMatchObject({ required: false, default: '5m' });
  });
});

describe('optionTables', () => {
  const rare = Type.Object({
    port: Type.Integer({ description: 'Where.', default: 80 }),
    pool: Type.Optional(
      Type.Object(
        { size: Type.Integer({ description: 'How many.', default: 4 }) },
        { description: 'Connections.', advanced: true },
      ),
    ),
    host: Type.Optional(Type.String({ description: 'Use `url`.', deprecated: true })),
  }) as JsonSchema;

  it('shows apart what is rarely needed, with all that is in it', () => {
    expect(toMarkdown(optionTables(optionRows(rare)))).toBe(`| option | type | default | what it is |
| --- | --- | --- | --- |
| \`port\` | integer | \`80\` | Where. |
| \`host\` | text, **deprecated** |  | Use \`url\`. |

Rarely needed:

| option | type | default | what it is |
| --- | --- | --- | --- |
| \`pool\` | section |  | Connections. |
| \`pool.size\` | integer | \`4\` | How many. |
`);
  });

  it('has one table where nothing is', () => {
    expect(optionTables(optionRows(schema))).toHaveLength(1);
  });
});

describe('typeName', () => {
  it.each([
    [size({ description: '' }), 'size'],
    [Type.Integer({ minimum: 1 }), 'integer, at least 1'],
    [Type.Integer({ minimum: 1, maximum: 64 }), 'integer 1 to 64'],
    [Type.Union([Type.Literal('a'), Type.Literal('b')]), '`a`, `b`'],
    [Type.Enum(['x', 'y']), '`x`, `y`'],
    [Type.Union([Type.String(), Type.Array(Type.String())]), 'text or list of text'],
    [Type.Record(Type.String(), Type.Integer()), 'mapping to integer'],
    [Type.Boolean(), 'boolean'],
    [{}, 'anything'],
  ])('%j', (option, name) => {
    expect(typeName(option as JsonSchema)).toBe(name);
  });
});
