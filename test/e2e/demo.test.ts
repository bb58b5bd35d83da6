import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

test('the demo posts the samples, writes the lake in its real layout, shows rows and ends with 0', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-demo-'));
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [MAIN, 'demo', '--dir', join(folder, 'demo')],
      {
        cwd: folder,
        encoding: 'utf8',
        // Variables of the test runner would be keys of the configuration.
        env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIERCEL_'))),
      },
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('Posted 30 sample events');
    expect(stdout).toContain('30 accepted');
    expect(stdout).toMatch(/accountId=123456789012[\s\S]*eventDay=20260710[\s\S]*\.parquet {2}\d+\.\d kB/);
    expect(stdout).toContain('Terminal shell in container');
    // A warning of the runtime is a leak of ours.
    expect(stderr).not.toContain('Warning:');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
