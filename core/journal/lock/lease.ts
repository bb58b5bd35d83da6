import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../files/filesystem.ts';
import type { Permissions } from '../files/permissions.ts';

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
  /** The socket in the directory that it listened on first; a number in leases of earlier versions. */
  readonly socket?: string | number | undefined;
}

export interface Lease {
  readonly text: string;
  /** When it was last touched, epoch milliseconds by the clock of the file system. */
  readonly touchedAt: number;
  /** Undefined after a clean end, while the holder writes it, or when it died then. */
  readonly holder: Holder | undefined;
}

/**
 * How long a holder trusts its lease after it has read it, milliseconds. A process that writes a lease in the place of one
 * waits as long before it claims the lock: then the holder has seen the new lease, or has to look.
 */
export const trustOf = ({ staleAfter }: LockTiming) => staleAfter / 2;

/** Writes the lease of a holder. @returns false when there is a lease */
export async function createLease(
  path: string,
  holder: Holder,
  { file: mode, isShared }: Permissions,
): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    if (isShared) await file.chmod(mode).catch(() => {});
    await file.writeFile(`${JSON.stringify(holder)}\n`);
    return true;
  } catch (error) {
    // Its own holder would take a lease that names nobody for the one of another process.
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}

/** Undefined when there is no lease. @throws the system's error when it cannot be read: no file descriptors, for example */
export function readLease(path: string): Promise<Lease | undefined> {
  return withLease(path, 'r', async () => {});
}

/** Reads it and, when it has this token, touches it. */
export function touchLease(path: string, token: string): Promise<Lease | undefined> {
  return withLease(path, 'r+', async (file, { holder }) => {
    const now = new Date();
    if (holder?.token === token) await file.utimes(now, now);
  });
}

/** Marks a clean end in the lease when it has this token. */
export function releaseLease(path: string, token: string): Promise<Lease | undefined> {
  return withLease(path, 'r+', async (file, { holder }) => {
    if (holder?.token !== token) return;
    // The mark is shorter than any lease: it needs no space.
    await file.write(RELEASED, 0);
    await file.truncate(RELEASED.length);
  });
}

/**
 * Reads a lease and does something to the file that was read: another process may have put its own in the place of it.
 *
 * @returns the lease as it was read; undefined when there is none
 */
async function withLease(
  path: string,
  flags: 'r' | 'r+',
  act: (file: FileHandle, lease: Lease) => Promise<void>,
): Promise<Lease | undefined> {
  // Opened, because a network file system answers a plain stat from its cache.
  const file = await open(path, flags).catch((error) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { mtimeMs: touchedAt } = await file.stat();
    const text = await file.readFile('utf8');
    const lease = { text, touchedAt, holder: parseHolder(text) };
    await act(file, lease);
    return lease;
  } finally {
    await file.close();
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder | null;
    return typeof holder?.token === 'string' ? holder : undefined;
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
    await sleep(heartbeat / 4);
    const now = await readLease(path);
    if (now === undefined) return false;
    if (now.touchedAt !== lease.touchedAt || now.text !== lease.text) return true;
  }
  return false;
}

/**
 * Removes a lease and no other: meanwhile its holder may have touched it, or another process taken it over.
 *
 * @returns whether it was this process that has removed it
 */
export async function removeLease(path: string, stale: Lease, token: string): Promise<boolean> {
  const aside = `${path}.${token}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  const moved = await readLease(aside).catch(() => undefined);
  const isIt = moved?.text === stale.text && moved.touchedAt === stale.touchedAt;
  // Given back, but not over what a third process has written. Where that fails, its holder writes it again.
  if (!isIt) await link(aside, path).catch(() => {});
  await unlink(aside).catch(() => {});
  return isIt;
}
