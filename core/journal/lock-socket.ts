import { readdir, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { codeOf } from './filesystem.ts';
import { type ShortPath, shortPath } from './short-path.ts';

/** What the socket part of the lock found. */
export type SocketLock =
  | { readonly state: 'held'; release(): Promise<void> }
  /** A process of this kernel listens: it holds the lock, also while it is paused. */
  | { readonly state: 'busy' }
  /** The file system or the platform has no Unix sockets. */
  | { readonly state: 'unsupported' };

const NAME = /^lock\.(\d+)\.sock$/;
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
export async function acquireSocketLock(directory: string): Promise<SocketLock> {
  const short = await shortPath(directory);
  if (short === undefined) return { state: 'unsupported' };
  try {
    const result = await compete(directory, short);
    if (result.state !== 'held') await short.close();
    return result;
  } catch (error) {
    await short.close();
    throw error;
  }
}

async function compete(directory: string, short: ShortPath): Promise<SocketLock> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await socketNumbers(directory);
    if (await anyListens(short, known)) return { state: 'busy' };
    const number = Math.max(0, ...known) + 1;
    const server = await listen(short.path(socketName(number)));
    if (server === 'unsupported') return { state: 'unsupported' };
    if (server === 'taken') continue;
    const others = (await socketNumbers(directory)).filter((other) => other !== number);
    if (!(await anyListens(short, others))) {
      // Older sockets are dead. A newer one may be about to listen: it will see this one and give way.
      for (const other of others) if (other < number) await remove(directory, other);
      return { state: 'held', release: () => close(server).then(short.close) };
    }
    await close(server);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_BACKOFF_MS));
  }
  return { state: 'busy' };
}

function socketName(number: number): string {
  return `lock.${number}.sock`;
}

async function socketNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
}

async function anyListens(short: ShortPath, numbers: readonly number[]): Promise<boolean> {
  const answers = await Promise.all(numbers.map((number) => listens(short.path(socketName(number)))));
  return answers.includes(true);
}

/** Does a process listen on this socket? A full queue of connections (EAGAIN) and a socket of another user count as yes. */
function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(['EAGAIN', 'EACCES', 'EPERM'].includes(codeOf(error))));
  });
}

function listen(path: string): Promise<Server | 'taken' | 'unsupported'> {
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error) => resolve(codeOf(error) === 'EADDRINUSE' ? 'taken' : 'unsupported'));
    server.listen(path, () => {
      server.removeAllListeners('error');
      // A failing accept, for want of file descriptors for example, does not end the lock.
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
