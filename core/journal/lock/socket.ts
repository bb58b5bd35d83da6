import { randomBytes } from 'node:crypto';
import { chmod, open, readdir, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { codeOf } from '../files/filesystem.ts';
import type { Permissions } from '../files/permissions.ts';

/** What the socket part of the lock found. */
export type SocketLock =
  | HeldSocket
  /** A process of this kernel listens: it holds the lock, also while it is paused. */
  | { readonly state: 'busy' }
  /** The file system or the platform has no Unix sockets. */
  | { readonly state: 'unsupported' };

export interface HeldSocket {
  readonly state: 'held';
  /** Which socket it is: its name, device and inode. Undefined when it was removed at once. */
  readonly id: string | undefined;
  /** The ids of the sockets that nothing listens on. */
  readonly dead: ReadonlySet<string>;
  /** Removes them. */
  removeDead(): Promise<void>;
  /** Listens on a new socket if its own was removed or replaced: without it other processes cannot tell that this one is alive. */
  restore(): Promise<void>;
  release(): Promise<void>;
}

/** Earlier versions used numbers. */
const NAME = /^lock\.[0-9a-f]+\.sock$/;
const ID_BYTES = 6;
/** Two processes that start at the same moment may both give way; then both try again. */
const ATTEMPTS = 20;
const MAX_BACKOFF_MS = 30;
/** Bytes of `sun_path` (unix(7)) on the platform with the fewest, less the zero at its end. */
const MAX_SOCKET_PATH = 103;
/** At least the longest name of a socket: `lock.0123456789ab.sock`. */
const MAX_NAME = 24;

/**
 * Takes the lock of a directory among the processes of one kernel: the holder listens on a Unix socket in the directory.
 * The kernel closes the socket when the process ends, however it ends, and keeps it open while the process is paused. So
 * `connect` tells at once, and across containers, whether the holder lives.
 *
 * A socket file cannot be replaced atomically, so each process binds a random name, `lock.ID.sock`, which no other one has
 * or gets. A process that was paused between `bind` and `listen` looks dead meanwhile. So after `listen` a process looks
 * at all other sockets again and gives way to any that listens: of two that overlap, the later one to look sees the other.
 */
export async function acquireSocketLock(directory: string, permissions: Permissions): Promise<SocketLock> {
  const short = await shortPath(directory);
  if (short === undefined) return { state: 'unsupported' };
  try {
    const result = await compete({ directory, short, permissions });
    if (result.state !== 'held') await short.close();
    return result;
  } catch (error) {
    await short.close();
    throw error;
  }
}

/** Paths into a directory that are short enough for a Unix socket. */
interface ShortPath {
  path(name: string): string;
  /** Call it after every socket of the directory is closed. */
  close(): Promise<void>;
}

interface Place {
  readonly directory: string;
  readonly short: ShortPath;
  readonly permissions: Permissions;
}

/** A socket that this process listens on. */
interface Own {
  readonly name: string;
  readonly server: Server;
}

async function compete(place: Place): Promise<SocketLock> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if ((await look(place)).some(({ answer }) => answer === 'listens')) return { state: 'busy' };
    const own = await listenIn(place);
    if (own === undefined) return { state: 'unsupported' };
    const seen = await look(place);
    const others = seen.filter(({ name }) => name !== own.name);
    const isAlone = !others.some(({ answer }) => answer === 'listens');
    // Nothing can connect to its own, though it listens: sockets say nothing here.
    const isDeaf = seen.some(({ name, answer }) => name === own.name && answer === 'dead');
    // One that is about to listen looks dead. It will see this one and give way.
    if (isAlone && !isDeaf)
      return hold(
        place,
        own,
        await idOf(place, own.name),
        others.filter(({ answer }) => answer === 'dead'),
      );
    await close(place, own);
    if (isAlone) return { state: 'unsupported' };
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_BACKOFF_MS));
  }
  return { state: 'busy' };
}

function hold(place: Place, first: Own, id: string | undefined, dead: readonly Other[]): HeldSocket {
  let own = first;
  let restoring: Promise<void> | undefined;

  async function restore(): Promise<void> {
    const answer = await ask(place.short.path(own.name));
    if (answer === 'listens' || answer === 'unknown') return;
    const next = await listenIn(place);
    if (next === undefined) return;
    const before = own;
    own = next;
    await close(place, before);
  }

  return {
    state: 'held',
    id,
    dead: new Set(dead.flatMap((other) => other.id ?? [])),
    async removeDead() {
      for (const { name } of dead) await remove(place, name);
    },
    restore() {
      restoring ??= restore().finally(() => {
        restoring = undefined;
      });
      return restoring;
    },
    async release() {
      await restoring?.catch(() => {});
      await close(place, own);
      await place.short.close();
    },
  };
}

/**
 * A copy of a socket file has another inode. A second mount of a network volume has another device number: there nothing
 * listens on a socket that is alive on the first.
 */
function idOf({ directory }: Place, name: string): Promise<string | undefined> {
  return stat(join(directory, name), { bigint: true }).then(
    ({ dev, ino }) => `${name} ${dev}:${ino}`,
    () => undefined,
  );
}

interface Other {
  readonly name: string;
  readonly id: string | undefined;
  readonly answer: Answer;
}

async function look(place: Place): Promise<Other[]> {
  const names = (await readdir(place.directory)).filter((name) => NAME.test(name));
  return Promise.all(
    names.map(async (name) => {
      const id = await idOf(place, name);
      return { name, id, answer: await ask(place.short.path(name)) };
    }),
  );
}

/** Of a socket that nothing is known of, and of one that is gone, the lease decides. */
type Answer = 'listens' | 'dead' | 'gone' | 'unknown';

function ask(path: string): Promise<Answer> {
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
      else if (code === 'ECONNREFUSED') resolve('dead');
      // Any other error tells of this process, or of the way to the socket: no right, no descriptor.
      else resolve(code === 'ENOENT' ? 'gone' : 'unknown');
    });
  });
}

/** Listens on a new socket; undefined where there are none. */
async function listenIn({ directory, short, permissions }: Place): Promise<Own | undefined> {
  const name = `lock.${randomBytes(ID_BYTES).toString('hex')}.sock`;
  const server = await listen(short.path(name));
  if (server === undefined) return undefined;
  await chmod(join(directory, name), permissions.file).catch(() => {});
  return { name, server };
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', () => resolve(undefined));
    server.listen(path, () => {
      server.removeAllListeners('error');
      // A failed accept (out of file descriptors, for example) does not release the lock.
      server.on('error', () => {});
      server.unref();
      resolve(server);
    });
  });
}

async function close(place: Place, { name, server }: Own): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
  await remove(place, name);
}

async function remove({ directory }: Place, name: string): Promise<void> {
  await unlink(join(directory, name)).catch(() => {});
}

/**
 * Gives paths for Unix sockets in a directory. The kernel accepts about 100 bytes; on Linux a longer directory is reached through
 * its descriptor in /proc.
 *
 * @returns undefined where no such path exists: Windows, and long paths on other systems
 */
async function shortPath(directory: string): Promise<ShortPath | undefined> {
  if (process.platform === 'win32') return undefined;
  if (Buffer.byteLength(directory) + 1 + MAX_NAME <= MAX_SOCKET_PATH)
    return { path: (name) => join(directory, name), close: async () => {} };
  if (process.platform !== 'linux') return undefined;
  const handle = await open(directory, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  return { path: (name) => `/proc/self/fd/${handle.fd}/${name}`, close: () => handle.close() };
}
