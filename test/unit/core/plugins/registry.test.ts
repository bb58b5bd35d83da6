import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDefinition } from '../../../../core/plugins/check.ts';
import { resolveModule } from '../../../../core/plugins/resolve.ts';
import { Type } from '../../../../core/sdk/index.ts';
import { testRegistry } from '../config/support.ts';

let dir: string;

const definition = (type: string) => `export default {
  apiVersion: 1, type: '${type}', summary: 'x', examples: [], batch: { events: 1 },
  options: { type: 'object', properties: {}, additionalProperties: false },
  create: () => ({ deliver: async () => ({ status: 'delivered' }) }),
};`;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

function pack(name: string, manifest: object, files: Record<string, string>): void {
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', ...manifest }));
  for (const [file, text] of Object.entries(files)) write(`node_modules/${name}/${file}`, text);
}

beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'tiercel-plugins-')));
  write('etc/config.yaml', '');
  write('etc/tickets.js', definition('tickets'));
  write('etc/broken.js', 'export default {{');
  write('etc/lonely.js', 'import "not-installed-anywhere"; export default 1;');
  write('etc/old.js', definition('old').replace('apiVersion: 1', 'apiVersion: 7'));
  write('etc/clash.js', definition('webhook'));
  write('etc/typed.ts', definition('typed'));
  pack(
    '@acme/import-only',
    { exports: { '.': { import: './a.js' } } },
    { 'a.js': definition('import_only') },
  );
  pack('plain', { main: 'lib' }, { 'lib/index.js': definition('plain') });
  pack(
    'dual',
    { exports: { require: './no.cjs', default: './yes.js' } },
    { 'yes.js': definition('dual'), 'no.cjs': '' },
  );
  pack('several', { exports: { './outputs/*': './dist/*.js' } }, { 'dist/one.js': definition('one') });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const url = (path: string) => pathToFileURL(join(dir, path)).href;

describe('a plugin of the other kind', () => {
  it('is named as what it is', async () => {
    const configDir = join(dir, 'etc');
    const registry = testRegistry();
    expect(await registry.mapper('webhook', { configDir })).toMatchObject({
      ok: false,
      problem: { message: '"webhook" is an output, not a mapper' },
    });
    expect(await registry.output('falco', { configDir })).toMatchObject({
      ok: false,
      problem: { message: '"falco" is a mapper, not an output' },
    });
    const { problem } = (await registry.mapper('./tickets.js', { configDir })) as {
      problem: { message: string };
    };
    expect(problem.message).toMatch(/cannot be used: it is an output, not a mapper$/);
    const options = Type.Object({});
    const bare = { apiVersion: 1, type: 'rows', summary: 'x', options, create: () => ({}) };
    expect(checkDefinition('output', bare)).toEqual([
      'it is a mapper, not an output: it has neither batch nor examples',
    ]);
  });
});

describe('resolveModule', () => {
  it.each([
    ['./tickets.js', 'etc/tickets.js'],
    ['@acme/import-only', 'node_modules/@acme/import-only/a.js'],
    ['plain', 'node_modules/plain/lib/index.js'],
    ['dual', 'node_modules/dual/yes.js'],
    ['several/outputs/one', 'node_modules/several/dist/one.js'],
  ])('finds %s from the folder of the configuration', (type, path) => {
    expect(resolveModule(type, join(dir, 'etc'))).toBe(url(path));
  });

  it.each(['several', 'several/dist/one.js', 'nowhere', './nowhere.js', 'fs', 'node:fs', '', '..', '@acme'])(
    'finds nothing for %j',
    (type) => {
      expect(resolveModule(type, join(dir, 'etc'))).toBeUndefined();
    },
  );
});

