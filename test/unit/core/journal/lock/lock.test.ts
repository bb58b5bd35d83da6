import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import files, {
  type FileHandle,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import net from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import { acquireLock, JournalLockedError, LockLostError } from '../../../../../core/journal/lock/lock.ts';
import { patched } from '../../../../support/patched.ts';
import { until } from '../../../../support/until.ts';

/** A lease of a fraction of a second, and one that nothing expires. */
const SHORT = { heartbeat: 20, staleAfter: 100 };
const LONG = { heartbeat: 60_000, staleAfter: 120_000 };
const LINUX = process.platform === 'linux';

let directory: string;
const file = () => join(directory, 'lock');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
});
let restore = () => {};
afterEach(async () => {
  restore();
  restore = () => {};
  await rm(directory, { recursive: true });
});

/** The lease that another process has left, as this one would have written it but for the change. */
async function leaseOf(change: object): Promise<void> {
  const lock = await acquireLock(directory, { timing: LONG });
  const holder = JSON.parse(await readFile(file(), 'utf8'));
  await lock.release();
  await writeFile(file(), JSON.stringify({ ...holder, token: 'other', ...change }));
}

const socketsOf = async (path: string) => (await readdir(path)).filter((name) => name.endsWith('.sock'));

const elsewhere = { pid: 7, kernel: 'another boot', host: 'elsewhere' };

test('one holder at a time, and the second is told who and what to do', async () => {
  const lock = await acquireLock(directory, { timing: LONG });
  await expect(acquireLock(directory, { timing: LONG })).rejects.toThrow(JournalLockedError);
  await expect(acquireLock(directory, { timing: LONG })).rejects.toThrow(
    `${directory} is in use by process ${process.pid} on `,
  );
  await expect(acquireLock(directory, { timing: LONG })).rejects.toThrow('set journal.path');
  expect(lock.confirm()).toBeUndefined();
  await lock.release();
  expect(await readdir(directory)).toEqual(['lock']);
  await (await acquireLock(directory, { timing: LONG })).release();
});

test('of many that start at once, exactly one holds it', async () => {
  for (let round = 0; round < 5; round++) {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => acquireLock(directory, { timing: LONG })),
    );
    const held = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    // All may have given way to each other; two may never hold it.
    expect(held.length).toBeLessThanOrEqual(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(JournalLockedError);
    for (const lock of held) await lock.release();
    await (await acquireLock(directory, { timing: LONG })).release();
  }
});

