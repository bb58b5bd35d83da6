import { expect, test } from 'vitest';
import type { FileSystem } from '../../../../../core/journal/files/filesystem.ts';
import { readWhole } from '../../../../../core/journal/files/filesystem.ts';
import { retryingReads } from '../../../../../core/journal/files/retrying-reads.ts';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';
import { createFakeMachine } from '../../../../model/fake-file-system.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A file of 300 bytes on a disk that can be told to fail, and how long was waited. */
function disk(fails: Partial<FileSystem> = {}) {
  const machine = createFakeMachine();
  machine.put(
    '/d/file',
    Uint8Array.from({ length: 300 }, (_, i) => 1 + (i % 250)),
  );
  const waited: number[] = [];
  const clock = { ...systemClock, sleep: async (milliseconds: number) => void waited.push(milliseconds) };
  const lost: number[] = [];
  const tries = { waits: [10, 20, 30], block: 64 };
  const fs = retryingReads(
    { ...machine.mount(), ...fails },
    { directory: '/d', clock, tries, onLost: ({ offset }) => lost.push(offset) },
  );
  return { machine, fs, waited, lost };
}

test('waits longer and longer, and takes what it then gets', async () => {
  const { machine, fs, waited } = disk();
  const whole = await readWhole(fs, '/d/file');
  expect(waited).toEqual([]);
  machine.faults.failReads = 3;
  expect(await readWhole(fs, '/d/file')).toEqual(whole);
  expect(waited).toEqual([10, 20, 30]);
  expect(fs.isUnreadable('/d/file', 0)).toBe(false);
});

test('gives zeros for the blocks that stay unreadable, and all others', async () => {
  const { machine, fs, waited, lost } = disk();
  const whole = await readWhole(fs, '/d/file');
  machine.spoil('/d/file', 130, 1);
  const expected = whole.slice();
  expected.fill(0, 128, 192);
  expect(await readWhole(fs, '/d/file')).toEqual(expected);
  expect([fs.isUnreadable('/d/file', 191), fs.isUnreadable('/d/file', 192)]).toEqual([true, false]);
  expect(waited).toEqual([10, 20, 30]);
  // It is known now: less patience, and it is said once.
  expect(await readWhole(fs, '/d/file')).toEqual(expected);
  expect(waited).toEqual([10, 20, 30, 10]);
  expect(lost).toEqual([128]);
});

test.each([
  // One try for the whole range and three after a wait, then one for the block alone and three more.
  [7, 0],
  [8, 1],
])(
  'reads a block again as often as there are waits: after %i failures %i is lost',
  async (failures, losses) => {
    const machine = createFakeMachine();
    machine.put('/d/file', new Uint8Array(64).fill(7));
    const lost: number[] = [];
    let left = failures;
    const mount = machine.mount();
    const fs = retryingReads(
      {
        ...mount,
        async open(path, mode) {
          const file = await mount.open(path, mode);
          const read: typeof file.read = (target, position) =>
            left-- > 0 ? Promise.reject(failure('EIO')) : file.read(target, position);
          return mode === 'read' ? { ...file, read } : file;
        },
      },
      {
        directory: '/d',
        clock: { ...systemClock, sleep: async () => {} },
        tries: { waits: [10, 20, 30], block: 64 },
        onLost: ({ offset }) => lost.push(offset),
      },
    );
    expect(await readWhole(fs, '/d/file')).toEqual(new Uint8Array(64).fill(losses > 0 ? 0 : 7));
    expect(lost).toHaveLength(losses);
  },
);

test('reports each read that fails and is tried again, and each place once with its bytes', async () => {
  const machine = createFakeMachine();
  machine.put('/d/file', new Uint8Array(100).fill(7));
  const failed: string[] = [];
  const lost: object[] = [];
  const fs = retryingReads(machine.mount(), {
    directory: '/d',
    clock: { ...systemClock, sleep: async () => {} },
    tries: { waits: [0, 1], block: 64 },
    onFailure: (error, path) => failed.push(`${(error as NodeJS.ErrnoException).code} ${path}`),
    onLost: (place) => lost.push(place),
  });
  machine.spoil('/d/file', 70, 1);
  await readWhole(fs, '/d/file');
  await readWhole(fs, '/d/file');
  expect(failed).toEqual(['EIO /d/file', 'EIO /d/file']);
  expect(lost).toEqual([{ path: '/d/file', offset: 64, bytes: 36 }]);
  // The probe of whether the disk works stays nowhere.
  expect(await fs.list('/d')).toEqual(['file']);
});

test('gives zeros for a file that cannot be opened', async () => {
  const { machine, fs } = disk();
  const sick = retryingReads(
    {
      ...machine.mount(),
      open: (path, mode) =>
        mode === 'read' ? Promise.reject(failure('EIO')) : machine.mount().open(path, mode),
    },
    { directory: '/d', clock: { ...systemClock, sleep: async () => {} }, onLost: () => {} },
  );
  expect((await readWhole(sick, '/d/file')).every((byte) => byte === 0)).toBe(true);
  expect(sick.isUnreadable('/d/file', 0)).toBe(true);
  expect(fs.isUnreadable('/d/file', 0)).toBe(false);
});

test('takes nothing for lost while the disk does not write either, unless it is only full', async () => {
  const { machine, fs } = disk();
  machine.spoil('/d/file', 0, 300);
  machine.faults.failSyncs = 1;
  await expect(readWhole(fs, '/d/file')).rejects.toThrow('EIO');
  expect(fs.isUnreadable('/d/file', 0)).toBe(false);
  machine.faults.capacity = 0;
  expect((await readWhole(fs, '/d/file')).every((byte) => byte === 0)).toBe(true);
});

test.each(['ENOENT', 'EMFILE', 'EACCES'])('leaves %s to whoever reads', async (code) => {
  const { fs, waited } = disk({ open: () => Promise.reject(failure(code)) });
  await expect(readWhole(fs, '/d/file')).rejects.toThrow(code);
  expect(waited).toEqual([]);
});
