import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { describeCli } from '../../../../core/cli/index.ts';
import { commandsOf, helpOf } from '../../../../core/docs/cli.ts';
import { CATEGORIES } from '../../../../core/sdk/contract/about.ts';
import { builtIns } from '../../../../distribution/built-ins.ts';
import { runHere } from '../../../support/cli.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tiercel-cli-'));
  write('tickets.js', plugin('tickets'));
  write(
    'own.yaml',
    `outputs:
  tickets: { type: ./tickets.js, queue: a }
  hook: { type: webhook, url: "https://hooks.example.com/secret-path" }
`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a command in the folder of the tests. */
const here = (...args: string[]) => runHere(args, dir);

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

/** The smallest output of one's own, under another type each time. */
const plugin = (type: string) => `export default {
  apiVersion: 1, type: '${type}', summary: 'Opens ${type}.', examples: [{ title: 'Minimal', options: { queue: 'a' } }],
  batch: { events: 1 },
  options: { type: 'object', properties: { queue: { type: 'string', description: 'Which queue.' } },
    required: ['queue'], additionalProperties: false },
  create: () => ({ deliver: async () => ({ status: 'delivered' }) }),
};`;

/** A mapper in plain JavaScript. */
const mapper = (type: string, body: string, more = '') => `export default {
  apiVersion: 1, type: '${type}', summary: 'A mapper.',
  options: { type: 'object', properties: {}, additionalProperties: false },
  create: () => ({ ${more} map: (event) => ${body} }),
};`;

describe('help', () => {
  it('fits a screen of 24 lines and 80 columns, with an example for each command', async () => {
    const program = await describeCli(builtIns);
    const root = (await here('--help')).stdout;
    for (const { path, command } of [{ path: 'tiercel', command: program }, ...commandsOf(program)]) {
      const lines = helpOf(command, 80).split('\n');
      expect(lines.length, path).toBeLessThanOrEqual(24);
      expect(Math.max(...lines.map(({ length }) => length)), path).toBeLessThanOrEqual(80);
      if (command === program) continue;
      expect(lines.join('\n'), path).toMatch(/^Examples?:$/m);
      if (command.parent === program) expect(root).toContain(`  ${command.name()} `);
    }
  });

  it('ends with 2 when called wrongly', async () => {
    expect(await here('lsit')).toMatchObject({ status: 2, stderr: expect.stringContaining('list') });
    expect((await here('list', 'nothing')).status).toBe(2);
    for (const group of ['dlq', 'journal']) expect((await here(group)).status, group).toBe(2);
  });

  it.each(['foo', 'localhost:2801', 'ftp://host/'])('names --url when it is no address: %s', async (url) => {
    for (const command of [['send'], ['tap'], ['dlq', 'list'], ['journal', 'status']])
      expect(await here(...command, '--url', url)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/--url.* It is not an address such as http:/),
      });
  });
});

describe('validate', () => {
  const withInput = async (input: string | Uint8Array, ...args: string[]) => {
    const stdin = vi
      .spyOn(process, 'stdin', 'get')
      .mockReturnValue(Readable.from([Buffer.from(input)]) as unknown as typeof process.stdin);
    try {
      return await here('validate', '-c', '-', ...args);
    } finally {
      stdin.mockRestore();
    }
  };

  it('reads standard input, with paths from the current folder', async () => {
    expect(await withInput('outputs: { t: { type: ./tickets.js, queue: a } }')).toEqual({
      status: 0,
      stdout: 'standard input is valid: 1 output: t (./tickets.js)\n',
      stderr: '',
    });
    const broken = await withInput('outputs:\n  t: { type: ./tickets.js, queu: a }\n');
    expect(broken).toMatchObject({ status: 2, stdout: '' });
    expect(broken.stderr).toMatch(/^standard input:2:28: error: outputs\.t: .*"queu"/);
    expect(broken.stderr).toContain('1 error in standard input');
    expect(await withInput(Buffer.from('caf\xe9', 'latin1'))).toMatchObject({ status: 1, stdout: '' });
  });

  it('prints a hundred errors, and all of them as JSON', async () => {
    const text = `outputs:\n${Array.from({ length: 250 }, (_, i) => `  o${i}: { type: stdout, formt: x }\n`).join('')}`;
    const { stderr } = await withInput(text);
    expect(stderr.match(/TIERCEL_CFG_UNKNOWN_OPTION/g)).toHaveLength(100);
    expect(stderr).toMatch(/150 more errors.*\n250 errors in standard input\n/s);
    expect(JSON.parse((await withInput(text, '--json')).stdout).errors).toHaveLength(250);
  });

  it('names the outputs whose destination is not checked', async () => {
    const text = `outputs:\n  a: { type: file, path: " x" }\n  b: { type: file, path: y, batch: 5 }\n`;
    expect((await withInput(text)).stderr).toMatch(/Not checked yet.*: the destination of a\n$/);
    expect(JSON.parse((await withInput(text, '--json')).stdout)).toMatchObject({
      ok: false,
      unchecked: ['a'],
    });
  });
});