test('a path that is too long for a socket works as well', async () => {
  const long = join(directory, 'x'.repeat(100), 'y'.repeat(60));
  await mkdir(long, { recursive: true });
  const lock = await acquireLock(long, { timing: LONG });
  if (LINUX) expect((await readdir(long)).some((name) => name.endsWith('.sock'))).toBe(true);
  await expect(acquireLock(long, { timing: LONG })).rejects.toThrow(JournalLockedError);
  await lock.release();
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

describe.skipIf(process.platform === 'win32')('a holder in another process of this kernel', () => {
  const HOLD = `
    const { acquireLock } = await import(${JSON.stringify(new URL('../../../../../dist/core/journal/lock/lock.js', import.meta.url).href)});
    await acquireLock(process.argv[1], { timing: { heartbeat: 60_000, staleAfter: 120_000 } });
    console.log('held');
    setInterval(() => {}, 1000);
  `;

  async function holder() {
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  // Elsewhere there is no boot id: the lease decides.
  test.runIf(LINUX)('is found alive while it is paused, and dead at once when it was killed', async () => {
    const child = await holder();
    const gone = once(child, 'exit');
    child.kill('SIGSTOP');
    await expect(acquireLock(directory, { timing: LONG })).rejects.toThrow(
      `in use by process ${child.pid} on `,
    );
    child.kill('SIGKILL');
    await gone;
    // Under a lease of two minutes: nothing is waited for.
    const after = await acquireLock(directory, { timing: LONG });
    expect(after.isAfterCrash).toBe(true);
    await after.release();
    const next = await acquireLock(directory, { timing: LONG });
    expect(next.isAfterCrash).toBe(false);
    await next.release();
  });

  test('is not taken for dead where its socket was removed by hand: the lease decides', async () => {
    const child = await holder();
    for (const name of await readdir(directory)) if (name !== 'lock') await unlink(join(directory, name));
    const heartbeat = setInterval(() => utimes(file(), new Date(), new Date()), 10);
    try {
      await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
        `in use by process ${child.pid} on `,
      );
    } finally {
      clearInterval(heartbeat);
      child.kill('SIGKILL');
    }
  });

  /** A holder that was killed, with what it leaves behind. */
  async function killed(): Promise<void> {
    const child = await holder();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** How long a process waits for the lease before it takes the lock, milliseconds. */
  async function waitFor(): Promise<number> {
    const began = performance.now();
    await (await acquireLock(directory, { timing: SHORT })).release();
    return performance.now() - began;
  }

  test('that was killed is not taken for dead where the kernel has no boot id: host names repeat', async () => {
    await killed();
    const holder = JSON.parse(await readFile(file(), 'utf8'));
    await writeFile(file(), JSON.stringify({ ...holder, kernel: hostname() }));
    const { readFileSync } = fs;
    restore = patched(fs, {
      readFileSync(path: string, ...rest: unknown[]) {
        if (path === '/proc/sys/kernel/random/boot_id') throw new Error('ENOENT');
        return Reflect.apply(readFileSync, fs, [path, ...rest]);
      },
    });
    expect(await waitFor()).toBeGreaterThanOrEqual(SHORT.staleAfter);
  });

  test.each(['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ETIMEDOUT', 'ENOENT', 'EIO'])(
    'is not taken for dead where connecting to it fails with %s: the lease decides',
    async (code) => {
      await killed();
      restore = patched(net, {
        connect() {
          const socket = new net.Socket();
          setImmediate(() => socket.emit('error', Object.assign(new Error(code), { code })));
          return socket;
        },
      });
      expect(await waitFor()).toBeGreaterThanOrEqual(SHORT.staleAfter);
    },
  );

  test.runIf(LINUX)('is alive when it is paused and its queue of connections is full', async () => {
    const child = await holder();
    child.kill('SIGSTOP');
    const [name] = await socketsOf(directory);
    const waiting: net.Socket[] = [];
    const full = new Promise<Error>((resolve) => {
      for (let i = 0; i < 600; i++) waiting.push(net.connect(join(directory, name!)).once('error', resolve));
    });
    try {
      expect(await full).toMatchObject({ code: 'EAGAIN' });
      await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
        `in use by process ${child.pid} on `,
      );
    } finally {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGKILL');
    }
  });

  test('is not taken for dead where a copy stands in the place of its socket: the lease decides', async () => {
    const child = await holder();
    // What a backup makes of a socket, or another one of the same name.
    for (const name of await socketsOf(directory)) {
      await unlink(join(directory, name));
      await writeFile(join(directory, name), '');
    }
    const heartbeat = setInterval(() => fs.utimesSync(file(), new Date(), new Date()), 10);
    try {
      await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
        `in use by process ${child.pid} on `,
      );
    } finally {
      clearInterval(heartbeat);
      child.kill('SIGKILL');
    }
  });

  test('of an earlier version, which numbers its socket, is seen', async () => {
    const server = net.createServer().listen(join(directory, 'lock.7.sock'));
    await once(server, 'listening');
    await expect(acquireLock(directory, { timing: LONG })).rejects.toThrow(JournalLockedError);
    server.close();
    await once(server, 'close');
    await writeFile(join(directory, 'lock.7.sock'), '');
    const lock = await acquireLock(directory, { timing: LONG });
    expect(await socketsOf(directory)).not.toContain('lock.7.sock');
    await lock.release();
  });

  test('leaves a directory that a copy of it can be opened beside it', async () => {
    const child = await holder();
    const copy = await mkdtemp(join(tmpdir(), 'lock-copy-'));
    await writeFile(join(copy, 'lock'), await readFile(file()));
    await (await acquireLock(copy, { timing: SHORT })).release();
    child.kill('SIGKILL');
    await rm(copy, { recursive: true });
  });
});

test('a holder on another kernel is watched: silent, it is dead', async () => {
  await leaseOf(elsewhere);
  const began = performance.now();
  await (await acquireLock(directory, { timing: SHORT })).release();
  expect(performance.now() - began).toBeGreaterThanOrEqual(SHORT.staleAfter);
});

test('one that touches its lease is alive', async () => {
  await leaseOf(elsewhere);
  const heartbeat = setInterval(() => utimes(file(), new Date(), new Date()), 10);
  try {
    await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
      'in use by process 7 on elsewhere',
    );
  } finally {
    clearInterval(heartbeat);
  }
});

