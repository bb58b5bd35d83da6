import { join } from 'node:path';
import type { Clock } from '../../sdk/contract/clock.ts';
import type { File, FileSystem } from './filesystem.ts';
import { codeOf, isDiskFull, writeNew } from './filesystem.ts';

/** A file system that retries reads, and gives zeros for bytes that stay unreadable. */
export interface RetryingFileSystem extends FileSystem {
  /** Whether zeros were given in place of bytes of this file at or after the offset. */
  isUnreadable(path: string, offset: number): boolean;
}

/** Bytes of a file that the disk cannot read. */
export interface UnreadableBytes {
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

/** Errors for bytes that exist and cannot be read: a bad sector, a checksum of the file system that does not fit. */
const UNREADABLE = ['EIO', 'EBADMSG', 'ENODATA', 'EREMOTEIO', 'EUCLEAN'];

/**
 * The same file system, in which bytes that stay unreadable are zeros. Readers treat zeros as damage, and nothing around them
 * is lost. Bytes are not given up at the first failure, nor while the disk as a whole does not work: then the read fails, and
 * the caller tries again later.
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
    /** Where a file is written to test whether the disk works. Absent for a reader that must change nothing: no test then. */
    readonly directory?: string;
    readonly clock: Clock;
    /** Called with the first failure of a read that is tried again. */
    readonly onFailure?: (error: unknown, path: string) => void;
    /** Called once for each place whose bytes count as damaged from now on. */
    readonly onLost: (place: UnreadableBytes) => void;
    readonly tries?: ReadTries | undefined;
  },
): RetryingFileSystem {
  /** The unreadable blocks of each file. */
  const lost = new Map<string, Set<number>>();

  /** Retries once only in a file that is known to be bad: with all waits, one that is bad throughout would take hours. */
  async function retry<T>(path: string, work: () => Promise<T>): Promise<T> {
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

  /** Retries; where the bytes stay unreadable and the disk works otherwise, they are damaged. */
  async function retryOr<T>(path: string, work: () => Promise<T>, damaged: () => T | Promise<T>): Promise<T> {
    try {
      return await retry(path, work);
    } catch (error) {
      if (!isUnreadable(error) || !(await diskWorks())) throw error;
      return damaged();
    }
  }

  async function diskWorks(): Promise<boolean> {
    if (directory === undefined) return true;
    const probe = join(directory, 'probe');
    try {
      await fs.remove(probe).catch(() => {});
      await writeNew(fs, probe, new Uint8Array(1), { sync: true });
      await fs.remove(probe);
      return true;
    } catch (error) {
      return isDiskFull(error);
    }
  }

  function markUnreadable(path: string, offset: number, bytes: number): void {
    const blocks = lost.get(path) ?? new Set();
    lost.set(path, blocks);
    if (blocks.has(offset)) return;
    blocks.add(offset);
    onLost({ path, offset, bytes });
  }

  /** Reads block by block. Each is tried several times: a block beside the bad one may fail in passing. */
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

  return {
    ...fs,
    list: (path) => retry(path, () => fs.list(path)),
    async open(path, mode) {
      if (mode !== 'read') return fs.open(path, mode);
      return retryOr(
        path,
        async () => {
          const file = await fs.open(path, 'read');
          const read: File['read'] = (target, position) =>
            retryOr(
              path,
              () => file.read(target, position),
              () => readAround(file, path, target, position),
            );
          return { ...file, read };
        },
        () => {
          markUnreadable(path, 0, tries.block);
          return zeros(tries.block);
        },
      );
    },
    isUnreadable: (path, offset) => [...(lost.get(path) ?? [])].some((block) => block + tries.block > offset),
  };
}

function isUnreadable(error: unknown): boolean {
  return UNREADABLE.includes(codeOf(error));
}

/** In place of a file that cannot be opened: a block of zeros. */
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
