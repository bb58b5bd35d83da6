import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import { permissionsFor, tightenState } from '../../../../../core/journal/files/permissions.ts';
import { recordingLogger } from '../../../outputs/support.ts';
import { entry, silent } from '../fixtures.ts';

let root: string;
let umask: number;
beforeEach(() => {
  umask = process.umask();
  root = mkdtempSync(join(tmpdir(), 'tiercel-permissions-'));
});
afterEach(() => {
  process.umask(umask);
  rmSync(root, { recursive: true, force: true });
});

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);
const POSIX = process.platform !== 'win32';

/** Every entry below a directory with its mode, in octal. */
const modesBelow = (directory: string): Record<string, string> =>
  Object.fromEntries(
    (readdirSync(directory, { recursive: true }) as string[]).map((name) => [
      name,
      modeOf(join(directory, name)),
    ]),
  );

/** A journal with segments, a cursor, manifests, a reserve and a lock. */
async function useJournal(directory: string, groupAccess: boolean): Promise<Record<string, string>> {
  const journal = await openDiskJournal({ directory, maxBytes: 8 << 20, groupAccess, log: silent });
  try {
    const subscription = await journal.subscribe('lake', { start: 'oldest' });
    await journal.append([entry('{}', 'lake')]);
    await subscription.close();
    return modesBelow(directory);
  } finally {
    await journal.close();
  }
}

describe.skipIf(!POSIX)('what the journal creates', () => {
  test.each([0o000, 0o022, 0o077])('is for its user alone, at umask %o', async (mask) => {
    process.umask(mask);
    const modes = await useJournal(join(root, 'above', 'journal'), false);
    expect(Object.keys(modes)).toEqual(expect.arrayContaining(['lock', 'reserve', 'cursors']));
    expect(Object.keys(modes).some((name) => name.endsWith('.segment'))).toBe(true);
    expect(Object.keys(modes).some((name) => name.endsWith('.cursor'))).toBe(true);
    for (const [name, mode] of Object.entries(modes))
      expect([name, mode]).toEqual([name, name === 'cursors' ? '700' : '600']);
    expect(modeOf(join(root, 'above', 'journal'))).toBe('700');
    expect(modeOf(join(root, 'above'))).toBe('700');
  });

  test.each([0o000, 0o022, 0o077])('is for the group too with group_access, at umask %o', async (mask) => {
    process.umask(mask);
    const modes = await useJournal(join(root, 'above', 'journal'), true);
    for (const [name, mode] of Object.entries(modes))
      expect([name, mode]).toEqual([name, name === 'cursors' ? '2770' : '660']);
    expect(modeOf(join(root, 'above', 'journal'))).toBe('2770');
    expect(modeOf(join(root, 'above'))).toBe('2770');
    // It was there before: it is the operator's.
    expect(modeOf(root)).toBe('700');
  });
});

