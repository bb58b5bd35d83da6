import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Paths into a directory that are short enough for a Unix socket. */
export interface ShortPath {
  path(name: string): string;
  /** Call it after every socket of the directory is closed. */
  close(): Promise<void>;
}

/** Bytes of `sun_path` (unix(7)) on the platform with the fewest, less the zero at its end. */
const MAX_SOCKET_PATH = 103;
/** At least the longest name of a socket that is used here: `lock.0123456789ab.sock`. */
const MAX_NAME = 24;

/**
 * Gives paths for Unix sockets in a directory. The kernel takes about 100 bytes; on Linux a longer directory is reached through
 * its descriptor in /proc.
 *
 * @returns undefined where no such path exists: Windows, and long paths on other systems
 */
export async function shortPath(directory: string): Promise<ShortPath | undefined> {
  if (process.platform === 'win32') return undefined;
  if (Buffer.byteLength(directory) + 1 + MAX_NAME <= MAX_SOCKET_PATH)
    return { path: (name) => join(directory, name), close: async () => {} };
  if (process.platform !== 'linux') return undefined;
  const handle = await open(directory, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  return { path: (name) => `/proc/self/fd/${handle.fd}/${name}`, close: () => handle.close() };
}
