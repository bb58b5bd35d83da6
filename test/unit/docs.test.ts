import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeCli } from '../../core/cli/index.ts';
import { renderErrors } from '../../core/config/explain/render.ts';
import { loadConfig } from '../../core/config/load.ts';
import type { JsonSchema } from '../../core/config/schema/json-schema.ts';
import { OutputSchema } from '../../core/config/schema/output.ts';
import { ConfigSchema } from '../../core/config/schema/sections.ts';
import { commandsOf, helpOf } from '../../core/docs/cli.ts';
import { exampleConfig } from '../../core/docs/example-config.ts';
import { renderDocs } from '../../core/docs/index.ts';
import { createRegistry } from '../../core/plugins/registry.ts';
import { builtIns } from '../../distribution/built-ins.ts';
import { readApi } from '../support/api.ts';
import { runHere } from '../support/cli.ts';
import { anchorsOf, codeBlocks, commands } from '../support/markdown.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`),
];

let dir: string;

/** A folder with what the examples refer to: outputs and mappers of one's own, on a path and as packages. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tiercel-docs-'));
  const core = new URL('../../dist/core/sdk/index.js', import.meta.url).href;
  const modules = ['docs/write-an-output.md', 'docs/write-a-mapper.md'].flatMap((page) =>
    codeBlocks(read(page)).filter(({ file }) => file?.endsWith('.js') && !file.endsWith('.test.js')),
  );
  const code = new Map(
    modules.map(({ file, text }) => [file!, text.replace("from 'tiercel'", `from '${core}'`)]),
  );
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  };
  for (const [file, text] of code) write(file, text);
  for (const name of ['tickets', 'rows']) {
    write(`node_modules/@acme/tiercel-${name}/package.json`, '{"type":"module","exports":"./index.js"}');
    write(`node_modules/@acme/tiercel-${name}/index.js`, code.get(`${name}.js`)!);
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('has no page with the marks of a merge', () => {
  expect(PAGES.filter((path) => /^(<{7}|>{7}) /m.test(read(path)))).toEqual([]);
});

describe('what is generated', () => {
  it('is what is there (if not: npm run docs)', async () => {
    const files = [...(await renderDocs(builtIns, await describeCli(builtIns))), ...(await readApi()).pages];
    for (const [path, text] of files) {
      expect(existsSync(join(ROOT, path)) && read(path) === text, `${path} is stale: run npm run docs`).toBe(
        true,
      );
    }
  });

  it('has no page of an output that is gone', async () => {
    const definitions = await renderDocs(builtIns, await describeCli(builtIns));
    const files = new Set([...definitions.keys(), ...(await readApi()).pages.keys()]);
    const left = PAGES.filter((path) => /^docs\/(outputs|mappers|api)\//.test(path) && !files.has(path));
    expect(left).toEqual([]);
  });
});

/** Pages show files of Falco and Falcosidekick as well; the latter are held by tests of their own. */
function isOurs(file: string | undefined, text: string): boolean {
  return file !== 'falcosidekick.yaml' && !text.startsWith('# falco.yaml');
}

describe('every YAML example', () => {
  const registry = createRegistry(builtIns);
  const env = { LAKE_EXTERNAL_ID: 'x', ES_PASSWORD: 'x' };
  const examples = PAGES.flatMap((page) =>
    codeBlocks(read(page))
      .filter(({ language, file, text }) => language === 'yaml' && isOurs(file, text))
      .map(({ line, text }) => [`${page}:${line}`, text] as const),
  );

  it.each(examples)('%s is valid', async (_, text) => {
    const result = await loadConfig({ file: join(dir, 'tiercel.yaml'), text, registry, env });
    expect(result.ok ? '' : renderErrors(result.errors)).toBe('');
  });
});

describe('config.example.yaml', () => {
  const text = read('config.example.yaml');

  it('is valid, for the program and for editors', async () => {
    const result = await loadConfig({
      file: join(ROOT, 'config.example.yaml'),
      registry: createRegistry(builtIns),
    });
    expect(result.ok ? '' : renderErrors(result.errors)).toBe('');
    const schema = JSON.parse(read('config.schema.json')) as object;
    const check = new Ajv2020({ strict: false, validateFormats: false, logger: false }).compile(schema);
    check(parse(text));
    expect(check.errors ?? []).toEqual([]);
  }, 60_000);

  it('is valid with everything in force that is a comment in it, and names all there is', async () => {
    const registry = createRegistry(builtIns);
    const definitions = Object.fromEntries(
      await Promise.all(
        Object.entries(registry.outputs).map(async ([type, { load }]) => [type, await load()] as const),
      ),
    );
    const all = exampleConfig(builtIns.example, definitions, { all: true });
    const env = { BEARER_TOKEN: 'x', PASSWORD: 'x' };
    const result = await loadConfig({ file: join(dir, 'tiercel.yaml'), text: all, registry, env });
    expect(result.ok ? '' : renderErrors(result.errors)).toBe('');

    const tree = parse(all) as Record<string, unknown>;
    const sections = Object.keys(ConfigSchema.properties);
    expect(Object.keys(tree).sort()).toEqual(sections.sort());
    expect(lacking(ConfigSchema as JsonSchema, tree)).toEqual([]);
    const { oncall, ...others } = tree.outputs as Record<string, { type: string }>;
    expect(lacking(OutputSchema as JsonSchema, oncall)).toEqual([]);
    const types = [oncall!, ...Object.values(others)].map(({ type }) => type);
    expect(types.sort()).toEqual(Object.keys(registry.outputs).sort());
  });
});

