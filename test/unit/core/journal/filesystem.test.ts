import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nodeFileSystem, readWhole } from '../../../../core/journal/filesystem.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiercel-fs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** open(2) on Linux, octal in /proc/self/fdinfo. */
const O_DSYNC = 0o10000;

function flagsOf(path: string): number {
  const descriptor = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });
  return Number.parseInt(
    /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))![1]!,
    8,
  );
}

test.skipIf(process.platform !== 'linux')(
  'the system itself syncs each write of a file made to be stable, and of no other',
  async () => {
    const stable = await nodeFileSystem.open(join(folder, 'stable'), 'create-stable');
    const plain = await nodeFileSystem.open(join(folder, 'plain'), 'create');
    expect(flagsOf(join(folder, 'stable')) & O_DSYNC).toBe(O_DSYNC);
    expect(flagsOf(join(folder, 'plain')) & O_DSYNC).toBe(0);
    await Promise.all([stable.close(), plain.close()]);
  },
);

test('a file made to be stable is new, and holds what was written', async () => {
  const path = join(folder, 'new');
  const file = await nodeFileSystem.open(path, 'create-stable');
  expect(await file.write(Buffer.from('abc'), 0)).toBe(3);
  await file.close();
  expect(Buffer.from(await readWhole(nodeFileSystem, path)).toString()).toBe('abc');
  await expect(nodeFileSystem.open(path, 'create-stable')).rejects.toMatchObject({ code: 'EEXIST' });
});
