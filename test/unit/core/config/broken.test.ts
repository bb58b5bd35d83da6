import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { renderErrors } from '../../../../core/config/explain/render.ts';
import { loadConfig } from '../../../../core/config/load.ts';
import type { Registry } from '../../../../core/config/schema/plugins.ts';
import { createRegistry } from '../../../../core/plugins/registry.ts';
import { mappers } from '../../../../mappers/index.ts';
import { outputs } from '../../../../outputs/index.ts';
import { memoryFiles, testRegistry } from './support.ts';

interface Broken {
  readonly text: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly sets?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

/** What a user is told of a broken configuration, to the letter. */
async function told(
  { text, env = {}, sets = [], files = {} }: Broken,
  registry: Registry = testRegistry(),
): Promise<string> {
  const all = memoryFiles('/etc/tiercel', { 'config.yaml': text, ...files });
  const result = await loadConfig({
    file: '/etc/tiercel/config.yaml',
    env,
    sets,
    registry,
    ...all,
  });
  if (result.ok) return 'nothing is wrong\n';
  const rendered = renderErrors(result.errors);
  expect(rendered + JSON.stringify(result.errors), 'a secret is in an error').not.toMatch(/hunter\d|8675309/);
  return rendered.replaceAll('/etc/tiercel/', '');
}

/**
 * Each file of the folder is a theme: configurations and, behind `>>>>`, what is said of them. Lines with `$` in front
 * are the environment and `--set`. `npx vitest run -u` writes down what is said now: read it as a user would.
 */
describe.each([
  ['broken', testRegistry()],
  // What the types that there are say of their own options.
  ['broken-outputs', createRegistry({ outputs, mappers })],
])('every mistake of %s is told where it is and what to do', (name, registry) => {
  const folder = fileURLToPath(new URL(`./${name}/`, import.meta.url));

  it.each(readdirSync(folder))('%s', async (name) => {
    const written = readFileSync(join(folder, name), 'utf8');
    const cases = written.split(/^={16} /m).slice(1);
    let now = '';
    for (const one of cases) {
      const [given] = one.split(/^>{16}\n/m) as [string];
      now += `================ ${given}>>>>>>>>>>>>>>>>\n${await told(parse(given), registry)}\n`;
    }
    await expect(now).toMatchFileSnapshot(join(folder, name));
  });
});

function parse(given: string): Broken {
  const [head, ...files] = given.slice(given.indexOf('\n') + 1).split(/^-{16} /m) as [string, ...string[]];
  const lines = head.split('\n');
  const marked = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  const text = lines.filter((line) => !line.startsWith('$ ')).join('\n');
  const variables = marked.filter((line) => /^[A-Z0-9_]+=/.test(line));
  const withEnds = marked.includes('crlf') ? text.replaceAll('\n', '\r\n') : text;
  return {
    text: (marked.includes('bom') ? '\ufeff' : '') + withEnds,
    env: Object.fromEntries(variables.map((line) => line.split('=') as [string, string])),
    sets: marked.filter((line) => line.startsWith('--set ')).map((line) => line.slice(6)),
    files: Object.fromEntries(
      files.map((file) => {
        const end = file.indexOf('\n');
        return [file.slice(0, end), file.slice(end + 1)];
      }),
    ),
  };
}

test.each([
  ['Latin-1', Buffer.from('# caf\xe9\noutputs: {}\n', 'latin1')],
  ['UTF-16', Buffer.from('outputs: {}\n', 'utf16le')],
  ['UTF-16 with its mark', Buffer.from('\ufeffoutputs: {}\n', 'utf16le')],
  ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0])],
])('a file that is %s', async (_, bytes) => {
  const directory = await mkdtemp(join(tmpdir(), 'tiercel-config-'));
  const file = join(directory, 'config.yaml');
  await writeFile(file, bytes);
  const result = await loadConfig({ file, env: {}, registry: testRegistry() });
  await rm(directory, { recursive: true });
  expect(!result.ok && result.errors.map(({ message }) => message)).toEqual([
    `${file} cannot be read: it is not UTF-8 text; save it as UTF-8`,
  ]);
});

test('a file that is not there, and one that is a folder', async () => {
  const say = async (file: string) => {
    const result = await loadConfig({ file, env: {}, registry: testRegistry() });
    return result.ok ? '' : renderErrors(result.errors);
  };
  expect(await say('/nowhere/tiercel.yaml')).toBe(
    'error: /nowhere/tiercel.yaml cannot be read: it does not exist\n' +
      '      Give the path of the configuration with -c, or create one: tiercel init\n      TIERCEL_CFG_FILE\n',
  );
  expect(await say(tmpdir())).toContain('cannot be read: it is a directory');
});

test('a shell’s variable and the quotes of a word processor are taken as they are, with a warning', async () => {
  const result = await loadConfig({
    text: 'outputs:\n  lake: { type: lake, bucket: $BUCKET/x, region: “eu-west-1” }\n',
    env: {},
    registry: testRegistry(),
  });
  expect(result.ok && renderErrors(result.warnings, { level: 'warning' })).toMatchInlineSnapshot(`
    "configuration:2:31: warning: outputs.lake.bucket: is not replaced by a variable
        2 |   lake: { type: lake, bucket: $BUCKET/x, region: “eu-west-1” }
          |                               ^^^^^^^^^
          Write an environment variable as \${env:NAME}.
          TIERCEL_CFG_VALUE

    configuration:2:50: warning: outputs.lake.region: is in typographic quotes, which are part of the value
        2 |   lake: { type: lake, bucket: $BUCKET/x, region: “eu-west-1” }
          |                                                  ^^^^^^^^^^^
          Use " or '.
          TIERCEL_CFG_VALUE
    "
  `);
});

test('an output that would be told of dead letters but is disabled is a warning', async () => {
  const result = await loadConfig({
    text: `dead_letters: { on_dead_letter: oncall }
outputs:
  lake: { type: lake, bucket: b, region: r, on_dead_letter: oncall }
  oncall: { type: webhook, url: "https://x.example", enabled: false }
`,
    env: {},
    registry: testRegistry(),
  });
  expect(result.ok && result.warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'dead_letters.on_dead_letter: the output "oncall" is disabled, so it receives no notices of dead letters',
    'outputs.lake.on_dead_letter: the output "oncall" is disabled, so it receives no notices of dead letters',
  ]);
});

test('an expression with a name that is like no other', async () => {
  expect(
    await told({ text: 'outputs:\n  hook: { type: webhook, url: "https://x.example", when: "zzz == 1" }' }),
  ).toContain('Known names: priority, fields, tags, source, rule, hostname, output, time.');
});

test('a line that is longer than any terminal is shown around its mistake', async () => {
  const said = await told({
    text: `outputs: { hook: { type: webhook, url: "https://x.example/${'y'.repeat(3000)}", gzipp: true } }`,
  });
  const [, excerpt, caret] = said.split('\n');
  expect(Math.max(...said.split('\n').map((line) => line.length))).toBeLessThan(200);
  expect(excerpt!.slice(caret!.indexOf('^'), caret!.lastIndexOf('^') + 1)).toBe('gzipp');
});

test('what only the type itself can tell is a mistake of the configuration, without what came from outside', async () => {
  const said = await told({
    text: `outputs:\n  sea: { type: lake, bucket: '$\{env:BUCKET}', region: nowhere, account_id: '123456789012' }`,
    env: { BUCKET: 'hunter2' },
  });
  expect(said).toContain('config.yaml:2:3: error: outputs.sea: no bucket *** in nowhere\n');
});