describe('JSON for programs', () => {
  const has = (command: Command, long: string) => command.options.some((option) => option.long === long);

  it('is given by every command that reports something', async () => {
    const without = commandsOf(await describeCli(builtIns))
      .filter(({ command }) => command.commands.length === 0 && !has(command, '--json'))
      .map(({ path }) => path);
    // One runs for good, one is a show, one prints JSON anyhow and one what a shell reads.
    expect(without).toEqual(['tiercel run', 'tiercel demo', 'tiercel schema', 'tiercel completion']);
  });

  it('is what every one of them says of a broken configuration, too', async () => {
    // Commands that work on an instance do not check the outputs: this error is one of the whole file.
    write('broken.yaml', 'include: [absent.yaml]\noutputs: { a: { type: stdout } }\n');
    // To two the file is a name only: one writes it, one looks for packages beside it. The third asks an instance that
    // runs all the same.
    const others = ['tiercel init', 'tiercel describe', 'tiercel health'];
    const commands = commandsOf(await describeCli(builtIns)).filter(
      ({ path, command }) => !others.includes(path) && has(command, '--config') && has(command, '--json'),
    );
    expect(commands.length).toBeGreaterThan(12);
    for (const { path, command } of commands) {
      const given = command.registeredArguments.filter(({ required }) => required).map(() => '1');
      const words = path.split(' ').slice(1);
      const { status, stdout } = await here(...words, ...given, '-c', 'broken.yaml', '--json');
      expect(status, path).toBe(2);
      expect(stdout, path).not.toBe('');
      expect(JSON.parse(stdout), path).toMatchObject({
        ok: false,
        errors: [{ code: 'TIERCEL_CFG_FILE' }],
      });
    }
  });

  it('has the warnings of a configuration that is valid', async () => {
    write('odd.yaml', `outputs: { a: { type: stdout, when: 'fields["proc.nmae"] == "sh"' } }\n`);
    const { status, stdout } = await here('validate', '-c', 'odd.yaml', '--json');
    expect([status, JSON.parse(stdout)]).toMatchObject([
      0,
      { ok: true, errors: [], warnings: [{ suggestion: 'proc.name', path: 'outputs.a.when' }] },
    ]);
  });

  it('is what was written, too', async () => {
    const written = await here('init', '-c', 'by-program.yaml', '--output', 'stdout', '--json');
    expect(JSON.parse(written.stdout)).toEqual({
      file: 'by-program.yaml',
      outputs: [{ name: 'stdout', type: 'stdout' }],
    });
    const created = await here('create', 'output', 'pager', '--json');
    expect(JSON.parse(created.stdout)).toMatchObject({
      package: 'tiercel-pager',
      type: 'pager',
      folder: 'tiercel-pager',
      files: expect.arrayContaining(['index.js', 'README.md']),
    });
  });
});

