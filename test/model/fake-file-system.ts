import { basename, dirname } from 'node:path';
import type { File, FileSystem } from '../../core/journal/files/filesystem.ts';

/** What the next calls run into. */
export interface Faults {
  /** Bytes all files together may have; a write beyond it is short, then fails with ENOSPC. */
  capacity: number;
  /** So many next syncs of files fail with EIO, and what they were to sync is lost from the cache. */
  failSyncs: number;
  /** So many next reads fail with EIO, and then work again. */
  failReads: number;
  /** The error with which files of these paths cannot be opened, as EMFILE or EROFS. */
  failOpens: { readonly path: RegExp; readonly code: string } | undefined;
  /** So many next writes do only half of what was asked. */
  shortWrites: number;
  /** The machine dies at the so many-th call that changes anything (1: the next one), or only the process does. */
  crashIn: number;
  killIn: number;
  /** A snapshot is taken before the so many-th call that changes anything: {@link FakeMachine.onSnapshot}. */
  snapshotIn: number;
}

/** The machine, or the process, has died: every call fails from now on. */
export class Crashed extends Error {
  override readonly name = 'Crashed';
}

interface Write {
  readonly position: number;
  readonly data: Uint8Array;
}

/** A file's content as it stands in the cache, as it is on the platter, and the writes between the two. */
interface Inode {
  cached: Uint8Array;
  stable: Uint8Array;
  unsynced: (Write | { readonly truncate: number })[];
  /** Where it cannot be read any more. */
  bad?: { readonly from: number; readonly to: number }[];
}

/**
 * A file system in memory that breaks as real ones do. At {@link crash} an arbitrary subset of what was not synced
 * is lost: of the writes in pages and in any order, of the names in a directory too.
 */
export interface FakeMachine {
  readonly faults: Faults;
  /** The file system as a process sees that is started now; dead after the next crash. */
  mount(): FileSystem;
  /** What has died, if something has. */
  down(): false | 'machine' | 'process';
  /** The machine comes up again; `random` (0 to 1) decides what of the unsynced survived. */
  crash(random: () => number): void;
  /** Only the process ends: all that it wrote is still in the cache, and what is wrong with the machine stays so. */
  kill(): void;
  /** The content of a file; changing it is bit rot. */
  content(path: string): Uint8Array;
  paths(): string[];
  directories(): string[];
  /** Files that were removed, though a crash might bring them back. */
  lost(): string[];
  /** Bytes all files have together. */
  used(): number;
  /** These bytes of a file cannot be read any more: a bad sector. */
  spoil(path: string, offset: number, length: number): void;
  /** The files as another process sees them now, as a machine of its own: what `cp -a` of a running directory gives. */
  copyMachine(): FakeMachine;
  /** Called when {@link Faults.snapshotIn} has come. */
  onSnapshot: () => void;
  /** The files of another machine take the place of these, durably; processes that run here end. */
  restore(from: FakeMachine): void;
  /** What an administrator might do, durably. */
  truncate(path: string, size: number): void;
  unlink(path: string): void;
  copy(from: string, to: string): void;
  put(path: string, content: Uint8Array): void;
  crashes(): number;
  /** How often a process synced a file after a sync of it had failed: must stay 0. */
  syncsAfterFailure(): number;
  /** Syncs that failed. */
  failedSyncs(): number;
  syncs(): number;
}

const PAGE = 64;

