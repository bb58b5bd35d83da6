import { mkdir, mkdtemp, readFile, rename, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDiskJournal } from '../../../../core/journal/disk.ts';
import { acquireLock, JournalLockedError } from '../../../../core/journal/lock.ts';

let directory: string;
const file = () => join(directory, 'lock');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** The lock of this very process, changed as another holder's would differ. */
async function foreign(change: object): Promise<void> {
  const lock = await acquireLock(directory);
  const holder = JSON.parse(await readFile(file(), 'utf8'));
  await lock.release();
  await writeFile(file(), JSON.stringify({ ...holder, token: 'other', ...change }));
}

test('one holder at a time, and the second is told who and what to do', async () => {
  const lock = await acquireLock(directory);
  await expect(acquireLock(directory)).rejects.toThrow(JournalLockedError);
  await expect(acquireLock(directory)).rejects.toThrow(
    `${directory} is in use by process ${process.pid} on `,
  );
  await expect(acquireLock(directory)).rejects.toThrow('(journal.path)');
  await lock.release();
  await (await acquireLock(directory)).release();
});

test('a journal that cannot be there says where, and what it needs', async () => {
  await writeFile(join(directory, 'data'), 'a file');
  const opening = openDiskJournal({
    directory: join(directory, 'data', 'journal'),
    maxBytes: 1 << 20,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await expect(opening).rejects.toThrow(/cannot be kept in .*data.journal: ENOTDIR.*journal\.path/);
});

test.skipIf(process.platform !== 'linux')(
  'a holder that died is known at once, also when its pid is another process now',
  async () => {
    const started = performance.now();
    await foreign({ pid: 2 ** 22 + 1 });
    await (await acquireLock(directory)).release();
    await foreign({ started: '1' });
    await (await acquireLock(directory)).release();
    expect(performance.now() - started).toBeLessThan(1000);
  },
);

test('a holder in another container is watched: silent, it is dead', { timeout: 20_000 }, async () => {
  await foreign({ pid: 1, namespace: 'pid:[1]', boot: 'another boot', host: 'elsewhere' });
  await (await acquireLock(directory)).release();
});

test('one that touches its lock is alive', { timeout: 20_000 }, async () => {
  await foreign({ pid: 1, namespace: 'pid:[1]', boot: 'another boot', host: 'elsewhere' });
  const beat = setInterval(() => utimes(file(), new Date(), new Date()), 300);
  try {
    await expect(acquireLock(directory)).rejects.toThrow('in use by process 1 on elsewhere');
  } finally {
    clearInterval(beat);
  }
});

test('a lock half written counts as held by somebody, until it is clear that he is gone', {
  timeout: 20_000,
}, async () => {
  await writeFile(file(), '{"pid":');
  await (await acquireLock(directory)).release();
});

test('a holder whose lock was taken over is told', { timeout: 20_000 }, async () => {
  const lock = await acquireLock(directory);
  const lost = new Promise<string>((resolve) => lock.onLost(resolve));
  await writeFile(file(), JSON.stringify({ token: 'other', pid: 7, host: 'elsewhere' }));
  expect(await lost).toBe('process 7 on elsewhere took the lock over');
  await lock.release();
  expect(JSON.parse(await readFile(file(), 'utf8')).token).toBe('other');
});

test('a lock that cannot be looked up for a while is not lost', { timeout: 20_000 }, async () => {
  const lock = await acquireLock(directory);
  const lost: string[] = [];
  lock.onLost((reason) => lost.push(reason));
  await rename(file(), `${file()}.aside`);
  await mkdir(file());
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await rmdir(file());
  await rename(`${file()}.aside`, file());
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(lost).toEqual([]);
  await lock.release();
});
