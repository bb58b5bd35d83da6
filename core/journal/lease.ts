import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Permissions } from './permissions.ts';

/** Milliseconds; tests make them small. */
export interface LockTiming {
  /** The holder touches its lease this often. */
  readonly heartbeat: number;
  /** A lease that was not touched for this long is stale. */
  readonly staleAfter: number;
}

/** The content of the file after a clean end. */
export const RELEASED = '{"released":true}\n';

/** What a lease says of the process that holds it. */
export interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** This boot of this kernel; undefined where the system does not say. */
  readonly kernel?: string | undefined;
  /** The number of the socket in the directory that it listens on. */
  readonly socket?: number | undefined;
}

/** Writes the lease of a holder. @returns false when there is a lease */
export async function createLease(
  path: string,
  holder: Holder,
  { file: mode, isShared }: Permissions,
): Promise<boolean> {
  const text = `${JSON.stringify(holder)}\n`;
  try {
    const file = await open(path, 'wx', mode);
    try {
      if (isShared) await file.chmod(mode).catch(() => {});
      await file.writeFile(text);
    } catch {
      // A full disk must not stop the process that could empty it: the reserve is for that.
      await unlink(join(dirname(path), 'reserve')).catch(() => {});
      await file.truncate(0);
      await file.write(text, 0);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export interface Lease {
  readonly text: string;
  /** When it was last touched, epoch milliseconds by the clock of the file system. */
  readonly touchedAt: number;
  /** Undefined while the holder writes it, or when it died then. */
  readonly holder: Holder | undefined;
}

/** Undefined when there is no lease. @throws the system's error when it cannot be read: no file descriptors, for example */
export async function readLease(path: string): Promise<Lease | undefined> {
  // Opened, because a network file system answers a plain stat from its cache.
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { mtimeMs: touchedAt } = await file.stat();
    const text = await file.readFile('utf8');
    return { text, touchedAt, holder: parseHolder(text) };
  } finally {
    await file.close();
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

/** Watches a lease: a live holder touches it. */
export async function isAlive(
  path: string,
  lease: Lease,
  { heartbeat, staleAfter }: LockTiming,
): Promise<boolean> {
  const began = performance.now();
  while (performance.now() - began < staleAfter) {
    await new Promise((resolve) => setTimeout(resolve, heartbeat / 4));
    const now = await readLease(path);
    if (now === undefined) return false;
    if (now.touchedAt !== lease.touchedAt || now.text !== lease.text) return true;
  }
  return false;
}

/** Removes a stale lease and no other: meanwhile its holder may have touched it, or another process taken it over. */
export async function removeStaleLease(path: string, stale: Lease, token: string): Promise<void> {
  const aside = `${path}.${token}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readLease(aside);
  if (moved?.text === stale.text && moved.touchedAt === stale.touchedAt) await unlink(aside);
  else await rename(aside, path);
}
