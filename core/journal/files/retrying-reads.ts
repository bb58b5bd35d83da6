import { join } from 'node:path';
import type { Clock } from '../../sdk/contract/clock.ts';
import type { File, FileSystem } from './filesystem.ts';
import { codeOf, isDiskFull, writeNew } from './filesystem.ts';

/** A file system whose reads survive bytes that the disk does not give back. */
export interface RetryingFileSystem extends FileSystem {
  /** Whether zeros were given in place of bytes of this file at or behind the offset. */
  isUnreadable(path: string, offset: number): boolean;
}

/** Bytes of a file that the disk does not give back. */
export interface LostPlace {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

/** How a read that fails is tried again. */
export interface ReadTries {
  /** Milliseconds before each further try: seconds together, or a path that fails over would pass for a bad sector. */
  readonly waits: readonly number[];
  /** Bytes that a disk loses at once. */
  readonly block: number;
}

const TRIES: ReadTries = { waits: [100, 400, 1600, 6400], block: 4096 };

/** What a system says of bytes that are there and cannot be had: a bad sector, a checksum of its own that does not fit. */
const UNREADABLE = ['EIO', 'EBADMSG', 'ENODATA', 'EREMOTEIO', 'EUCLEAN'];

/**
 * The same file system, in which bytes that stay unreadable are zeros: damage, which whoever reads knows how to deal with,
 * and of all around it nothing is lost. No bytes are given up at a first failure, nor while the disk as a whole does
 * not work: then the failure is the reader's, who asks again.
 */
export function retryingReads(
  fs: FileSystem,
  {
    directory,
    clock,
    onFailure = () => {},
    onLost,
    tries = TRIES,
  }: {
    /** Where it is tried whether the disk works; absent, for who must change nothing: it is not tried. */
    readonly directory?: string;
    readonly clock: Clock;
    /** Told of a read that failed and is tried again. */
    readonly onFailure?: (error: unknown, path: string) => void;
    /** Told once of each place whose bytes are taken for damaged from now on. */
    readonly onLost: (place: LostPlace) => void;
    readonly tries?: ReadTries | undefined;
  },
): RetryingFileSystem {
  /** Of each file with unreadable bytes, the blocks. */
  const lost = new Map<string, Set<number>>();

  /** Of a file that is known to be bad, less patience is shown: a whole one would take hours. */
  async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
    const waits = lost.has(path) ? tries.waits.slice(0, 1) : tries.waits;
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        const wait = waits[failures];
        if (!isUnreadable(error) || wait === undefined) throw error;
        if (failures === 0) onFailure(error, path);
        if (wait > 0) await clock.sleep(wait);
      }
    }
  }

  /** @throws the error when nothing can be written either: that is no damage, and may pass. */
  async function unlessDiskFails(error: unknown): Promise<void> {
    if (directory === undefined) return;
    const probe = join(directory, 'probe');
    try {
      await fs.remove(probe).catch(() => {});
      await writeNew(fs, probe, new Uint8Array(1), { sync: true });
      await fs.remove(probe);
    } catch (failure) {
      if (!isDiskFull(failure)) throw error;
    }
  }

  function markUnreadable(path: string, offset: number, bytes: number): void {
    const blocks = lost.get(path) ?? new Set();
    lost.set(path, blocks);
    if (blocks.has(offset)) return;
    blocks.add(offset);
    onLost({ path, offset, bytes });
  }

  /** Block by block; one that was not the cause gets more than the one try, too. */
  async function readAround(file: File, path: string, target: Uint8Array, position: number): Promise<number> {
    const end = Math.min(position + target.length, await file.size());
    let at = position;
    while (at < end) {
      const next = Math.min(end, at - (at % tries.block) + tries.block);
      const part = target.subarray(at - position, next - position);
      let count: number | undefined;
      for (let left = tries.waits.length; count === undefined && left >= 0; left--) {
        count = await file.read(part, at).catch((error) => {
          if (!isUnreadable(error)) throw error;
          return undefined;
        });
      }
      if (count === 0) break;
      if (count === undefined) {
        part.fill(0);
        markUnreadable(path, at, part.length);
      }
      at += count ?? part.length;
    }
    return at - position;
  }

  async function read(file: File, path: string, target: Uint8Array, position: number): Promise<number> {
    try {
      return await attempt(path, () => file.read(target, position));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      await unlessDiskFails(error);
      return readAround(file, path, target, position);
    }
  }

  return {
    ...fs,
    list: (path) => attempt(path, () => fs.list(path)),
    async open(path, mode) {
      if (mode !== 'read') return fs.open(path, mode);
      try {
        const file = await attempt(path, () => fs.open(path, 'read'));
        return { ...file, read: (target, position) => read(file, path, target, position) };
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        await unlessDiskFails(error);
        markUnreadable(path, 0, tries.block);
        return zeros(tries.block);
      }
    },
    isUnreadable: (path, offset) => [...(lost.get(path) ?? [])].some((block) => block + tries.block > offset),
  };
}

function isUnreadable(error: unknown): boolean {
  return UNREADABLE.includes(codeOf(error));
}

/** In place of a file that cannot even be opened: wherever it is read, nothing is there. */
function zeros(size: number): File {
  const readOnly = () => Promise.reject(new Error('opened to be read'));
  return {
    size: async () => size,
    async read(target) {
      target.fill(0);
      return target.length;
    },
    write: readOnly,
    truncate: readOnly,
    sync: readOnly,
    close: async () => {},
  };
}
