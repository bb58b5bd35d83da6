import { constants } from 'node:fs';
import { access, readdir, readFile, realpath, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/schema/config.ts';
import { formatSize } from '../../config/schema/size.ts';
import { codeOf, nodeFileSystem } from '../../journal/files/filesystem.ts';
import { foreignOwner } from '../../journal/files/owner.ts';
import { type Lease, RELEASED, readLease } from '../../journal/lock/lease.ts';
import { isUnfinished, readHeader } from '../../journal/recovery/headers.ts';
import { readEpoch } from '../../journal/segments/epoch.ts';
import { segmentNumbers } from '../../journal/segments/segment.ts';
import type { Finding } from '../../sdk/contract/output.ts';
import { roughDuration, roughSize } from './size.ts';

/** A lease that was touched within this time belongs to a process that lives, milliseconds. */
const LIVE = 5_000;
/** A segment from the future by more than this: the clock was set back. Milliseconds. */
const FUTURE = 60_000;
const FEW_INODES = 1_000;

/** File systems on which events do not last, or not alone. */
const FILE_SYSTEMS: Readonly<Record<string, string>> = {
  tmpfs: 'is in memory: events do not survive a restart of the machine; set journal.path to a disk',
  ramfs: 'is in memory: events do not survive a restart of the machine; set journal.path to a disk',
  overlay: 'belongs to a container: events are lost with the container; mount a volume',
  nfs: 'is on a network: events are as durable as its server makes them',
  nfs4: 'is on a network: events are as durable as its server makes them',
  cifs: 'is on a network: events are as durable as its server makes them',
  smb3: 'is on a network: events are as durable as its server makes them',
};

type Settings = Pick<Config, 'journal' | 'dead_letters'>;

/**
 * Looks at what is kept below `journal.path`: directories, owner, file system, free space, and the headers of the segments.
 * Changes nothing.
 *
 * @param options.isHeld an instance that answers has the journal
 * @param options.now epoch milliseconds
 */
export async function* checkStorage(
  { journal, dead_letters }: Settings,
  { isHeld, now }: { readonly isHeld: boolean; readonly now: number },
): AsyncGenerator<Finding> {
  const { type, path } = journal;
  if (type === 'memory') {
    const line = 'journal.type is memory: events do not survive a restart';
    yield { status: 'warning', what: 'journal', line };
    return;
  }
  const nearest = yield* checkDirectory(path, isHeld);
  if (nearest === undefined) return;
  if (nearest === path) {
    yield* checkHolder(path, isHeld, now);
    yield* checkOutputs(join(path, 'outputs'));
  }
  const stores = [
    { name: 'journal', maxBytes: journal.max_size },
    { name: 'dead-letters', maxBytes: dead_letters.max_size },
  ];
  let room = 0;
  for (const { name, maxBytes } of stores) {
    const used = nearest === path ? yield* checkStore(join(path, name), name, maxBytes, now) : 0;
    room += Math.max(0, maxBytes - used);
  }
  yield* checkSpace(nearest, room, journal.segment_size);
}

/** @returns the directory, or the nearest one above it, when it can be used */
async function* checkDirectory(path: string, isHeld: boolean): AsyncGenerator<Finding, string | undefined> {
  const what = 'directory';
  const fail = (line: string): Finding => ({ status: 'failed', what, line });
  let nearest = path;
  for (;;) {
    try {
      if ((await stat(nearest)).isDirectory()) break;
      yield fail(
        nearest === path
          ? `${path} is a file: set journal.path to a directory`
          : `${path} cannot be made: ${nearest} is a file; set journal.path to another place`,
      );
      return undefined;
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error)) || nearest === dirname(nearest)) {
        yield fail(await describeDenial(nearest, error));
        return undefined;
      }
      nearest = dirname(nearest);
    }
  }
  try {
    await access(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = await describeDenial(nearest, error);
    yield fail(nearest === path ? reason : `${path} cannot be made: ${reason}`);
    return undefined;
  }
  const foreign = await foreignOwner(nearest);
  const state = nearest === path ? `${path} can be written to` : `${path} will be made in ${nearest}`;
  // What root may do says nothing about the user of the instance; one that runs there shows it.
  if (foreign !== undefined && process.geteuid?.() === 0 && nearest === path && !isHeld) {
    const line = `${foreign.sentence}: run doctor as the user of the instance, for example sudo -u '#${foreign.user}' tiercel doctor`;
    yield { status: 'not_checked', what, line };
  } else yield { status: 'ok', what, line: state };
  return nearest;
}

async function describeDenial(path: string, error: unknown): Promise<string> {
  if (codeOf(error) === 'EROFS') return `${path} is on a file system that is mounted read-only`;
  if (!['EACCES', 'EPERM'].includes(codeOf(error))) return `${path}: ${(error as Error).message}`;
  const foreign = await foreignOwner(path);
  return foreign === undefined
    ? `${path} cannot be written to: check its permissions`
    : `${path} cannot be written to: ${foreign.sentence}; run doctor as the user of the instance, or change the owner`;
}

/** Who has the lock of the journal, where no instance answers. */
async function* checkHolder(path: string, isHeld: boolean, now: number): AsyncGenerator<Finding> {
  if (isHeld) return;
  let lease: Lease | undefined;
  try {
    lease = await readLease(join(path, 'journal', 'lock'));
  } catch {
    // Where it cannot be read, the check of the journal reports it.
    return;
  }
  if (lease?.holder === undefined || lease.text === RELEASED || now - lease.touchedAt > LIVE) return;
  const { pid, host } = lease.holder;
  const line = `process ${pid} on ${host} writes the journal, and does not answer at ${join(path, 'admin.sock')}: what it does cannot be asked`;
  yield { status: 'not_checked', what: 'lock', line };
}

