import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const CONFIG = `
journal: { path: ./journal }
outputs:
  lake:
    type: aws_security_lake
    directory: ./lake
    source: falco
    region: eu-west-1
    account_id: "123456789012"
  archive: { type: file, path: ./archive.ndjson }
  blocked: { type: parquet_lake, directory: ./a-file/below }
  off: { type: file, path: ./absent/archive.ndjson, enabled: false }
`;

describe('tiercel doctor', () => {
  let folder = '';
  const doctor = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [MAIN, 'doctor', '-c', 'c.yaml', ...args],
      {
        cwd: folder,
        // Without the TIERCEL_* of the tests: they would be configuration.
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
      },
    );
    return { status, stdout, stderr };
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tiercel-doctor-'));
    mkdirSync(join(folder, 'lake'));
    writeFileSync(join(folder, 'a-file'), '');
    writeFileSync(join(folder, 'c.yaml'), CONFIG);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('asks every output that is enabled, says what is wrong and what would be done, and leaves nothing', () => {
    const { status, stdout } = doctor('--write');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^lake \(aws_security_lake\)\n\s+batch: closed at 256MiB or 5m$/m);
    expect(stdout).toMatch(
      /key: .*ext\/falco\/region=eu-west-1\/accountId=123456789012\/eventDay=\d{8}\/\{batch id\}\.parquet$/m,
    );
    expect(stdout).toMatch(/FAILED {2}directory: .*choose another place/);
    expect(stdout).not.toContain('off (file)');
    expect(readdirSync(folder).sort()).toEqual(['a-file', 'c.yaml', 'lake']);
    expect(readdirSync(join(folder, 'lake'))).toEqual([]);
  });

  it('asks one output, as JSON', () => {
    const { status, stdout } = doctor('--output', 'archive', '--json');
    expect(status).toBe(0);
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(findings.map(({ output, what, status: found }) => [output, what, found])).toEqual([
      ['archive', 'batch', 'plan'],
      ['archive', 'check', 'ok'],
    ]);
    expect(doctor('--output', 'absent')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/absent/),
    });
  });
});