/** The options of a schema that a value does not name. */
function lacking(schema: JsonSchema, value: unknown, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const member = (value as Record<string, unknown> | undefined)?.[name];
    const here = `${path}${name}`;
    return member === undefined ? [here] : lacking(option, member, `${here}.`);
  });
}

describe('every command', async () => {
  const program = await describeCli(builtIns);
  const known = commandsOf(program);

  /** The command that a line calls, with its arguments. */
  function called(line: string) {
    const words = line.split(/\s+/);
    let depth = words.length;
    for (; depth > 1; depth--) {
      const found = known.find(({ path }) => path === words.slice(0, depth).join(' '));
      if (found !== undefined)
        return { command: found.command, args: words.slice(1), rest: words.slice(depth) };
    }
    return undefined;
  }

  it.each(known)('in the help of $path is one', ({ command }) => {
    const examples = helpOf(command).split(/^Examples?:$/m)[1] ?? '';
    for (const [, line] of examples.matchAll(/^ {2}(.*tiercel .*)$/gm)) {
      const parts = line!.replace(/^source <\((.*)\)$/, '$1').split(/ && | \| | > /);
      for (const part of parts.filter((one) => one.startsWith('tiercel '))) checkFlags(part);
    }
  });

  function checkFlags(line: string): void {
    const found = called(line);
    const isGroup = (found?.command.commands.length ?? 0) > 0 && /^[a-z]/.test(found?.rest[0] ?? '');
    expect(found !== undefined && !isGroup, `there is no command for: ${line}`).toBe(true);
    for (const word of found!.rest.filter((one) => one.startsWith('-') && one !== '-')) {
      const isKnown = found!.command.options.some(({ long, short }) => long === word || short === word);
      expect(isKnown, `${word} of: ${line}`).toBe(true);
    }
  }

  it.each(PAGES)('in the text of %s is one', (page) => {
    const prose = read(page).replace(/^```.*?^```$/gms, '');
    for (const [, line] of prose.matchAll(/`(?:npx )?(tiercel [a-z][^`]*)`/g)) {
      if (line !== 'tiercel COMMAND --help') checkFlags(line!);
    }
    // Those of blocks that are not run, because they need what no test has: an account of AWS.
    const shown = codeBlocks(read(page)).filter(({ language }) => language === '');
    for (const { text } of shown)
      for (const [, line] of text.matchAll(/^(?:npx )?(tiercel [a-z].*)$/gm)) checkFlags(line!);
  });

  /** Those that run until they are stopped, need a registry or are held by tests of their own. */
  const ELSEWHERE = [
    /^npm (ci|test|run [a-z:]+|install .+)$/, // CI runs each of them
    /^npm ci && npm (test|run (build|demo))$/,
    /^(node --test|npm init -y && npm pkg set .*)$/, // test/e2e/tutorial.test.ts
    /^\.ci\/run$/,
    /^(npx )?tiercel run /, // test/e2e
    /^curl --unix-socket /, // test/unit/core/http/listeners.test.ts
    /^(npx )?tiercel demo$/, // test/e2e/demo.test.ts
  ];

  it('in a shell block is run', async () => {
    const ran: string[] = [];
    for (const page of PAGES) {
      const lines = codeBlocks(read(page))
        .filter(({ language }) => language === 'sh')
        .flatMap(({ text }) => commands(text));
      for (const line of lines) {
        if (ELSEWHERE.some((pattern) => pattern.test(line))) continue;
        const args = /^(?:npx )?tiercel (.*)$/.exec(line)?.[1]?.split(/\s+/);
        expect(args, `${page}: nothing runs: ${line}`).toBeDefined();
        const { status, stderr } = await runHere(args!, dir);
        expect(status, `${page}: ${line}\n${stderr}`).toBe(0);
        ran.push(line);
      }
    }
    expect(ran.length).toBeGreaterThan(1);
  }, 60_000);
});

describe('every link', () => {
  it.each(PAGES)('of %s leads somewhere', (page) => {
    const prose = read(page).replace(/^```.*?^```$/gms, '');
    for (const [, target = '', anchor] of prose.matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      const path = target === '' ? page : join(dirname(page), target);
      expect(existsSync(join(ROOT, path)), `${page} links to ${target}`).toBe(true);
      if (anchor === undefined) continue;
      expect(anchorsOf(read(path)), `${page} links to ${target}#${anchor}`).toContain(anchor);
    }
  });
});

describe('anchorsOf', () => {
  it('names headings as GitHub does', () => {
    const page = [
      '# One, two: `three_four`!',
      '```sh',
      '# no heading',
      '```',
      '## A [link](x.md) & more',
      '### Twice',
      '### Twice',
      '<a id="here"></a>',
      '####no heading',
    ];
    expect([...anchorsOf(page.join('\n'))]).toEqual([
      'one-two-three_four',
      'a-link--more',
      'twice',
      'twice-1',
      'here',
    ]);
  });
});