test('where nothing can connect to a socket, even the own one, the lease alone is the lock', async () => {
  restore = patched(net, {
    connect() {
      const socket = new net.Socket();
      setImmediate(() => socket.emit('error', Object.assign(new Error(), { code: 'ECONNREFUSED' })));
      return socket;
    },
  });
  const lock = await acquireLock(directory, { timing: LONG });
  expect(await readdir(directory)).toEqual(['lock']);
  expect(JSON.parse(await readFile(file(), 'utf8')).socket).toBeUndefined();
  await lock.release();
});

test('a directory that cannot be looked at is not taken for a new one', async () => {
  const { stat } = files;
  restore = patched(files, {
    async stat(...call: Parameters<typeof stat>) {
      if (call[0] === join(directory, 'epoch')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      return stat(...call);
    },
  });
  const began = performance.now();
  await (await acquireLock(directory, { timing: SHORT })).release();
  expect(performance.now() - began).toBeGreaterThanOrEqual(SHORT.staleAfter / 2 - 1);
});

test('a lease of this kernel without a socket is watched, too', async () => {
  await leaseOf({ socket: undefined });
  const began = performance.now();
  await (await acquireLock(directory, { timing: SHORT })).release();
  expect(performance.now() - began).toBeGreaterThanOrEqual(SHORT.staleAfter);
});

test('a lease that is half written counts as held until it is stale', async () => {
  await writeFile(file(), '{"pid":');
  const began = performance.now();
  await (await acquireLock(directory, { timing: SHORT })).release();
  expect(performance.now() - began).toBeGreaterThanOrEqual(SHORT.staleAfter);
});

test('a holder that lost its lease is told at the next heartbeat, and leaves the new lease alone', async () => {
  const lock = await acquireLock(directory, { timing: SHORT });
  await writeFile(file(), JSON.stringify({ token: 'other', pid: 7, host: 'elsewhere' }));
  await until('the loss', () => lock.lost.aborted, { timeout: 5000, interval: 5 });
  expect((lock.lost.reason as Error).message).toMatch(/^process 7 on elsewhere .*has taken over the lock/);
  await expect(lock.confirm()).rejects.toThrow(LockLostError);
  await lock.release();
  expect(JSON.parse(await readFile(file(), 'utf8')).token).toBe('other');
});

describe('a release', () => {
  test('waits for the heartbeat that is under way: it is no takeover', async () => {
    const lock = await acquireLock(directory, { timing: SHORT });
    let goOn = () => {};
    const delay = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let isUnderWay = false;
    const { open } = files;
    restore = patched(files, {
      async open(...call: Parameters<typeof open>) {
        if (call[0] === file() && !isUnderWay) {
          isUnderWay = true;
          await delay;
        }
        return open(...call);
      },
    });
    await until('a heartbeat', () => isUnderWay, { timeout: 5000, interval: 1 });
    const released = lock.release();
    await Promise.race([released, new Promise((resolve) => setTimeout(resolve, 50))]);
    goOn();
    await released;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(lock.lost.aborted).toBe(false);
    expect(await readFile(file(), 'utf8')).toBe('{"released":true}\n');
  });

  test('does not write over the lease of a process that takes the lock meanwhile', async () => {
    const lock = await acquireLock(directory, { timing: LONG });
    const other = JSON.stringify({ token: 'other', ...elsewhere });
    const { open } = files;
    restore = patched(files, {
      async open(...call: Parameters<typeof open>) {
        const opened = await open(...call);
        if (call[0] !== file()) return opened;
        restore();
        await writeFile(`${file()}.other`, other);
        await rename(`${file()}.other`, file());
        return opened;
      },
    });
    await lock.release();
    expect(await readFile(file(), 'utf8')).toBe(other);
  });

  test('ends the right to say anything', async () => {
    const lock = await acquireLock(directory, { timing: LONG });
    await lock.release();
    await expect(Promise.resolve(lock.confirm())).rejects.toThrow('released');
  });
});

/** Acts when this process has written its next lease, before it goes on. */
function afterLease(act: () => unknown): void {
  const { open } = files;
  const undo = patched(files, {
    async open(...call: Parameters<typeof open>) {
      const opened = await open(...call);
      if (call[0] !== file() || call[1] !== 'wx') return opened;
      undo();
      const { close } = opened;
      opened.close = async () => {
        await Reflect.apply(close, opened, []);
        await act();
      };
      return opened;
    },
  });
  restore = undo;
}

/** Acts instead of the next rename, which it is given. */
function insteadOfRename(act: (rename: () => Promise<void>) => Promise<void>): void {
  const { rename } = files;
  const undo = patched(files, {
    rename(...call: Parameters<typeof rename>) {
      undo();
      return act(() => rename(...call));
    },
  });
  restore = undo;
}

describe('a lease that cannot be written', () => {
  const reserve = () => join(directory, 'reserve');
  beforeEach(() => writeFile(reserve(), 'space'));

  /** Lets the next lease fail, once it has its name, with an error of the system. */
  function fail(code: string): void {
    const { open } = files;
    const undo = patched(files, {
      async open(...call: Parameters<typeof open>) {
        const opened = await open(...call);
        if (call[0] !== file() || call[1] !== 'wx') return opened;
        undo();
        const { writeFile } = opened;
        opened.writeFile = async () => {
          opened.writeFile = writeFile;
          throw Object.assign(new Error(code), { code });
        };
        return opened;
      },
    });
    restore = undo;
  }

  test.each(['ENOSPC', 'EDQUOT'])('for %s, at the start, gets the space of the reserve', async (code) => {
    fail(code);
    const lock = await acquireLock(directory, { timing: LONG });
    expect(JSON.parse(await readFile(file(), 'utf8')).pid).toBe(process.pid);
    expect(fs.existsSync(reserve())).toBe(false);
    await lock.release();
  });

  test('for another reason is an error, which leaves the reserve and no lease', async () => {
    fail('EIO');
    await expect(acquireLock(directory, { timing: LONG })).rejects.toThrow('EIO');
    expect(await readdir(directory)).toEqual(['reserve']);
  });

  test('while the lock is held is written later: the reserve is for the journal then', async () => {
    const lock = await acquireLock(directory, { timing: { heartbeat: 20, staleAfter: 10_000 } });
    fail('ENOSPC');
    await unlink(file());
    const isThere = () =>
      readFile(file(), 'utf8').then(
        (text) => text.endsWith('\n'),
        () => false,
      );
    await until('the lease', isThere, { timeout: 5000, interval: 5 });
    expect(lock.lost.aborted).toBe(false);
    expect(fs.existsSync(reserve())).toBe(true);
    await lock.release();
  });
});

describe('a takeover', () => {
  let timer: NodeJS.Timeout | undefined;
  afterEach(() => clearInterval(timer));
  /** The heartbeats of another process. */
  function beat() {
    const touch = () => fs.existsSync(file()) && fs.utimesSync(file(), new Date(), new Date());
    touch();
    timer = setInterval(touch, 10);
  }
  const other = JSON.stringify({ token: 'other', ...elsewhere, pid: 8 });

  test('gives the lease of a live holder back', async () => {
    await leaseOf(elsewhere);
    const text = await readFile(file(), 'utf8');
    insteadOfRename((rename) => {
      beat();
      return rename();
    });
    await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
      'in use by process 7 on elsewhere',
    );
    expect(await readFile(file(), 'utf8')).toBe(text);
  });

  test('does not give it back over the lease of a third process', async () => {
    await leaseOf(elsewhere);
    insteadOfRename(async (rename) => {
      beat();
      await rename();
      await writeFile(file(), other);
    });
    await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
      'in use by process 8 on elsewhere',
    );
    expect(await readFile(file(), 'utf8')).toBe(other);
    expect(await readdir(directory)).toEqual(['lock']);
  });

  test('of a stale lease waits until its holder must have looked, and looks itself', async () => {
    await leaseOf(elsewhere);
    // Another process found it stale, too, and takes away what the first has just written.
    afterLease(() => setTimeout(() => fs.writeFileSync(file(), other), 5));
    await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
      'in use by process 8 on elsewhere',
    );
    expect(await readFile(file(), 'utf8')).toBe(other);
  });

  test('of a lease that another process took away before does not claim the lock at once', async () => {
    await (await acquireLock(directory, { timing: LONG })).release();
    insteadOfRename(async (rename) => {
      await unlink(file());
      afterLease(() => setTimeout(() => fs.writeFileSync(file(), other), 5));
      return rename();
    });
    await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
      'in use by process 8 on elsewhere',
    );
  });

  test('of a lease that was released does not claim the lock at once after a pause', async () => {
    await writeFile(join(directory, 'epoch'), '');
    await (await acquireLock(directory, { timing: SHORT })).release();
    insteadOfRename(async (rename) => {
      await rename();
      await new Promise((resolve) => setTimeout(resolve, 60));
      afterLease(() => setTimeout(() => fs.writeFileSync(file(), other), 5));
    });
    await expect(acquireLock(directory, { timing: SHORT })).rejects.toThrow(
      'in use by process 8 on elsewhere',
    );
  });

  test('counts its lease from before it was written: the process may be paused then', async () => {
    afterLease(async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await writeFile(file(), other);
    });
    const lock = await acquireLock(directory, { timing: { heartbeat: 60_000, staleAfter: 100 } });
    await expect(Promise.resolve(lock.confirm())).rejects.toThrow('process 8 on elsewhere');
    await lock.release();
  });
});