describe('createRegistry', () => {
  const output = async (type: string, options: { allow?: readonly string[]; plugins?: boolean } = {}) => {
    const found = await testRegistry().output(type, { configDir: join(dir, 'etc'), ...options });
    const plain = (text: string) => text.replaceAll(dir, '');
    return found.ok
      ? { type: found.value.definition.type, module: plain(found.value.module), builtIn: found.value.builtIn }
      : `${found.problem.code}: ${plain(found.problem.message)}`;
  };

  it('knows built-ins, paths and packages', async () => {
    expect(await output('webhook')).toEqual({
      type: 'webhook',
      module: 'file:///built-in/webhook.js',
      builtIn: true,
    });
    expect(await output('./tickets.js')).toMatchObject({ type: 'tickets', builtIn: false });
    expect(await output('@acme/import-only')).toMatchObject({ type: 'import_only' });
  });

  it.each([
    ['webhok', 'TIERCEL_CFG_UNKNOWN_TYPE: no output of type "webhok"; did you mean "webhook"?'],
    ['pagerduty', 'TIERCEL_CFG_UNKNOWN_TYPE: no built-in output and no package "pagerduty" seen from /etc'],
    ['./gone.js', 'TIERCEL_CFG_UNKNOWN_TYPE: there is no file ./gone.js'],
    [
      './old.js',
      'TIERCEL_CFG_PLUGIN_INVALID: the output "./old.js" (/etc/old.js) cannot be used: is written for apiVersion 7; this version understands 1',
    ],
    [
      './clash.js',
      'TIERCEL_CFG_PLUGIN_INVALID: the output "./clash.js" calls itself "webhook", which is the name of a built-in',
    ],
  ])('says what is wrong with %s', async (type, problem) => {
    expect(await output(type)).toBe(problem);
  });

  it('says that a module does not load', async () => {
    expect(await output('./broken.js')).toMatch(
      /^TIERCEL_CFG_PLUGIN_LOAD: \/etc\/broken\.js cannot be loaded: /,
    );
    expect(await output('./lonely.js')).toMatch(
      /^TIERCEL_CFG_PLUGIN_LOAD: \/etc\/lonely\.js cannot be loaded: /,
    );
  });

  it('loads nothing that is not allowed', async () => {
    const refused = 'TIERCEL_CFG_PLUGIN_NOT_ALLOWED: the output "./tickets.js" is not among plugins.allow';
    expect(await output('./tickets.js', { allow: ['@acme/*'] })).toBe(refused);
    expect(await output('./tickets.js', { allow: [] })).toBe(refused);
    expect(await output('./tickets.js', { plugins: false })).toMatch('loading plugins was switched off');
    expect(await output('@acme/import-only', { allow: ['@acme/*'] })).toMatchObject({ type: 'import_only' });
    expect(await output('webhook', { allow: [], plugins: false })).toMatchObject({ builtIn: true });
    expect(await output('webhok', { allow: [] })).toMatch('did you mean "webhook"');
  });

  it.skipIf(Boolean((process.features as { typescript?: unknown }).typescript))(
    'says that this runtime takes no TypeScript',
    async () => {
      expect(await output('./typed.ts')).toBe(
        'TIERCEL_CFG_PLUGIN_LOAD: /etc/typed.ts is TypeScript, which this runtime does not run',
      );
    },
  );
});