/** @param from its files, and all that is known to be wrong with the machine, are the new one's */
export function createFakeMachine(from?: FakeMachine): FakeMachine {
  const faults: Faults = {
    capacity: Number.POSITIVE_INFINITY,
    failSyncs: 0,
    failReads: 0,
    failOpens: undefined,
    shortWrites: 0,
    crashIn: Number.POSITIVE_INFINITY,
    killIn: Number.POSITIVE_INFINITY,
    snapshotIn: Number.POSITIVE_INFINITY,
  };
  /** Names as everybody sees them, and as they are on the platter. */
  let names = new Map<string, Inode>();
  let stableNames = new Map<string, Inode>();
  /** Directories as everybody sees them, and as they are on the platter; the root is always there. */
  let directories = new Set<string>(['/']);
  let stableDirectories = new Set<string>(['/']);
  /** Files of which a sync has failed, and in which life. */
  const failed = new WeakMap<Inode, number>();
  let again = 0;
  let failures = 0;
  let crashes = 0;
  let syncs = 0;
  let dead: false | 'machine' | 'process' = false;
  /** Files opened before a crash stay dead after it. */
  let life = 0;

  function assertAlive(born: number): void {
    if (dead || born !== life) throw new Crashed('the machine is down');
  }

  /** Called before anything changes. */
  function tick(born: number): void {
    assertAlive(born);
    if (--faults.snapshotIn === 0) machine.onSnapshot();
    faults.crashIn--;
    faults.killIn--;
    if (faults.crashIn > 0 && faults.killIn > 0) return;
    dead = faults.crashIn > 0 ? 'process' : 'machine';
    throw new Crashed('the machine went down');
  }

  function find(path: string): Inode {
    const inode = names.get(path);
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }

  const total = () => [...names.values()].reduce((sum, { cached }) => sum + cached.length, 0);

  /** As O_DSYNC: it may fail in the middle of a write, or after it. */
  function stableFileOf(file: File): File {
    return {
      ...file,
      async write(data, position) {
        const count = await file.write(data, position);
        await file.sync();
        return count;
      },
    };
  }

  function fileOf(inode: Inode, path: string, born: number): File {
    return {
      async size() {
        assertAlive(born);
        return inode.cached.length;
      },
      async read(target, position) {
        assertAlive(born);
        if (faults.failReads > 0) {
          faults.failReads--;
          throw systemError('EIO', path);
        }
        const part = inode.cached.subarray(position, position + target.length);
        if (inode.bad?.some(({ from, to }) => from < position + part.length && to > position))
          throw systemError('EIO', path);
        target.set(part);
        return part.length;
      },
      async write(data, position) {
        tick(born);
        const growth = Math.max(position + data.length - inode.cached.length, 0);
        const room = Math.max(faults.capacity - total(), 0);
        let count = data.length;
        if (growth > room) count = Math.max(data.length - (growth - room), 0);
        if (count === 0 && data.length > 0) throw systemError('ENOSPC', path);
        if (faults.shortWrites > 0 && count > 1) {
          faults.shortWrites--;
          count >>= 1;
        }
        const write = { position, data: data.slice(0, count) };
        inode.cached = applied(inode.cached, write);
        inode.unsynced.push(write);
        return count;
      },
      async truncate(size) {
        tick(born);
        inode.cached = inode.cached.slice(0, size);
        inode.unsynced.push({ truncate: size });
      },
      async sync() {
        tick(born);
        syncs++;
        if (failed.get(inode) === life) again++;
        if (faults.failSyncs > 0) {
          faults.failSyncs--;
          failures++;
          failed.set(inode, life);
          // As Linux does: the pages are marked clean, the next sync would call it a success.
          inode.unsynced = [];
          throw systemError('EIO', path);
        }
        for (const change of inode.unsynced) inode.stable = changed(inode.stable, change);
        inode.unsynced = [];
      },
      async close() {},
    };
  }

  function mount(): FileSystem {
    const born = life;
    return {
      async open(path, mode) {
        if (faults.failOpens?.path.test(path)) throw systemError(faults.failOpens.code, path);
        if (mode !== 'create' && mode !== 'create-stable') {
          assertAlive(born);
          return fileOf(find(path), path, born);
        }
        tick(born);
        if (names.has(path)) throw systemError('EEXIST', path);
        if (!directories.has(dirname(path))) throw systemError('ENOENT', path);
        const inode: Inode = { cached: new Uint8Array(0), stable: new Uint8Array(0), unsynced: [] };
        names.set(path, inode);
        const file = fileOf(inode, path, born);
        return mode === 'create' ? file : stableFileOf(file);
      },
      async list(directory) {
        assertAlive(born);
        if (!directories.has(directory)) throw systemError('ENOENT', directory);
        return [...names.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path));
      },
      async makeDirectory(path) {
        assertAlive(born);
        if (directories.has(path)) throw systemError('EEXIST', path);
        if (!directories.has(dirname(path))) throw systemError('ENOENT', path);
        tick(born);
        directories.add(path);
      },
      async rename(from, to) {
        tick(born);
        names.set(to, find(from));
        names.delete(from);
      },
      async remove(path) {
        assertAlive(born);
        find(path);
        tick(born);
        names.delete(path);
      },
      async syncDirectory(directory) {
        tick(born);
        for (const path of new Set([...names.keys(), ...stableNames.keys()])) {
          if (dirname(path) === directory) settleName(path);
        }
        for (const path of directories) if (dirname(path) === directory) stableDirectories.add(path);
      },
    };
  }

  const machine: FakeMachine = {
    faults,
    mount,
    down: () => dead,
    crash(random) {
      crashes++;
      life++;
      dead = false;
      Object.assign(faults, { failSyncs: 0, failReads: 0, failOpens: undefined, shortWrites: 0 });
      faults.crashIn = faults.killIn = Number.POSITIVE_INFINITY;
      const paths = [...new Set([...names.keys(), ...stableNames.keys()])];
      for (const path of paths) if (random() < 0.5) settleName(path);
      for (const path of directories) if (random() < 0.5) stableDirectories.add(path);
      // What lies in a directory that is gone is gone with it.
      const isThere = (path: string): boolean =>
        path === '/' || (stableDirectories.has(path) && isThere(dirname(path)));
      stableDirectories = new Set([...stableDirectories].filter(isThere));
      directories = new Set(stableDirectories);
      for (const path of [...stableNames.keys()]) if (!isThere(dirname(path))) stableNames.delete(path);
      names = new Map(stableNames);
      for (const inode of new Set(names.values())) {
        for (const change of inode.unsynced) {
          if ('truncate' in change) {
            if (random() < 0.5) inode.stable = changed(inode.stable, change);
          } else {
            // Page by page, so that the later part of a write may be there without the earlier.
            for (let at = 0; at < change.data.length; at += PAGE) {
              if (random() < 0.5) continue;
              const data = change.data.subarray(at, at + PAGE);
              inode.stable = applied(inode.stable, { position: change.position + at, data });
            }
          }
        }
        inode.unsynced = [];
        inode.cached = inode.stable;
      }
      stableNames = new Map(names);
    },
    kill() {
      life++;
      if (dead) faults.killIn = Number.POSITIVE_INFINITY;
      dead = false;
    },
    content(path) {
      const inode = find(path);
      inode.stable = inode.cached = inode.cached.slice();
      return inode.cached;
    },
    paths: () => [...names.keys()].sort(),
    lost: () => [...stableNames.keys()].filter((path) => !names.has(path)),
    used: total,
    spoil(path, offset, length) {
      const inode = find(path);
      inode.bad = [...(inode.bad ?? []), { from: offset, to: offset + length }];
    },
    truncate(path, size) {
      put(path, find(path).cached.slice(0, size));
    },
    unlink(path) {
      names.delete(path);
      stableNames.delete(path);
    },
    copy: (from, to) => put(to, find(from).cached.slice()),
    put,
    crashes: () => crashes,
    syncsAfterFailure: () => again,
    failedSyncs: () => failures,
    syncs: () => syncs,
    onSnapshot() {},
    copyMachine: () => createFakeMachine(machine),
    restore(other) {
      life++;
      dead = false;
      faults.crashIn = faults.killIn = faults.snapshotIn = Number.POSITIVE_INFINITY;
      names = new Map();
      stableNames = new Map();
      directories = new Set(['/']);
      stableDirectories = new Set(['/']);
      for (const path of other.directories()) makeStable(path);
      for (const path of other.paths()) put(path, other.content(path).slice());
    },
    directories: () => [...directories],
  };
  if (from !== undefined) machine.restore(from);
  return machine;

  function put(path: string, content: Uint8Array): void {
    makeStable(dirname(path));
    const inode: Inode = { cached: content, stable: content, unsynced: [] };
    names.set(path, inode);
    stableNames.set(path, inode);
  }

  function makeStable(directory: string): void {
    for (let path = directory; path !== '/'; path = dirname(path)) {
      directories.add(path);
      stableDirectories.add(path);
    }
  }

  /** The entry of a directory becomes on the platter what everybody sees. */
  function settleName(path: string): void {
    const inode = names.get(path);
    if (inode === undefined) stableNames.delete(path);
    else stableNames.set(path, inode);
  }
}

function changed(content: Uint8Array, change: Inode['unsynced'][number]): Uint8Array {
  return 'truncate' in change ? content.slice(0, change.truncate) : applied(content, change);
}

function applied(content: Uint8Array, { position, data }: Write): Uint8Array {
  const grown = new Uint8Array(Math.max(content.length, position + data.length));
  grown.set(content);
  grown.set(data, position);
  return grown;
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