describe('list and describe', () => {
  it('knows all that is built in', async () => {
    const listed = JSON.parse((await here('list', '--json')).stdout) as { kind: string; type: string }[];
    expect(listed).toContainEqual(expect.objectContaining({ kind: 'output', type: 'aws_security_lake' }));
    expect(listed).toContainEqual(expect.objectContaining({ kind: 'mapper', type: 'ocsf' }));
    expect((await here('list', 'mappers')).stdout).not.toContain('webhook');
    expect(listed).toContainEqual(
      expect.objectContaining({ type: 'slack', category: 'chat', stability: 'experimental' }),
    );
  });

  it('lists outputs by category', async () => {
    const { stdout } = await here('list', 'outputs');
    expect(stdout).toMatch(/^type +category +stability +what it does$/m);
    const categories = [...stdout.matchAll(/^[a-z_]+ +([a-z]+) +(stable|experimental) /gm)].map(
      ([, one]) => one,
    );
    expect(categories).toEqual(
      Object.keys(CATEGORIES).flatMap((one) => categories.filter((other) => other === one)),
    );
    expect(categories).toHaveLength(Object.keys(builtIns.outputs).length);
  });

  it('says how to install the packages that an output needs', async () => {
    const install = 'npm install "@nats-io/jetstream@^3.0.0" "@nats-io/transport-node@^3.0.0"';
    const packages = { '@nats-io/jetstream': '^3.0.0', '@nats-io/transport-node': '^3.0.0' };
    const { stdout } = await here('list');
    expect(stdout).toMatch(/^nats +npm install /m);
    expect(stdout).toContain(install);
    expect((await here('list', 'mappers')).stdout).not.toContain('npm install');
    const listed = JSON.parse((await here('list', '--json')).stdout) as unknown[];
    expect(listed).toContainEqual(expect.objectContaining({ type: 'nats', packages, install }));
    expect((await here('describe', 'nats')).stdout).toContain(install);
    expect(JSON.parse((await here('describe', 'nats', '--json')).stdout)).toMatchObject({
      packages,
      install,
    });
  });

  it('describes what is built in, on a path, and in a package', async () => {
    write('node_modules/@acme/tiercel-queue/package.json', '{"type":"module","exports":"./index.js"}');
    write('node_modules/@acme/tiercel-queue/index.js', plugin('queue'));
    expect((await here('describe', 'webhook')).stdout).toContain('Where to POST.');
    expect(JSON.parse((await here('describe', 'aws_sqs', '--json')).stdout)).toMatchObject({
      ordering: 'depends on the options',
    });
    expect((await here('describe', 'ocsf')).stdout).toContain('confidence_from_maturity');
    expect((await here('describe', './tickets.js')).stdout).toMatch(/queue +text +required +Which queue\./);
    expect((await here('describe', '@acme/tiercel-queue', '--markdown')).stdout).toContain(
      '| `queue` | text | **required** |',
    );
    expect(JSON.parse((await here('describe', './tickets.js', '--json')).stdout)).toMatchObject({
      kind: 'output',
      type: 'tickets',
      options: [{ name: 'queue', required: true }],
    });
  });

  it('says what was meant', async () => {
    const { status, stderr } = await here('describe', 'webhok');
    expect(status).toBe(2);
    expect(stderr).toContain('did you mean "webhook"?');
  });
});

describe('validate, schema and print-config', () => {
  it('does not run foreign code when told so', async () => {
    expect((await here('validate', '-c', 'own.yaml')).status).toBe(0);
    const { status, stdout } = await here('validate', '-c', 'own.yaml', '--no-plugins', '--format', 'json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      errors: [{ code: 'TIERCEL_CFG_PLUGIN_NOT_ALLOWED', path: 'outputs.tickets.type' }],
    });
  });

  it('writes a schema that knows the outputs of the configuration', async () => {
    const config = (text: string) => parse(text) as unknown;
    const checker = async (...args: string[]) => {
      const schema = JSON.parse((await here('schema', ...args)).stdout) as object;
      return new Ajv2020({ strict: false, validateFormats: false, logger: false }).compile(schema);
    };
    const bad = config('outputs: { t: { type: ./tickets.js, qeue: a } }');
    const own = await checker('-c', 'own.yaml');
    expect(own(config('outputs: { t: { type: ./tickets.js, queue: a, minimum_priority: error } }'))).toBe(
      true,
    );
    expect(own(bad)).toBe(false);
    const builtIn = await checker();
    expect(builtIn(bad)).toBe(true);
    expect(builtIn(config('outputs: { w: { type: webhook, ulr: "https://x" } }'))).toBe(false);
  });

  it('prints what is in force, without secrets', async () => {
    const { stdout } = await here('print-config', '-c', 'own.yaml', '--set', 'log.level=debug');
    expect(parse(stdout)).toMatchObject({ log: { level: 'debug' }, outputs: { hook: { url: '***' } } });
    expect(stdout).not.toContain('secret-path');
    expect(JSON.parse((await here('print-config', '-c', 'own.yaml', '--json')).stdout)).toMatchObject({
      server: { listen: '0.0.0.0:2801' },
    });
  });
});

