import { close, constants, fchmod, fdatasync, fstat, fsync, ftruncate, open, read, write } from 'node:fs';
import { chmod, mkdir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { permissionsFor } from './permissions.ts';

/** An open file. Writes and reads may do less than asked, as the system calls do. */
export interface File {
  size(): Promise<number>;
  /** Returns the number of bytes read, 0 at the end. */
  read(target: Uint8Array, position: number): Promise<number>;
  /**
   * Returns the number of bytes written, which a full disk makes smaller than the data without an error. In a file opened
   * as `create-stable` they are on stable storage when it resolves, and a failure may be one of the storage.
   */
  write(data: Uint8Array, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Resolves when the data and the size are on stable storage. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** `create` and `create-stable` fail when the file exists, the others when it does not or is not a regular file. */
export type OpenMode = 'read' | 'modify' | 'create' | 'create-stable';

/** The part of a file system that the journal uses: the seam at which the model test breaks things. */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<File>;
  /** The names in a directory, in no order. */
  list(directory: string): Promise<readonly string[]>;
  /** Makes one directory. Fails with EEXIST when it exists and with ENOENT when its parent does not. */
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Resolves when the entries of the directory are on stable storage. */
  syncDirectory(path: string): Promise<void>;
}

const FLAGS = { read: 'r', modify: 'r+', create: 'wx+', 'create-stable': 'wx+' } as const;

/**
 * open(2): each write as if fdatasync followed it. One call instead of two saves a round trip to the thread pool for
 * every group (`bench/cases/ingest.ts`). Only Node on Linux honours it: Deno drops flags it does not know, and macOS leaves
 * the data in the drive's cache. Elsewhere it is two calls.
 */
const SYNCED_WRITES =
  process.platform === 'linux' && process.versions.deno === undefined && process.versions.bun === undefined
    ? constants.O_DSYNC | constants.O_CREAT | constants.O_EXCL | constants.O_RDWR
    : undefined;

/** Descriptors rather than FileHandle: they cost less, and every runtime has them. */
const call = {
  open: promisify(open),
  close: promisify(close),
  stat: promisify(fstat),
  truncate: promisify(ftruncate),
  datasync: promisify(fdatasync),
  sync: promisify(fsync),
  chmod: promisify(fchmod),
};

export interface NodeFileSystemOptions {
  /** New files are 0660 and new directories 2770, at any umask; otherwise 0600 and 0700. */
  readonly groupAccess?: boolean;
  /** Given the error when a mode cannot be set; the file is usable all the same. */
  readonly onRefused?: (error: unknown) => void;
}

/** The file system of the machine. */
export function createNodeFileSystem(options: NodeFileSystemOptions = {}): FileSystem {
  const permissions = permissionsFor(options);
  const { onRefused = () => {} } = options;

  async function descriptorOf(path: string, mode: OpenMode, flags: string | number): Promise<number> {
    const isNew = mode === 'create' || mode === 'create-stable';
    // Before it is opened: a named pipe would wait for its other end.
    if (!isNew && !(await stat(path)).isFile())
      throw Object.assign(new Error(`${path} is not a regular file`), { code: 'EISDIR', path });
    const descriptor = await call.open(path, flags, permissions.file);
    // The umask takes bits of the group away.
    if (isNew && permissions.isShared) await call.chmod(descriptor, permissions.file).catch(onRefused);
    return descriptor;
  }

  return {
    async open(path, mode) {
      const isSynced = mode === 'create-stable';
      const flags = isSynced && SYNCED_WRITES !== undefined ? SYNCED_WRITES : FLAGS[mode];
      const file = fileOf(await descriptorOf(path, mode, flags), path);
      return isSynced && SYNCED_WRITES === undefined ? syncingWrites(file) : file;
    },
    list: (directory) => readdir(directory),
    async makeDirectory(path) {
      await mkdir(path, permissions.directory);
      // mkdir(2) ignores the set-group-ID bit, and the umask takes group bits away.
      if (permissions.isShared) await chmod(path, permissions.directory).catch(onRefused);
    },
    rename,
    remove: unlink,
    async syncDirectory(path) {
      const descriptor = await call.open(path, 'r');
      try {
        await call.sync(descriptor);
      } catch (error) {
        // Some file systems cannot sync a directory and need not.
        if (!['EINVAL', 'EISDIR', 'EPERM'].includes(codeOf(error))) throw error;
      } finally {
        await call.close(descriptor);
      }
    },
  };
}

/** The file system of the machine; what it creates is for the user of this process alone. */
export const nodeFileSystem: FileSystem = createNodeFileSystem();

function fileOf(descriptor: number, path: string): File {
  /** The system names no file in an error about a descriptor. */
  const named = (error: Error) => Object.assign(error, { path, message: `${error.message} '${path}'` });
  const fail = (error: Error) => {
    throw named(error);
  };
  return {
    size: () => call.stat(descriptor).then(({ size }) => size, fail),
    read: (target, position) =>
      new Promise((resolve, reject) => {
        read(descriptor, target, 0, target.length, position, (error, count) =>
          error ? reject(named(error)) : resolve(count),
        );
      }),
    write: (data, position) =>
      new Promise((resolve, reject) => {
        write(descriptor, data, 0, data.length, position, (error, count) =>
          error ? reject(named(error)) : resolve(count),
        );
      }),
    truncate: (size) => call.truncate(descriptor, size).catch(fail),
    sync: () => call.datasync(descriptor).catch(fail),
    close: () => call.close(descriptor).catch(fail),
  };
}

function syncingWrites(file: File): File {
  return {
    ...file,
    async write(data, position) {
      const count = await file.write(data, position);
      await file.sync();
      return count;
    },
  };
}

/** The system's name of an error, `ENOSPC` for example; `''` when it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** Is the disk, or the user's share of it, full? */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
}

/** Writes all of the data. A write that gets nowhere is a full disk. */
export async function writeAll(file: File, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const count = await file.write(data.subarray(done), position + done);
    if (count === 0) throw Object.assign(new Error('ENOSPC: nothing was written'), { code: 'ENOSPC' });
    done += count;
  }
}