describe('a holder whose heartbeats are late', () => {
  // Heartbeats never come, as in a process that was paused or is busy; half of the lease is over after 50 ms.
  const LATE = { heartbeat: 60_000, staleAfter: 100 };
  const pause = () => new Promise((resolve) => setTimeout(resolve, 60));

  test('finds out before it acknowledges anything that another process has the lock', async () => {
    const lock = await acquireLock(directory, { timing: LATE });
    await writeFile(file(), JSON.stringify({ token: 'other', pid: 7, host: 'elsewhere' }));
    await pause();
    await expect(lock.confirm()).rejects.toThrow('process 7 on elsewhere');
    expect(lock.lost.aborted).toBe(true);
    await lock.release();
  });

  test('renews its lease where nobody has', async () => {
    const lock = await acquireLock(directory, { timing: LATE });
    const old = new Date(Date.now() - 3_600_000);
    await utimes(file(), old, old);
    await pause();
    await lock.confirm();
    expect(lock.confirm()).toBeUndefined();
    // A process that had found it stale sees that it was touched.
    await unlink(file());
    await pause();
    await lock.confirm();
    expect(JSON.parse(await readFile(file(), 'utf8')).pid).toBe(process.pid);
    await lock.release();
  });

  test('whose lease was removed waits until another process that wrote one must have looked', async () => {
    const lock = await acquireLock(directory, { timing: { heartbeat: 60_000, staleAfter: 400 } });
    await new Promise((resolve) => setTimeout(resolve, 220));
    await unlink(file());
    const other = JSON.stringify({ token: 'other', ...elsewhere });
    afterLease(() => setTimeout(() => fs.writeFileSync(file(), other), 50));
    await expect(lock.confirm()).rejects.toThrow('process 7 on elsewhere');
    await lock.release();
  });

  test('does not go by what it read before it was paused once more', async () => {
    const lock = await acquireLock(directory, { timing: LATE });
    await pause();
    const { open } = files;
    let reads = 0;
    restore = patched(files, {
      async open(...call: Parameters<typeof open>) {
        const opened: FileHandle = await open(...call);
        if (call[0] !== file() || ++reads !== 2) return opened;
        const { readFile } = opened;
        opened.readFile = async function (this: FileHandle, ...rest: unknown[]) {
          const text = await Reflect.apply(readFile, this, rest);
          await writeFile(file(), JSON.stringify({ token: 'other', ...elsewhere }));
          await pause();
          return text;
        } as FileHandle['readFile'];
        return opened;
      },
    });
    await expect(lock.confirm()).rejects.toThrow('process 7 on elsewhere');
    await lock.release();
  });

  test('says so when the lease is read too slowly to be trusted', async () => {
    const lock = await acquireLock(directory, { timing: LATE });
    await pause();
    const { open } = files;
    restore = patched(files, {
      async open(...call: Parameters<typeof open>) {
        const opened: FileHandle = await open(...call);
        const { close } = opened;
        opened.close = () => pause().then(() => Reflect.apply(close, opened, []));
        return opened;
      },
    });
    await expect(lock.confirm()).rejects.toThrow('too slowly');
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
  });

  test('tries again while the lease cannot be read', async () => {
    const lock = await acquireLock(directory, { timing: { heartbeat: 1000, staleAfter: 10_000 } });
    const late = await acquireLate(lock);
    await rename(file(), `${file()}.aside`);
    await mkdir(file());
    const confirmed = late.confirm();
    await pause();
    await rmdir(file());
    await rename(`${file()}.aside`, file());
    await confirmed;
    expect(late.lost.aborted).toBe(false);
    await late.release();
  });

  /** The same lock with a wall clock that was set ahead: as after a pause of the whole machine. */
  async function acquireLate(lock: Awaited<ReturnType<typeof acquireLock>>) {
    const { now } = Date;
    const ahead = now() + 3_600_000;
    return {
      ...lock,
      lost: lock.lost,
      confirm() {
        Date.now = () => ahead;
        try {
          return lock.confirm();
        } finally {
          Date.now = now;
        }
      },
    };
  }
});