describe('describe', () => {
  it('shows the columns of the records of a mapper', async () => {
    const schema = `record: { type: 'object', additionalProperties: false, properties: {
      n: { type: 'integer', format: 'int64', description: 'A count.' },
      list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false } } } },`;
    write('columns.js', mapper('columns', '{ return { ok: true, record: {} }; }', schema));
    expect((await here('describe', './columns.js', '--markdown')).stdout).toContain(
      '| `n` | 64-bit integer | A count. |',
    );
    expect(JSON.parse((await here('describe', './columns.js', '--json')).stdout).columns).toEqual([
      { name: 'n', type: '64-bit integer', description: 'A count.' },
      { name: 'list', type: 'list of group', description: '' },
      { name: 'list[].a', type: 'text', description: '' },
    ]);
  });
});

describe('explain', () => {
  const definition = (create: string) => `export default {
    apiVersion: 1, type: 'packed', summary: 'Packs.', examples: [{ title: 'Minimal', options: {} }], batch: { events: 1 },
    options: { type: 'object', additionalProperties: false, properties: {} },
    create: () => ({ deliver: async () => ({ status: 'delivered' }), ${create} }),
  };`;
  const explained = async (create: string, ...args: string[]) => {
    // Node keeps a module that it has imported.
    const name = `packed-${create.length}.mjs`;
    write(name, definition(create));
    write('packed.yaml', `outputs:\n  packed: { type: ./${name} }\n`);
    write('one.ndjson', '{"rule":"r","priority":"Error","time":"2026-01-02T03:04:05Z"}\n');
    return (await here('explain', 'one.ndjson', '-c', 'packed.yaml', ...args)).stdout;
  };

  it('shows no bytes as text', async () => {
    const bytes = 'preview: () => Buffer.concat([Buffer.from([0, 255, 254]), Buffer.alloc(409, 7)])';
    const text = await explained(bytes);
    expect(text).toContain('what goes out: 412 bytes, not text; to show them as text, add `preview` to');
    expect(text).toContain('\n  0000  00 ff fe 07 07 07 07 07 07 07 07 07 07 07 07 07\n');
    expect(text).toContain('\n  0030  07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07\n  …\n');
    const json = JSON.parse(await explained(bytes, '--json')) as { outputs: object[] };
    expect(json.outputs[0]).toMatchObject({ output: 'packed', payload_bytes: 412 });
    expect(json.outputs[0]).not.toHaveProperty('payload');
  });

  it('shows bytes that are text as text', async () => {
    expect(await explained("preview: () => Buffer.from('ünï')")).toContain('what goes out:\n  ünï\n');
  });

  it('says that an output has no preview', async () => {
    expect(await explained('')).toContain(
      'the record of the mapper falco (the output has no preview of what goes out):',
    );
  });

  it('says in a sentence that there is no such file', async () => {
    expect(await here('explain', 'nowhere.json', '-c', 'own.yaml')).toMatchObject({
      status: 1,
      stderr: 'tiercel: nowhere.json cannot be opened: it does not exist\n',
    });
  });

  it('says of a faulty mapper that the event becomes a dead letter, and goes on', async () => {
    write('fault-throw.js', mapper('throws', '{ throw new Error("odd host"); }'));
    write('fault-promise.js', mapper('promises', '{ return Promise.reject(new Error("late")); }'));
    write('fault-loop.js', mapper('loops', '{ const a = {}; a.b = a; return { ok: true, record: a }; }'));
    write('fault-no.js', mapper('refuses', '{ return { ok: false, reason: "no host" }; }'));
    const large = `{ return { ok: true, record: { n: event.fields["n"] } }; }`;
    const columns = `record: { type: 'object', properties: { n: { type: 'integer', format: 'int64' } }, additionalProperties: false },`;
    write('fault-large.js', mapper('large', large, columns));
    write(
      'faults.yaml',
      `outputs:
  one: { type: webhook, url: "http://127.0.0.1:1", mapper: ./fault-throw.js }
  two: { type: file, path: ./a.ndjson, mapper: ./fault-promise.js }
  three: { type: file, path: ./b.ndjson, mapper: ./fault-loop.js }
  four: { type: webhook, url: "http://127.0.0.1:1", mapper: ./fault-loop.js }
  five: { type: stdout, mapper: ./fault-no.js }
  six: { type: parquet_lake, directory: ./lake, mapper: ./fault-large.js }
  seven: { type: stdout }
tests:
  - { name: throws, event: { priority: Error }, expect: { records: { one: { a: 1 } } } }
  - { name: loops, event: { priority: Error }, expect: { records: { three: { a: 1 } } } }
`,
    );
    write(
      'fault.json',
      '{"rule":"A rule","priority":"Error","time":"2026-01-02T03:04:05Z","output_fields":{"n":18446744073709551615}}',
    );
    const { status, stdout, stderr } = await here('explain', 'fault.json', '-c', 'faults.yaml');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const dead = [...stdout.matchAll(/^ {2}becomes a dead letter: (.*)$/gm)].map(([, why]) => why);
    expect(dead).toEqual([
      'the mapper ./fault-throw.js failed: odd host',
      'the mapper ./fault-promise.js returned a promise; map must be synchronous',
      'the record cannot become JSON: b: contains itself',
      'the record cannot become JSON: b: contains itself',
      'the mapper ./fault-no.js refuses it: no host',
      expect.stringMatching(
        /^the record does not fit its schema: n: expected a 64-bit integer, got the bigint 1844/,
      ),
    ]);
    expect(stdout).toContain('"rule": "A rule"');
    const tested = await here('test', '-c', 'faults.yaml');
    expect(tested).toMatchObject({ status: 1, stderr: '' });
    expect(tested.stdout).toContain(
      'records.one: the event becomes a dead letter: the mapper ./fault-throw.js failed: odd host',
    );
    expect(tested.stdout).toContain(
      'records.three: the event becomes a dead letter: the record cannot become JSON',
    );
  });
});

