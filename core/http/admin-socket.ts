import { closeSync, constants, openSync } from 'node:fs';
import { chmod, lstat, mkdtemp, rename, rm, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Address, RunningServer } from './server.ts';

/** The longest path of a Unix socket, bytes: `sun_path` without its NUL. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** Where an instance serves its operations. @param state `journal.path` */
export function adminSocketOf(state: string): string {
  return join(state, 'admin.sock');
}

/** A path that is short enough for a socket; valid until the first `close`. */
export interface ShortPath {
  readonly path: string;
  close(): void;
}

/**
 * Shortens the path of a socket where it is too long: Linux reaches an opened directory by way of /proc.
 *
 * @throws Error when the directory does not exist, or the path is too long on a system without /proc
 */
export function shortenPath(path: string): ShortPath {
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST) return { path, close: () => {} };
  if (process.platform !== 'linux') {
    throw new Error(
      `${path} has ${bytes} bytes, and the path of a socket has at most ${LONGEST}: shorten journal.path`,
    );
  }
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(folder);
    isOpen = false;
  };
  return { path: `/proc/self/fd/${folder}/${basename(path)}`, close };
}

/**
 * Connects to a socket and hangs up.
 *
 * @returns `live`, or why not: `ENOENT` when it is not there, `ECONNREFUSED` when its process is gone, `EACCES` when it is
 *   another user's
 */
export async function probeSocket(path: string): Promise<string> {
  let short: ShortPath;
  try {
    short = shortenPath(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
  try {
    return await new Promise((resolve) => {
      const socket = connect(short.path, () => {
        socket.destroy();
        resolve('live');
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    short.close();
  }
}

/**
 * Serves at a Unix socket that only the user of this process can open. It is made in a private directory and then moved
 * to its path: a socket is made with the permissions of the umask, which belongs to the whole process.
 *
 * @param start starts the server at the path it is given
 * @param replace whether this process holds the lock of the directory: a socket that is there is not in use by right
 * @returns the server; its stop removes the socket
 * @throws Error when another process serves it, or the file system has no sockets
 */
export async function serveSocket(
  path: string,
  start: (at: Address) => Promise<RunningServer>,
  replace: boolean,
): Promise<RunningServer> {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isSocket()) throw new Error(`${path} is not a socket: remove it`);
  if (found !== undefined && !replace && (await probeSocket(path)) === 'live')
    throw new Error(`${path} is in use: another process serves it`);
  const hidden = await mkdtemp(join(dirname(path), '.admin-'));
  let server: RunningServer | undefined;
  try {
    const made = join(hidden, 'admin.sock.new');
    const short = shortenPath(made);
    try {
      server = await start({ path: short.path });
    } finally {
      short.close();
    }
    await chmod(made, 0o600);
    await rename(made, path);
    const { ino } = await lstat(path);
    return owning(server, path, ino);
  } catch (error) {
    await server?.stop(AbortSignal.abort());
    throw error;
  } finally {
    await rm(hidden, { recursive: true, force: true });
  }
}

/** The server at its path. A stop removes the socket, unless another process has replaced it. */
function owning(server: RunningServer, path: string, ino: number): RunningServer {
  return {
    ...server,
    url: path,
    async stop(signal) {
      const now = await lstat(path).catch(() => undefined);
      if (now?.ino === ino) await unlink(path).catch(() => {});
      await server.stop(signal);
    },
  };
}
