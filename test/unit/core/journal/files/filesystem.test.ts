import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type File,
  nodeFileSystem,
  readAll,
  readWhole,
  writeAll,
} from '../../../../../core/journal/files/filesystem.ts';

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

describe('an error names the file', () => {
  const directory = join(folder, 'directory');
  mkdirSync(directory);

  test.each(['read', 'modify'] as const)('that is none: %s', async (mode) => {
    await expect(nodeFileSystem.open(directory, mode)).rejects.toMatchObject({
      code: 'EISDIR',
      path: directory,
      message: `${directory} is not a regular file`,
    });
  });

  test.runIf(process.platform === 'linux')('that cannot be written or read any more', async () => {
    const path = join(folder, 'named');
    const file = await nodeFileSystem.open(path, 'create');
    await file.close();
    const message = expect.stringContaining(`'${path}'`);
    const error = { code: 'EBADF', path, message };
    await expect(file.write(Buffer.from('a'), 0)).rejects.toMatchObject(error);
    await expect(file.read(new Uint8Array(1), 0)).rejects.toMatchObject(error);
    await expect(file.sync()).rejects.toMatchObject(error);
    await expect(file.size()).rejects.toMatchObject(error);
  });
});

describe('short writes and reads', () => {
  /** A file that takes and gives so many bytes at a time. */
  function shortFile(step: number, content = new Uint8Array(0)) {
    const bytes = [...content];
    const file = {
      async write(data: Uint8Array, position: number) {
        const part = data.subarray(0, step);
        for (const [index, byte] of part.entries()) bytes[position + index] = byte;
        return part.length;
      },
      async read(target: Uint8Array, position: number) {
        const part = bytes.slice(position, position + Math.min(step, target.length));
        target.set(part);
        return part.length;
      },
    } as unknown as File;
    return { file, bytes };
  }
  const data = Uint8Array.from({ length: 10 }, (_, i) => i + 1);

  test.each([1, 2, 3, 9, 10, 11])('of %i bytes at a time come to the whole', async (step) => {
    const { file, bytes } = shortFile(step, new Uint8Array(2));
    await writeAll(file, data, 2);
    expect(bytes).toEqual([0, 0, ...data]);
    expect(await readAll(file, new Uint8Array(10), 2)).toEqual(data);
    expect(await readAll(file, new Uint8Array(20), 5)).toEqual(data.subarray(3));
    expect(await readAll(file, new Uint8Array(20), 12)).toHaveLength(0);
  });

  test('a write that gets nowhere is a full disk', async () => {
    await expect(writeAll(shortFile(0).file, data, 0)).rejects.toMatchObject({ code: 'ENOSPC' });
    await writeAll(shortFile(0).file, new Uint8Array(0), 0);
  });
});