describe('test', () => {
  it('passes, fails with a difference, and does not take no tests for success', async () => {
    const outputs = 'outputs:\n  archive: { type: file, path: ./a.ndjson }\n';
    write(
      'good.yaml',
      `${outputs}tests:\n  - { name: good, event: { priority: Error }, expect: { outputs: [archive] } }\n`,
    );
    write(
      'bad.yaml',
      `${outputs}tests:\n  - { name: bad, event: { rule: X }, expect: { records: { archive: { rule: Y } } } }\n`,
    );
    write('none.yaml', outputs);
    expect(await here('test', '-c', 'good.yaml')).toMatchObject({
      status: 0,
      stdout: 'ok      good\n\n1 passed, 0 failed\n',
    });
    const bad = await here('test', '-c', 'bad.yaml');
    expect(bad.status).toBe(1);
    expect(bad.stdout).toContain(
      'records.archive.rule\n            expected  "Y"\n            actual    "X"',
    );
    expect(JSON.parse((await here('test', '-c', 'bad.yaml', '--json')).stdout)).toMatchObject({ ok: false });
    expect((await here('test', '-c', 'none.yaml')).status).toBe(1);
    expect((await here('test', '-c', 'nowhere.yaml')).status).toBe(2);
  });
});

describe('init', () => {
  it('writes a valid configuration once', async () => {
    const args = [
      'init',
      '-c',
      'new.yaml',
      '--output',
      'archive=file',
      '--set',
      'outputs.archive.path=./x.ndjson',
    ];
    expect((await here(...args)).status).toBe(0);
    expect((await here('validate', '-c', 'new.yaml')).status).toBe(0);
    const text = readFileSync(join(dir, 'new.yaml'), 'utf8');
    expect(text).toContain('    path: ./x.ndjson');
    const again = await here(...args);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('exists already');
    expect(readFileSync(join(dir, 'new.yaml'), 'utf8')).toBe(text);
  });

  it('writes nothing when something is missing or misspelt', async () => {
    for (const args of [[], ['--output', 'flie'], ['--output', 'file', '--set', 'outputs.file.paht=x']]) {
      expect((await here('init', '-c', 'no.yaml', ...args)).status, args.join(' ')).toBe(2);
    }
    expect(existsSync(join(dir, 'no.yaml'))).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('a configuration that is written', () => {
  const modeOf = (path: string) => statSync(join(dir, path)).mode & 0o7777;

  it('is for its user alone, because secrets may be put into it', async () => {
    expect((await here('init', '-c', 'private.yaml', '--output', 'file')).status).toBe(0);
    expect((await here('create', 'output', 'own_mode')).status).toBe(0);
    expect(modeOf('private.yaml')).toBe(0o600);
    expect(modeOf('tiercel-own-mode/tiercel.yaml')).toBe(0o600);
    expect(modeOf('tiercel-own-mode/package.json')).toBe(0o666 & ~process.umask());
  });
});

describe('create', () => {
  it('refuses names that cannot be', async () => {
    for (const name of ['webhook', 'Tickets!', '@acme/7up'])
      expect((await here('create', 'output', name)).status).toBe(2);
  });
});
