import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, run, runHere } from '../support/cli.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tiercel-create-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('create', () => {
  it.each([
    ['output', 'tickets', 'tiercel-tickets', []],
    ['output', 'gelf_tcp', 'tiercel-gelf-tcp', ['--typescript']],
    ['mapper', '@acme/tiercel-short-line', 'tiercel-short-line', []],
    ['mapper', 'alert_rows', 'tiercel-alert-rows', ['--typescript']],
  ])(
    'writes a package with an %s %s in %s %j, whose test is green at once',
    async (kind, name, folder, flags) => {
      expect((await runHere(['create', kind, name, ...flags], dir)).status).toBe(0);
      const at = join(dir, folder);
      mkdirSync(join(at, 'node_modules'));
      symlinkSync(ROOT, join(at, 'node_modules', 'tiercel'));
      for (const tool of ['.bin', 'typescript', '@types'])
        symlinkSync(join(ROOT, 'node_modules', tool), join(at, 'node_modules', tool));
      const tested = run('npm', ['test', '--silent'], at);
      expect(tested.status, tested.stdout).toBe(0);
      expect(tested.stdout).toMatch(/# fail 0|ℹ fail 0/);
      const validated = await runHere(['validate'], at);
      expect(validated.status, validated.stderr).toBe(0);
      expect(await runHere(['create', kind, name], dir)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('exists already'),
      });
    },
    120_000,
  );

  it.each(['tiercel-short-line', 'tiercel-alert-rows'])(
    'writes a mapper %s whose records a lake holds as columns',
    async (folder) => {
      const at = join(dir, folder);
      const config = readFileSync(join(at, 'tiercel.yaml'), 'utf8')
        .replace(/^server:.*\n/m, '')
        .replace('every: 5s', 'every: 100ms');
      const tiercel = await startTiercel({ directory: at, command: [process.execPath, MAIN], config });
      try {
        const fields = { 'proc.name': 'sh', 'fd.name': '/etc/shadow', 'evt.rawres': 1 };
        const event = { rule: 'Read a secret', priority: 'Critical', time: '2026-01-02T03:04:05.678901234Z' };
        const more = { hostname: 'host-1', tags: ['T1003'], output: 'text', output_fields: fields };
        expect((await tiercel.post('/', JSON.stringify({ ...event, ...more }))).status).toBe(200);
        expect((await tiercel.post('/', JSON.stringify({ ...event, rule: 'The least' }))).status).toBe(200);
        const rows = async () => {
          const names = readdirSync(join(at, 'lake'), { recursive: true, encoding: 'utf8' });
          const files = names.filter((name) => name.endsWith('.parquet'));
          const read = files.map(async (name) =>
            parquetReadObjects({ file: await asyncBufferFromFile(join(at, 'lake', name)), compressors }),
          );
          return (await Promise.all(read)).flat();
        };
        await until('both rows', async () => (await rows()).length === 2);
        const [row, least] = (await rows()).sort((a, b) => (a.rule < b.rule ? -1 : 1));
        expect(row).toEqual({
          time: new Date('2026-01-02T03:04:05.678Z'),
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          rule: 'Read a secret',
          priority: 'Critical',
          hostname: 'host-1',
          tags: ['T1003'],
          fields: { 'proc.name': 'sh' },
        });
        expect(least).toMatchObject({ rule: 'The least', tags: [], fields: {} });
        expect(least!.hostname ?? undefined).toBeUndefined();
        expect(tiercel.output()).toContain('"rule":"Read a secret"');
        expect(await tiercel.stop()).toEqual({ code: 0, signal: null });
      } finally {
        await tiercel.remove();
      }
    },
    60_000,
  );
});