describe('checkDefinition', () => {
  const good = {
    apiVersion: 1,
    type: 'good',
    summary: 'x',
    options: {
      type: 'object',
      properties: { a: { type: 'string', description: 'A.' } },
      additionalProperties: false,
    },
    batch: { events: 1 },
    create: () => ({}),
  };

  it('takes a good one', () => {
    expect(checkDefinition('output', good)).toEqual([]);
    expect(checkDefinition('mapper', { ...good, batch: undefined })).toEqual([]);
  });

  it.each([
    [undefined, ['has no definition as its default export (export default defineOutput({…}))']],
    [{ ...good, apiVersion: undefined }, ['is written for apiVersion undefined; this version understands 1']],
    [{ ...good, type: 'Good-One' }, ['its type "Good-One" is not snake_case']],
    [{ ...good, summary: '', create: 1 }, ['it has no summary', 'it has no create()']],
    [
      { ...good, summary: 'Writes what it is given.\nAnd more.' },
      ['its summary is not one line of at most 80 characters'],
    ],
    [{ ...good, summary: 'x'.repeat(81) }, ['its summary is not one line of at most 80 characters']],
    [
      { ...good, category: 'chats', stability: 'old' },
      [
        'its category "chats" is none of alerting, chat, siem, logs, metrics, queue, database, storage, function, web, local',
        'its stability "old" is none of experimental, stable, deprecated',
      ],
    ],
    [
      { ...good, stability: 'deprecated' },
      ['it is deprecated and has no notes that say what to use instead'],
    ],
    [{ ...good, category: 'chat', stability: 'deprecated', notes: 'Use `better`.' }, []],
    [{ ...good, options: 1 }, ['its options are not an object schema']],
    [
      {
        ...good,
        options: {
          type: 'object',
          required: ['a', 'b', 'c'],
          properties: {
            a: { type: 'string', description: 'A.', advanced: true },
            b: { type: 'string', description: 'B.', deprecated: true },
            c: { type: 'string', description: 'C.', default: 'c', advanced: true, deprecated: true },
            d: { type: 'string', description: 'D.', advanced: 'yes' },
          },
          additionalProperties: false,
        },
      },
      [
        'its option "a" is required, so it cannot be advanced',
        'its option "b" is required, so it cannot be deprecated',
        'its option "d" has "advanced", which is no boolean',
      ],
    ],
    [
      { ...good, options: { type: 'object', properties: { batch: { type: 'string' } } } },
      [
        'its options are not closed (additionalProperties: false, which Type.Object of tiercel sets)',
        'its option "batch" has no description',
        'its option "batch" has the name of a setting that every output has',
      ],
    ],
    [
      {
        ...good,
        options: Type.Object({
          port: Type.Optional(Type.Integer({ default: 514, description: 'A.' })),
          tls: Type.Optional(
            Type.Object(
              { insecure: Type.Optional(Type.Boolean({ default: false, description: 'B.' })) },
              { description: 'C.' },
            ),
          ),
          host: Type.String({ default: 'localhost', description: 'D.' }),
        }),
      },
      ['port', 'tls.insecure'].map(
        (at) =>
          `its option "${at}" has a default and is optional too: take Type.Optional away, so that it always has a value (in plain JSON Schema: name it in "required")`,
      ),
    ],
    [
      {
        ...good,
        options: Type.Object({
          port: Type.Integer({ default: 514, description: 'A.' }),
          url: Type.Optional(Type.String({ needs: ['port', 'ca'], excludes: ['port'], description: 'B.' })),
        }),
      },
      [
        'its option "url" names "ca", which is no option beside it',
        'its option "url" excludes "port", which has a default and is never absent',
      ],
    ],
    [{ ...good, ordering: 'strict' }, ['its ordering is "strict", not "none" or "partition"']],
    [{ ...good, idempotent: () => true, confirms: 0 }, ['its confirms is 0, not true or false']],
    [{ ...good, packages: { '@acme/wire': '^1.0.0', wire: '>=1.0.0 <2.0.0' } }, []],
    [{ ...good, packages: ['wire'] }, ['its packages are not an object of names and version ranges']],
    [
      { ...good, packages: { '@acme/wire/client': '^1.0.0', fs: '^1.0.0', wire: 'latest', cord: 1 } },
      [
        'its packages name "@acme/wire/client", which cannot be a package',
        'its packages name "fs", which cannot be a package',
        'its package wire has "latest", which is not a version range',
        'its package cord has 1, which is not a version range',
      ],
    ],
    [{ ...good, batch: {} }, ['its batch has no limit, so nothing would ever be delivered']],
    [
      { ...good, batch: { events: 0, evry: 1 } },
      ['its batch limit "events" is not a positive number', 'its batch has the unknown limit "evry"'],
    ],
  ])('names everything that is wrong (%#)', (value, problems) => {
    expect(checkDefinition('output', value)).toEqual(problems);
  });

  it('knows no category of mappers', () => {
    const mapper = { ...good, batch: undefined, stability: 'stable' };
    expect(checkDefinition('mapper', mapper)).toEqual([]);
    expect(checkDefinition('mapper', { ...mapper, category: 'chat' })).toEqual([
      'it has a category, which only outputs have',
    ]);
  });

  it('names keys of Falcosidekick that cannot be', () => {
    const properties = {
      flag: { type: 'boolean', description: 'A.', falcosidekick: [{ key: 'good.flag', inverted: true }] },
      wait: {
        type: 'string',
        format: 'duration',
        description: 'B.',
        falcosidekick: ['good.pause', { key: 'good.wait', unit: 's' }],
      },
      text: { type: 'string', description: 'C.', falcosidekick: [{ key: 'good.text', inverted: true }] },
      most: {
        type: 'string',
        format: 'size',
        description: 'D.',
        falcosidekick: [{ key: 'good.most', unit: 's' }],
      },
      name: { type: 'string', description: 'E.', falcosidekick: ['Good.Name', {}] },
      once: { type: 'string', description: 'F.', falcosidekick: 'good.once' },
    };
    const options = { type: 'object', properties, additionalProperties: false };
    expect(checkDefinition('output', { ...good, options })).toEqual([
      'its option "text" is no boolean, so "good.text" of Falcosidekick cannot be inverted',
      'its option "most" has no unit "s", so "good.most" of Falcosidekick cannot be in it',
      'its option "name" names "Good.Name", which is no key of Falcosidekick (small letters, digits and dots)',
      'its option "name" names undefined, which is no key of Falcosidekick (small letters, digits and dots)',
      'its option "once" has keys of Falcosidekick that are no list',
    ]);
  });

  it('names a schema that is none', () => {
    const options = {
      type: 'object',
      properties: { a: { type: 'strin', description: 'A.' } },
      additionalProperties: false,
    };
    expect(checkDefinition('output', { ...good, options })[0]).toMatch(
      /^its options are not a valid JSON Schema: /,
    );
  });
});
