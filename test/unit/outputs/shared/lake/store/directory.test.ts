import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryStore } from '../../../../../../outputs/shared/lake/store/directory.ts';
import { scratch } from '../support.ts';

const never = new AbortController().signal;
const KEY = 'ext/falco/eventDay=20261123/b-1.parquet';

function setup(bytes = 'PAR1') {
  const root = scratch();
  const path = join(root, 'source');
  writeFileSync(path, bytes);
  const folder = join(root, 'lake');
  return { root, folder, store: directoryStore(folder), file: { path, size: bytes.length } };
}

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

describe('directoryStore', () => {
  it('writes the object whole and leaves nothing beside it', async () => {
    const { store, folder, file } = setup();
    expect(await store.put(KEY, file, { signal: never })).toEqual({ status: 'delivered', bytes: 4 });
    expect(readFileSync(join(folder, KEY), 'utf8')).toBe('PAR1');
    expect(filesOf(folder)).toEqual(['b-1.parquet']);
  });

  it.skipIf(process.platform === 'win32')('lets the group read, unless the umask is narrower', async () => {
    for (const [umask, fileMode, folderMode] of [
      [0o000, 0o640, 0o750],
      [0o077, 0o600, 0o700],
    ] as const) {
      const before = process.umask(umask);
      try {
        const { store, folder, file } = setup();
        await store.put(KEY, file, { signal: never });
        expect(statSync(join(folder, KEY)).mode & 0o777).toBe(fileMode);
        expect(statSync(folder).mode & 0o777).toBe(folderMode);
        expect(statSync(join(folder, KEY, '..')).mode & 0o777).toBe(folderMode);
      } finally {
        process.umask(before);
      }
    }
  });

  it('never writes over an object', async () => {
    const { store, folder, file } = setup('first');
    await store.put(KEY, file, { signal: never });
    writeFileSync(file.path, 'other');
    expect(await store.put(KEY, file, { signal: never })).toMatchObject({ status: 'delivered' });
    expect(readFileSync(join(folder, KEY), 'utf8')).toBe('first');
  });

  it('keeps one of two writers at the same moment', async () => {
    const { store, folder, file } = setup('same');
    const results = await Promise.all([1, 2, 3].map(() => store.put(KEY, file, { signal: never })));
    expect(results.map(({ status }) => status)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(filesOf(folder)).toEqual(['b-1.parquet']);
  });

  it('leaves no part of an object when it is interrupted', async () => {
    const { store, folder, file } = setup('x'.repeat(5_000_000));
    const stop = new AbortController();
    const running = store.put(KEY, file, { signal: stop.signal });
    setTimeout(() => stop.abort(), 1);
    const { status } = await running;
    expect(filesOf(folder)).toEqual(status === 'delivered' ? ['b-1.parquet'] : []);
  });

  it('does not follow a key out of its folder', async () => {
    const { store, file } = setup();
    await expect(store.put('../../evil', file, { signal: never })).rejects.toThrow('leads out of');
  });

  it('says what is wrong with the folder', async () => {
    const { root, file } = setup();
    writeFileSync(join(root, 'plain'), '');
    const store = directoryStore(join(root, 'plain', 'lake'));
    expect(await store.put(KEY, file, { signal: never })).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/is a file/),
    });
  });

  it.skipIf(process.getuid?.() === 0)('checks that the folder can be written to', async () => {
    const { root } = setup();
    mkdirSync(join(root, 'locked'));
    chmodSync(join(root, 'locked'), 0o500);
    await expect(directoryStore(join(root, 'locked', 'lake')).check(never)).rejects.toThrow(/permission/);
  });
});
