import { chmod, link, readdir, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { codeOf } from './filesystem.ts';
import type { Permissions } from './permissions.ts';
import { type ShortPath, shortPath } from './short-path.ts';

/** What the socket part of the lock found. */
export type SocketLock =
  | HeldSocket
  /** A process of this kernel listens: it holds the lock, also while it is paused. */
  | { readonly state: 'busy' }
  /** The file system or the platform has no Unix sockets. */
  | { readonly state: 'unsupported' };

export interface HeldSocket {
  readonly state: 'held';
  /** The N of the socket's name. */
  readonly number: number;
  /** The sockets that nothing listened on. */
  readonly dead: ReadonlySet<number>;
  /** Recreates the socket file if it was removed: without it other processes cannot tell that this one is alive. */
  restore(): Promise<void>;
  release(): Promise<void>;
}

const NAME = /^lock\.(\d+)\.sock$/;
/** The name of a socket until it is linked to its own. */
const UNLINKED = 'lock.new.sock';
/** Two processes that start at the same moment may both give way; then both try again. */
const ATTEMPTS = 20;
const MAX_BACKOFF_MS = 30;

/**
 * Takes the lock of a directory among the processes of one kernel: the holder listens on a Unix socket in the directory.
 * The kernel closes the socket when the process ends, however it ends, and keeps it open while the process is paused. So
 * `connect` tells at once, and across containers, whether the holder lives.
 *
 * A socket file cannot be replaced atomically, so each holder binds a new name, `lock.N.sock` with the next N: `bind` fails
 * when the name exists, and a dead socket is never reused. A process that was paused between `bind` and `listen` looks
 * dead meanwhile. So after `listen` a process looks at all other sockets again and gives way to any that listens: of two
 * that overlap, the later one to look sees the other.
 */
export async function acquireSocketLock(directory: string, permissions: Permissions): Promise<SocketLock> {
  const short = await shortPath(directory);
  if (short === undefined) return { state: 'unsupported' };
  try {
    const result = await compete(directory, short, permissions);
    if (result.state !== 'held') await short.close();
    return result;
  } catch (error) {
    await short.close();
    throw error;
  }
}

async function compete(directory: string, short: ShortPath, permissions: Permissions): Promise<SocketLock> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await socketNumbers(directory);
    if ((await ask(short, known)).includes('listens')) return { state: 'busy' };
    const number = Math.max(0, ...known) + 1;
    const server = await listen(short.path(socketName(number)));
    if (server === 'unsupported') return { state: 'unsupported' };
    if (server === 'taken') continue;
    const others = (await socketNumbers(directory)).filter((other) => other !== number);
    const answers = await ask(short, others);
    if (!answers.includes('listens')) {
      await chmod(join(directory, socketName(number)), permissions.file).catch(() => {});
      // Older sockets are dead. A newer one may be about to listen: it will see this one and give way.
      const dead = new Set(others.filter((other, i) => other < number && answers[i] === 'dead'));
      for (const other of dead) await remove(directory, other);
      return hold(server, directory, short, permissions, { number, dead });
    }
    await close(server);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_BACKOFF_MS));
  }
  return { state: 'busy' };
}

function hold(
  first: Server,
  directory: string,
  short: ShortPath,
  permissions: Permissions,
  found: Pick<HeldSocket, 'number' | 'dead'>,
): HeldSocket {
  const name = socketName(found.number);
  let server = first;
  let restoring: Promise<void> | undefined;

  async function restore(): Promise<void> {
    if (await exists(join(directory, name))) return;
    await close(server);
    // Linked after `listen`: between `bind` and `listen` another process would find it dead.
    const unlinked = join(directory, UNLINKED);
    await unlink(unlinked).catch(() => {});
    const next = await listen(short.path(UNLINKED));
    if (typeof next === 'string') return;
    await chmod(unlinked, permissions.file).catch(() => {});
    server = next;
    await link(unlinked, join(directory, name)).catch(() => {});
    await unlink(unlinked).catch(() => {});
  }

  return {
    state: 'held',
    ...found,
    restore() {
      restoring ??= restore().finally(() => {
        restoring = undefined;
      });
      return restoring;
    },
    async release() {
      await restoring?.catch(() => {});
      await close(server);
      await remove(directory, found.number);
      await short.close();
    },
  };
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error) => codeOf(error) !== 'ENOENT',
  );
}

function socketName(number: number): string {
  return `lock.${number}.sock`;
}

async function socketNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
}

/** Of a socket that nothing is known of, the lease decides. */
type Answer = 'listens' | 'dead' | 'unknown';

function ask(short: ShortPath, numbers: readonly number[]): Promise<Answer[]> {
  return Promise.all(numbers.map((number) => askOne(short.path(socketName(number)))));
}

function askOne(path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('listens');
    });
    socket.once('error', (error) => {
      const code = codeOf(error);
      // The queue of connections is full: a process listens and does not accept, because it is paused.
      if (code === 'EAGAIN') resolve('listens');
      // Any other error tells of this process, or of the way to the socket: no right, no descriptor, no file.
      else resolve(code === 'ECONNREFUSED' ? 'dead' : 'unknown');
    });
  });
}

function listen(path: string): Promise<Server | 'taken' | 'unsupported'> {
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error) => resolve(codeOf(error) === 'EADDRINUSE' ? 'taken' : 'unsupported'));
    server.listen(path, () => {
      server.removeAllListeners('error');
      // A failed accept (out of file descriptors, for example) does not release the lock.
      server.on('error', () => {});
      server.unref();
      resolve(server);
    });
  });
}

/** Closes the server, which removes its file. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function remove(directory: string, number: number): Promise<void> {
  await unlink(join(directory, socketName(number))).catch(() => {});
}
