import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDestination } from '../../core/testing/index.ts';
import { run } from '../support/cli.ts';
import { findDeno } from '../support/deno.ts';
import { installTiercel } from '../support/installed.ts';
import { codeBlocks } from '../support/markdown.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const PAGE = new URL('../../docs/write-an-output.md', import.meta.url);

const deno = findDeno();
if (deno === undefined) console.log('skipped: no Deno in .cache/runtimes and none on the PATH');

/** What somebody has who copies every block of the page into an empty folder. */
describe('the tutorial', () => {
  let dir: string;
  let main: string;
  const files = codeBlocks(readFileSync(PAGE, 'utf8')).filter(({ file }) => file !== undefined);

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tiercel-tutorial-'));
    main = installTiercel(dir).main;
    for (const { file, text } of files) writeFileSync(join(dir, file!), text);
  }, 60_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('begins with a folder whose files are modules', () => {
    const [begin] = codeBlocks(readFileSync(PAGE, 'utf8')).filter(({ language }) => language === 'sh');
    const [first] = begin!.text.split('\n');
    const empty = join(dir, 'empty');
    mkdirSync(empty);
    expect(run('sh', ['-c', first!], empty)).toMatchObject({ status: 0 });
    expect(JSON.parse(readFileSync(join(empty, 'package.json'), 'utf8'))).toMatchObject({ type: 'module' });
    rmSync(empty, { recursive: true });
  });

  it('can import all that the package says it exports', () => {
    const names = ['tiercel', 'tiercel/aws', 'tiercel/chat', 'tiercel/lake', 'tiercel/testing'];
    const script = names.map((name) => `console.log(Object.keys(await import('${name}')).length > 1);`);
    const { stdout, stderr } = run(process.execPath, ['--input-type=module', '-e', script.join('')], dir);
    expect(stdout, stderr).toBe('true\n'.repeat(names.length));
  });

  it('has an output, a configuration and a test', () => {
    expect(files.map(({ file }) => file)).toEqual(
      expect.arrayContaining(['tickets.js', 'tiercel.yaml', 'tickets.test.js']),
    );
  });

  it('has a configuration that is valid', () => {
    const { status, stdout, stderr } = run(process.execPath, [main, 'validate', '-c', 'tiercel.yaml'], dir);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('tickets (./tickets.js)');
  });

  it('is described by the program, which never saw it', () => {
    const { stdout } = run(process.execPath, [main, 'describe', './tickets.js'], dir);
    expect(stdout).toContain('Where tickets are opened.');
  });

  it('has an output that delivers what it wants, over an outage', async () => {
    const server = await startDestination();
    server.answer({ status: 503 });
    const text = readFileSync(join(dir, 'tiercel.yaml'), 'utf8');
    const config = text
      .replace(/^server:.*\n/m, '')
      .replace('http://127.0.0.1:9999', server.url)
      .replace(/$/, '    retry: { initial: 10ms, max: 50ms }\n');
    const tiercel = await startTiercel({ directory: dir, command: [process.execPath, main], config });
    try {
      for (const priority of ['Notice', 'Critical', 'Emergency']) {
        const event = { rule: `a ${priority} rule`, priority, time: '2026-01-02T03:04:05Z' };
        expect((await tiercel.post('/', JSON.stringify(event))).status).toBe(200);
      }
      await until('a refusal', () => server.requests.length > 0);
      const refused = server.requests.length;
      server.answer({ status: 201 });
      const arrived = () => server.requests.slice(refused);
      await until('both tickets', () => new Set(arrived().map(({ body }) => body)).size === 2);
      const rules = arrived().map(({ body }) => (JSON.parse(body) as { rule: string }).rule);
      expect([...new Set(rules)].sort()).toEqual(['a Critical rule', 'a Emergency rule']);
      expect(arrived().every(({ path }) => path === '/new')).toBe(true);
      expect(await tiercel.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await tiercel.remove();
      await server.close();
    }
  }, 60_000);

  it('has a test that is green', () => {
    const { status, stdout } = run(process.execPath, ['--test'], dir);
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/# pass \d\d/);
  }, 120_000);

  it.skipIf(deno === undefined)(
    'has outputs over UDP and with OAuth2 whose tests are green on Deno',
    () => {
      const tests = ['datagrams.test.js', 'tickets-oauth2.test.js'];
      const { status, stdout, stderr } = run(deno!, ['test', '-A', '--no-check', ...tests], dir);
      expect(status, stdout + stderr).toBe(0);
    },
    120_000,
  );
});
