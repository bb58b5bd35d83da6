import { expect, test } from 'vitest';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import type { FileSystem } from '../../../../../core/journal/files/filesystem.ts';
import { createFakeMachine } from '../../../../model/fake-file-system.ts';
import { alwaysHeld, entry, silent } from '../fixtures.ts';

const SEGMENT = '/j/000000000001.segment';

/** The same file system, of which the so many-th call on the segment fails. It counts the files that stay open. */
function failing(fs: FileSystem, at: number) {
  let open = 0;
  let calls = 0;
  const counted =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      ++calls === at ? Promise.reject(new Error('this call fails')) : call(...args);
  return {
    open: () => open,
    hasFailed: () => calls >= at,
    fs: {
      ...fs,
      async open(path, mode) {
        const file = await fs.open(path, mode);
        if (path !== SEGMENT) return file;
        open++;
        return {
          ...file,
          size: counted(file.size),
          read: counted(file.read),
          write: counted(file.write),
          sync: counted(file.sync),
          async close() {
            open--;
            await file.close();
          },
        };
      },
    } satisfies FileSystem,
  };
}

test('a start that fails leaves no descriptor open', async () => {
  const open = (fileSystem: FileSystem) =>
    openDiskJournal({ directory: '/j', maxBytes: 1 << 20, log: silent, fileSystem, lock: alwaysHeld });
  let failures = 0;
  for (let at = 1; ; at++) {
    const machine = createFakeMachine();
    const journal = await open(machine.mount());
    await journal.subscribe('a');
    await journal.append([entry('1', 'a')]);
    await journal.close();
    // Both copies of the header: it is made anew.
    for (const copy of [9, 73]) machine.content(SEGMENT)[copy]! ^= 1;
    machine.unlink(SEGMENT.replace('segment', 'index'));
    machine.kill();
    const sick = failing(machine.mount(), at);
    const opened = await open(sick.fs).catch(() => undefined);
    if (opened === undefined) failures++;
    await opened?.close();
    expect([at, sick.open()]).toEqual([at, 0]);
    if (!sick.hasFailed()) break;
  }
  expect(failures).toBeGreaterThan(3);
});
