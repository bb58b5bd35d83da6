import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDestination } from '../../core/testing/index.ts';
import { run } from '../support/cli.ts';
import { installTiercel } from '../support/installed.ts';
import { codeBlocks } from '../support/markdown.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const PAGE = new URL('../../docs/write-a-mapper.md', import.meta.url);

/** What somebody has who copies every block of the page into an empty folder. */
describe('the tutorial of mappers', () => {
  let dir: string;
  let main: string;
  const files = new Map(
    codeBlocks(readFileSync(PAGE, 'utf8')).flatMap(({ file, text }): [string, string][] =>
      file === undefined ? [] : [[file, text]],
    ),
  );
  const tiercel = (...args: readonly string[]) => run(process.execPath, [main, ...args], dir);

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tiercel-mapper-tutorial-'));
    main = installTiercel(dir).main;
    for (const [file, text] of files) writeFileSync(join(dir, file), text);
  }, 60_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('has a configuration that is valid, and mappers that the program describes', () => {
    const { status, stderr } = tiercel('validate', '-c', 'tiercel.yaml');
    expect(status, stderr).toBe(0);
    expect(tiercel('describe', './rows.js').stdout).toContain('Output fields to include.');
    const headline = tiercel('describe', './headline.js');
    expect(headline.stdout, headline.stderr).toContain('Rule and host, as one sentence.');
  }, 60_000);

  it('shows what is said of a mapper that a lake cannot write', () => {
    const rows = files.get('rows.js')!;
    const without = rows.replace(/fields: textMap\(.*\),/, "fields: Type.Any({ description: 'x' }),");
    expect(without).not.toBe(rows);
    writeFileSync(join(dir, 'rows.js'), without);
    try {
      const { status, stderr } = tiercel('validate', '-c', 'tiercel.yaml');
      expect(status).toBe(2);
      expect(stderr).toContain(files.get('refused.txt')!.trim());
    } finally {
      writeFileSync(join(dir, 'rows.js'), rows);
    }
  }, 60_000);

  it('has a test that is green', () => {
    const { status, stdout } = run(process.execPath, ['--test'], dir);
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/# pass [5-9]/);
  }, 60_000);

  it('has a mapper that fills a lake and a webhook', async () => {
    const server = await startDestination();
    const config = files
      .get('tiercel.yaml')!
      .replace(/^server:.*\n/m, '')
      .replace('http://127.0.0.1:9999', server.url)
      .replace('every: 5s', 'every: 100ms');
    const program = await startTiercel({ directory: dir, command: [process.execPath, main], config });
    try {
      const event = {
        rule: 'Terminal shell in container',
        priority: 'Critical',
        time: '2026-01-02T03:04:05.678901234Z',
        hostname: 'host-1',
        tags: ['T1059'],
        output_fields: { 'proc.name': 'bash', 'user.name': '<NA>', 'evt.num': 1 },
      };
      expect((await program.post('/', JSON.stringify(event))).status).toBe(200);
      await until('the request', () => server.requests.length > 0);
      const sent = JSON.parse(server.requests[0]!.body) as unknown;
      const row = { time: Date.parse('2026-01-02T03:04:05.678Z'), rule: event.rule, tags: ['T1059'] };
      expect([sent].flat()[0]).toMatchObject({ ...row, hostname: 'host-1', fields: {} });

      const day = join(dir, 'lake', 'day=2026-01-02');
      const names = () => readdirSync(day).filter((name) => name.endsWith('.parquet'));
      await until('the file', () => names().length > 0);
      const file = await asyncBufferFromFile(join(day, names()[0]!));
      expect(await parquetReadObjects({ file, compressors })).toEqual([
        {
          ...row,
          time: new Date(row.time),
          id: expect.any(String),
          priority: 'Critical',
          hostname: 'host-1',
          fields: { 'proc.name': 'bash' },
        },
      ]);
      expect(await program.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await program.remove();
      await server.close();
    }
  }, 60_000);
});