/** Fills the target from a position. Returns what there was of it. */
export async function readAll(file: File, target: Uint8Array, position: number): Promise<Uint8Array> {
  let done = 0;
  while (done < target.length) {
    const count = await file.read(target.subarray(done), position + done);
    if (count === 0) break;
    done += count;
  }
  return target.subarray(0, done);
}

/** Reads a small file whole. */
export async function readWhole(fs: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fs.open(path, 'read');
  try {
    return await readAll(file, new Uint8Array(await file.size()), 0);
  } finally {
    await file.close();
  }
}

/** Writes a file that did not exist and closes it. After a failure it is removed. */
export async function writeNew(
  fs: FileSystem,
  path: string,
  data: Uint8Array,
  options: { sync: boolean },
): Promise<void> {
  const file = await fs.open(path, 'create');
  try {
    await writeAll(file, data, 0);
    if (options.sync) await file.sync();
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await fs.remove(path).catch(() => {});
    throw error;
  }
}

/**
 * Puts a file in the place of another, so that after a crash there is the old one or the new one and nothing
 * between. Durable when it resolves, if asked to be.
 */
export async function replaceFile(
  fs: FileSystem,
  path: string,
  data: Uint8Array,
  options: { durable: boolean },
): Promise<void> {
  const temporary = `${path}.new`;
  await fs.remove(temporary).catch(() => {});
  await writeNew(fs, temporary, data, { sync: options.durable });
  await fs.rename(temporary, path);
  if (options.durable) await fs.syncDirectory(dirname(path));
}

/** Makes a directory with its parents, unless they exist. Their names are on stable storage when it resolves. */
export async function ensureDirectory(fs: FileSystem, path: string): Promise<void> {
  const parent = dirname(path);
  const make = () =>
    fs.makeDirectory(path).catch((error) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  try {
    await make();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await ensureDirectory(fs, parent);
    await make();
  }
  await fs.syncDirectory(parent);
  // An earlier process may have ended between making a parent and syncing its name.
  for (let above = dirname(parent); above !== dirname(above); above = dirname(above))
    await fs.syncDirectory(above).catch(() => {});
}

/** The same file system, which asks for permission before each change. @param permit rejects when nothing may be changed */
export function guarded(fs: FileSystem, permit: () => Promise<void> | undefined): FileSystem {
  async function guard(): Promise<void> {
    await permit();
  }
  return {
    list: fs.list,
    makeDirectory: (path) => guard().then(() => fs.makeDirectory(path)),
    rename: (from, to) => guard().then(() => fs.rename(from, to)),
    remove: (path) => guard().then(() => fs.remove(path)),
    syncDirectory: (path) => guard().then(() => fs.syncDirectory(path)),
    async open(path, mode) {
      if (mode !== 'read') await guard();
      const file = await fs.open(path, mode);
      if (mode === 'read') return file;
      return {
        ...file,
        write: (data, position) => guard().then(() => file.write(data, position)),
        truncate: (size) => guard().then(() => file.truncate(size)),
        sync: () => guard().then(() => file.sync()),
      };
    },
  };
}