describe.skipIf(!POSIX)('tightenState', () => {
  /** A state directory as an earlier version left it. */
  async function wideState(): Promise<() => void> {
    for (const name of ['journal/cursors', 'journal/corrupt', 'dead-letters/cursors', 'outputs/lake'])
      mkdirSync(join(root, name), { recursive: true });
    for (const name of [
      'journal/000000000001.segment',
      'journal/manifests',
      'journal/cursors/lake.cursor',
      'journal/corrupt/old',
      'dead-letters/000000000001.index',
      'outputs/lake/token',
      'lock',
    ])
      writeFileSync(join(root, name), '');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'admin.sock'), resolve));
    for (const name of readdirSync(root, { recursive: true }) as string[]) {
      const path = join(root, name);
      chmodSync(path, statSync(path).isDirectory() ? 0o755 : statSync(path).isSocket() ? 0o777 : 0o664);
    }
    chmodSync(root, 0o777);
    return () => server.close();
  }

  test('takes from others and the group what they need not have', async () => {
    const close = await wideState();
    await tightenState(root, permissionsFor({}), silent);
    for (const [name, mode] of Object.entries(modesBelow(root)))
      expect([name, mode]).toEqual([name, statSync(join(root, name)).isDirectory() ? '700' : '600']);
    expect(modeOf(root)).toBe('700');
    close();
  });

  test('leaves the group what it has with group_access, and gives it nothing', async () => {
    const close = await wideState();
    chmodSync(join(root, 'journal', 'manifests'), 0o600);
    await tightenState(root, permissionsFor({ groupAccess: true }), silent);
    expect(modeOf(join(root, 'journal', '000000000001.segment'))).toBe('660');
    expect(modeOf(join(root, 'journal', 'manifests'))).toBe('600');
    expect(modeOf(join(root, 'journal', 'cursors'))).toBe('750');
    expect(modeOf(join(root, 'admin.sock'))).toBe('660');
    expect(modeOf(root)).toBe('770');
    close();
  });

  test('widens nothing that an operator made narrower', async () => {
    mkdirSync(join(root, 'journal'));
    writeFileSync(join(root, 'journal', '000000000001.segment'), '', { mode: 0o400 });
    chmodSync(join(root, 'journal'), 0o2500);
    for (const groupAccess of [false, true]) {
      await tightenState(root, permissionsFor({ groupAccess }), silent);
      expect(modeOf(join(root, 'journal', '000000000001.segment'))).toBe('400');
      // Which group new entries get is no right: it stays.
      expect(modeOf(join(root, 'journal'))).toBe('2500');
    }
    chmodSync(join(root, 'journal'), 0o700);
  });

  test('follows no symbolic link', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'tiercel-outside-'));
    writeFileSync(join(outside, 'file'), '');
    chmodSync(join(outside, 'file'), 0o666);
    chmodSync(outside, 0o777);
    mkdirSync(join(root, 'outputs'));
    symlinkSync(join(outside, 'file'), join(root, 'outputs', 'file'));
    symlinkSync(outside, join(root, 'outputs', 'directory'));
    symlinkSync(outside, join(root, 'dead-letters'));
    await tightenState(root, permissionsFor({}), silent);
    expect(modeOf(join(outside, 'file'))).toBe('666');
    expect(modeOf(outside)).toBe('777');
    rmSync(outside, { recursive: true });
  });

  test('leaves what outputs write for other programs as it is', async () => {
    mkdirSync(join(root, 'lake'));
    chmodSync(join(root, 'lake'), 0o755);
    writeFileSync(join(root, 'archive.ndjson'), '');
    chmodSync(join(root, 'archive.ndjson'), 0o644);
    await tightenState(root, permissionsFor({}), silent);
    expect(modeOf(join(root, 'lake'))).toBe('755');
    expect(modeOf(join(root, 'archive.ndjson'))).toBe('644');
  });

  test('does nothing where there is no state yet', async () => {
    const log = recordingLogger();
    await tightenState(join(root, 'absent'), permissionsFor({}), log);
    expect(log.lines).toEqual([]);
  });

  // The kernel refuses chmod in /proc with EPERM, to the owner and to root.
  test.skipIf(process.platform !== 'linux')('a refusal is one warning and no error', async () => {
    const log = recordingLogger();
    await tightenState('/proc/self/task', permissionsFor({}), log);
    expect(log.lines).toHaveLength(1);
    expect(JSON.stringify(log.lines[0])).toMatch(/EPERM/);
  });

  test.skipIf(process.getuid?.() !== 0)('leaves the entries of other users alone', async () => {
    const { chownSync } = await import('node:fs');
    const log = recordingLogger();
    mkdirSync(join(root, 'journal'));
    writeFileSync(join(root, 'journal', 'manifests'), '');
    chmodSync(join(root, 'journal', 'manifests'), 0o664);
    chownSync(join(root, 'journal', 'manifests'), 1234, 1234);
    await tightenState(root, permissionsFor({}), log);
    expect(modeOf(join(root, 'journal', 'manifests'))).toBe('664');
    expect(log.lines).toEqual([]);
  });
});