test('a lease that was removed by hand is waited for: its holder may live, and has to notice', async () => {
  await writeFile(join(directory, 'epoch'), '');
  const lock = await acquireLock(directory, { timing: SHORT });
  // Neither the lease nor the socket tells of it any more.
  for (const name of await readdir(directory)) if (name !== 'epoch') await unlink(join(directory, name));
  const second = acquireLock(directory, { timing: SHORT }).catch((error: Error) => error);
  const result = await second;
  // Either the first has written its lease again, or it has found out that it is no longer the holder.
  if (result instanceof Error) expect(lock.lost.aborted).toBe(false);
  else {
    expect(lock.lost.aborted).toBe(true);
    await result.release();
  }
  await lock.release();
});

describe.skipIf(process.platform === 'win32')('the socket of a holder', () => {
  test.each([
    ['removed', () => {}],
    ['replaced by a copy', (path: string) => fs.writeFileSync(path, '')],
  ])('is back at the next heartbeat when it was %s', async (_, replace) => {
    const lock = await acquireLock(directory, { timing: SHORT });
    for (let round = 0; round < 3; round++) {
      const before = await socketsOf(directory);
      // At once: no heartbeat comes between.
      for (const path of before.map((name) => join(directory, name))) {
        fs.unlinkSync(path);
        replace(path);
      }
      fs.unlinkSync(file());
      const areBack = async () => {
        const sockets = await socketsOf(directory);
        return sockets.length === 1 && sockets[0] !== before[0] && fs.existsSync(file());
      };
      await until('lease and socket', areBack, { timeout: 5000, interval: 5 });
      // Found at once, without the lease: its holder may be paused for hours.
      await expect(acquireLock(directory, { timing: LONG })).rejects.toThrow(JournalLockedError);
    }
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    expect(await readdir(directory)).toEqual(['lock']);
  });

  test('has a name that no other process gets: a late one would remove the file', async () => {
    const names = new Set<string>();
    for (let round = 0; round < 5; round++) {
      const lock = await acquireLock(directory, { timing: LONG });
      for (const name of await socketsOf(directory)) names.add(name);
      await lock.release();
    }
    expect(names.size).toBe(5);
  });

  test.runIf(LINUX)('is there for a directory of any length', async () => {
    for (let length = Math.max(70, directory.length + 2); length <= 110; length++) {
      const path = join(directory, 'x'.repeat(length - directory.length - 1));
      await mkdir(path);
      const lock = await acquireLock(path, { timing: LONG });
      expect(await socketsOf(path)).toHaveLength(1);
      await lock.release();
    }
  });
});

