import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { configSchema, writtenOutSchema } from '../../../../../core/config/schema/editor-schema.ts';
import type { JsonSchema } from '../../../../../core/config/schema/json-schema.ts';
import { shareDefinitions } from '../../../../../core/config/schema/share-definitions.ts';
import { createRegistry } from '../../../../../core/plugins/registry.ts';
import { builtIns } from '../../../../../distribution/built-ins.ts';

/** The schema with every reference replaced by what it refers to. */
function writeOut(schema: object): unknown {
  const { $defs, ...root } = schema as { readonly $defs: Readonly<Record<string, unknown>> };
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value) return replace($defs[String(value.$ref).replace('#/$defs/', '')]);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replace(member)]));
  };
  return replace(root);
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as object;

describe('shareDefinitions', () => {
  const text = (description: string) => ({ type: 'string', description });
  const tls = (more: object = {}) => ({
    type: 'object',
    description: 'How to connect safely.',
    properties: { ca: text('Whom to trust.'), cert: text('Who we are.'), ...more },
  });
  const within = (properties: object, description = ''): JsonSchema =>
    ({ type: 'object', description, properties }) as JsonSchema;

  it('writes what stands in several places once, under the name of the option', () => {
    const schema = within({ a: within({ tls: tls() }, 'A.'), b: within({ tls: tls() }, 'B.') });
    expect(shareDefinitions(schema)).toEqual({
      ...within({ a: within({ tls: ref('tls') }, 'A.'), b: within({ tls: ref('tls') }, 'B.') }),
      $defs: { tls: tls() },
    });
  });

  it('tells different options of one name apart, and shares a part of them', () => {
    const other = { key: text('The key of the certificate.') };
    const schema = within({
      a: within({ tls: tls() }, 'A.'),
      b: within({ tls: tls() }, 'B.'),
      c: within({ tls: tls(other) }, 'C.'),
      d: within({ tls: tls(other) }, 'D.'),
    });
    const shared = shareDefinitions(schema);
    expect(Object.keys(shared.$defs as object)).toEqual(['tls', 'ca', 'cert', 'tls_2']);
    expect(writeOut(shared)).toEqual(schema);
  });

  it('leaves alone what stands once and what is shorter than a reference', () => {
    const schema = within({
      a: within({ x: { const: 1 } }),
      b: within({ x: { const: 1 }, y: text('Why.') }),
    });
    expect(shareDefinitions(schema)).toEqual(schema);
  });

  it('makes a definition of what has a name wherever it stands, and a name that a pointer can hold', () => {
    const word = { type: 'string', pattern: '^[a-z][a-z0-9_]*$' };
    const item = {
      description: 'A list of words of any length.',
      items: { anyOf: [word, { type: 'null' }] },
    };
    const schema = within({ a: within({ 'x/y': item }, 'A.'), b: within({ 'x/y': item }) });
    const shared = shareDefinitions(schema, { word });
    expect(shared.$defs).toEqual({
      x_y: { ...item, items: { anyOf: [ref('word'), { type: 'null' }] } },
      word,
    });
    expect(writeOut(shared)).toEqual(schema);
  });

  function ref(name: string) {
    return { $ref: `#/$defs/${name}` };
  }
});

describe('the schema for editors', () => {
  const registry = createRegistry(builtIns);
  let shared: object;
  let written: object;
  let check: Record<'shared' | 'written', (value: unknown) => string[]>;

  beforeAll(async () => {
    shared = plain(await configSchema(registry));
    written = plain(await writtenOutSchema(registry));
    check = { shared: mistakesBy(shared), written: mistakesBy(written) };
  });

  it('is valid JSON Schema that says what it says when it is written out', () => {
    expect(new Ajv2020({ strict: false, logger: false }).validateSchema(shared)).toBe(true);
    expect(writeOut(shared)).toEqual(written);
  });

  it('is less than half as large, with the settings of every output written once', () => {
    expect(size(shared)).toBeLessThan(size(written) / 2);
    const definitions = Object.keys((shared as { $defs: object }).$defs);
    expect(definitions).toEqual(
      expect.arrayContaining(['reference', 'retry', 'batch', 'match', 'breaker', 'tls', 'headers', 'proxy']),
    );
  });

  it('takes and refuses the examples and every broken configuration as it does when it is written out', async () => {
    let refused = 0;
    const configurations = [...(await examples()), ...broken()];
    expect(configurations.length).toBeGreaterThan(200);
    for (const configuration of configurations) {
      const mistakes = check.written(configuration);
      expect(check.shared(configuration), JSON.stringify(configuration)).toEqual(mistakes);
      if (mistakes.length > 0) refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });

  /** The places and rules of all mistakes. */
  function mistakesBy(schema: object): (value: unknown) => string[] {
    const validate = new Ajv2020({ strict: false, validateFormats: false, allErrors: true, logger: false });
    const compiled = validate.compile(schema);
    return (value) => {
      compiled(value);
      return (compiled.errors ?? [])
        .map(({ instancePath, keyword, message }) => `${instancePath} ${keyword} ${message}`)
        .sort();
    };
  }

  function size(schema: object): number {
    return JSON.stringify(schema, null, 2).length;
  }

  async function examples(): Promise<unknown[]> {
    const here = new URL('../../../../../config.example.yaml', import.meta.url);
    const all: unknown[] = [parse(readFileSync(here, 'utf8'))];
    for (const [type, builtIn] of Object.entries(registry.outputs)) {
      const definition = await builtIn.load();
      for (const { options } of definition.examples) {
        all.push({ outputs: { one: { type, ...options } } });
        // Each option by turns is of another type.
        for (const name of Object.keys(definition.options.properties))
          for (const wrong of [[7], { unknown: true }, -1, 'x'])
            all.push({ outputs: { one: { type, ...options, [name]: wrong } } });
      }
    }
    return all;
  }

  function broken(): unknown[] {
    return ['broken', 'broken-outputs'].flatMap((name) => {
      const folder = new URL(`../${name}/`, import.meta.url);
      return readdirSync(fileURLToPath(folder)).flatMap((file) =>
        readFileSync(new URL(file, folder), 'utf8')
          .split(/^={16} .*\n/m)
          .slice(1)
          .map((one) => configurationOf(one)),
      );
    });
  }

  /** What YAML makes of it, mistakes of syntax aside. */
  function configurationOf(one: string): unknown {
    const text = one.split(/^[>-]{16}/m)[0]!.replace(/^\$ .*\n/gm, '');
    const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
    try {
      return document.errors.length > 0 ? text : plain(document.toJS() ?? null);
    } catch {
      return text; // An alias of nothing.
    }
  }
});