/** Where outputs keep their state; reported only where it cannot be used. */
async function* checkOutputs(directory: string): AsyncGenerator<Finding> {
  try {
    if ((await stat(directory)).isDirectory()) await access(directory, constants.W_OK | constants.X_OK);
    else throw Object.assign(new Error(), { code: 'ENOTDIR' });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    const line =
      codeOf(error) === 'ENOTDIR'
        ? `${directory} is a file: remove it`
        : await describeDenial(directory, error);
    yield { status: 'failed', what: 'state of outputs', line };
  }
}

/** Reads the headers of one store. @returns the bytes that its segments take */
async function* checkStore(
  directory: string,
  name: string,
  maxBytes: number,
  now: number,
): AsyncGenerator<Finding, number> {
  const what = name === 'journal' ? 'journal' : 'dead letters';
  let numbers: readonly number[];
  try {
    numbers = await segmentNumbers(nodeFileSystem, directory);
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      yield { status: 'ok', what, line: `none yet; at most ${formatSize(maxBytes)}` };
      return 0;
    }
    const reason =
      codeOf(error) === 'ENOTDIR'
        ? `${directory} is a file: remove it`
        : await describeDenial(directory, error);
    yield { status: 'failed', what, line: reason };
    return 0;
  }
  let used = 0;
  let damaged = 0;
  let newest = 0;
  try {
    if ((await readEpoch(nodeFileSystem, directory)) === 'damaged') damaged++;
    for (const number of numbers) {
      // A segment may be settled and removed at any time.
      const found = await readHeader(nodeFileSystem, directory, number).catch((error) => {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (found === undefined) continue;
      used += found.size;
      newest = Math.max(newest, found.header?.createdAt ?? 0);
      if (found.isDamaged && !(number === numbers.at(-1) && isUnfinished(found))) damaged++;
    }
  } catch (error) {
    // Of a later release, or unreadable: the message says what to do.
    yield { status: 'failed', what, line: (error as Error).message };
    return used;
  }
  const size = `${roughSize(used)} of ${formatSize(maxBytes)} in ${numbers.length} segment${numbers.length === 1 ? '' : 's'}`;
  if (damaged > 0) {
    const line = `${size}; ${damaged} damaged file header${damaged === 1 ? '' : 's'}: tiercel journal check tells what is lost; check the disk`;
    yield { status: 'failed', what, line };
  } else yield { status: 'ok', what, line: size };
  const aside = await readdir(join(directory, 'corrupt')).catch(() => []);
  if (aside.length > 0) {
    const line = `${aside.length} damaged file${aside.length === 1 ? '' : 's'} in ${join(directory, 'corrupt')}: tiercel journal salvage prints the intact events; delete the folder when you no longer need it`;
    yield { status: 'warning', what, line };
  }
  if (newest > now + FUTURE) {
    const line = `the newest segment was begun ${roughDuration(newest - now)} from now: the clock of this machine was set back`;
    yield { status: 'warning', what: 'clock', line };
  }
  return used;
}

/** @param room bytes that may still be taken; a segment is the least that must be free */
async function* checkSpace(path: string, room: number, segment: number): AsyncGenerator<Finding> {
  const what = 'disk space';
  const mount = await mountOf(path);
  const where = mount === undefined ? path : `${mount.point} (${mount.type})`;
  const warning = FILE_SYSTEMS[mount?.type ?? ''];
  if (warning !== undefined) yield { status: 'warning', what: 'file system', line: `${where} ${warning}` };
  let free: number;
  let inodes: number;
  try {
    const { bavail, bsize, files, ffree } = await statfs(path);
    free = bavail * bsize;
    // Some file systems have no such limit.
    inodes = files === 0 ? Number.POSITIVE_INFINITY : ffree;
  } catch (error) {
    yield {
      status: 'not_checked',
      what,
      line: `the free space of ${where} cannot be read: ${(error as Error).message}`,
    };
    return;
  }
  const line = `${roughSize(free)} free on ${where}`;
  const need = `journal and dead letters may take ${roughSize(room)} more`;
  if (free < segment)
    yield {
      status: 'failed',
      what,
      line: `${line}, less than one segment (${formatSize(segment)}): make room`,
    };
  else if (free < room)
    yield {
      status: 'warning',
      what,
      line: `${line}, and ${need}: the disk may fill up first; make room, or lower journal.max_size and dead_letters.max_size`,
    };
  else yield { status: 'ok', what, line: `${line}; ${need}` };
  if (inodes < FEW_INODES)
    yield {
      status: inodes === 0 ? 'failed' : 'warning',
      what,
      line: `${inodes} inodes free on ${where}: remove files`,
    };
}

/** The mount point and the type of the file system that holds a path; undefined where the system does not say. */
async function mountOf(path: string): Promise<{ readonly point: string; readonly type: string } | undefined> {
  try {
    const real = await realpath(path);
    const text = await readFile('/proc/self/mountinfo', 'utf8');
    let found: { point: string; type: string } | undefined;
    for (const line of text.split('\n')) {
      const [before = '', after = ''] = line.split(' - ');
      const point = (before.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      );
      const [type = ''] = after.split(' ');
      const isAbove = point === real || real.startsWith(point === '/' ? '/' : `${point}/`);
      // Of two at one point the later one is on top.
      if (point !== '' && isAbove && point.length >= (found?.point.length ?? 0)) found = { point, type };
    }
    return found;
  } catch {
    return undefined;
  }
}