test('a process that finds the lease gone says after one wait that another one has taken it', async () => {
  await writeFile(join(directory, 'epoch'), '');
  const starting = acquireLock(directory, { timing: { heartbeat: 60_000, staleAfter: 1000 } });
  const refused = expect(starting).rejects.toThrow('in use by process 7 on elsewhere');
  const written = () =>
    readFile(file(), 'utf8').then(
      (text) => text.endsWith('\n'),
      () => false,
    );
  await until('its lease', written, { timeout: 5000, interval: 1 });
  await writeFile(file(), JSON.stringify({ token: 'other', ...elsewhere }));
  await refused;
  expect(JSON.parse(await readFile(file(), 'utf8')).token).toBe('other');
});

test('the lease of a process that waited because it was gone is fresh when it starts', async () => {
  await writeFile(join(directory, 'epoch'), '');
  const timing = { heartbeat: 60_000, staleAfter: 1000 };
  const lock = await acquireLock(directory, { timing });
  // On another kernel it is watched from its last touch on.
  expect(Date.now() - (await stat(file())).mtimeMs).toBeLessThan(timing.staleAfter);
  await lock.release();
});

test('a lease that was released is taken at once', async () => {
  await writeFile(join(directory, 'epoch'), '');
  await (await acquireLock(directory, { timing: SHORT })).release();
  await (await acquireLock(directory, { timing: LONG })).release();
});

test('a lease that was removed is written again', async () => {
  const lock = await acquireLock(directory, { timing: SHORT });
  await unlink(file());
  await until('the lease', async () => JSON.parse(await readFile(file(), 'utf8')).pid === process.pid, {
    timeout: 5000,
    interval: 5,
  });
  expect(lock.lost.aborted).toBe(false);
  await lock.release();
});
