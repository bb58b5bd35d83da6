import { basename, join } from 'node:path';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { File, FileSystem } from './filesystem.ts';
import { codeOf, ensureDirectory, readAll, writeAll } from './filesystem.ts';

/** Keeps damaged bytes for inspection, in the folder `corrupt/` of the journal. A failure is logged. */
export interface Quarantine {
  /** Copies a stretch of a file. True when the copy is on stable storage, made now or by an earlier start. */
  copy(path: string, offset: number, length: number): Promise<boolean>;
  /** Moves a whole file. False when it is left where it is. */
  move(path: string): Promise<boolean>;
}

const CHUNK = 1 << 20;

export function createQuarantine(fs: FileSystem, directory: string, log: Logger): Quarantine {
  let isMade = false;

  async function attempt(path: string, failure: string, keep: () => Promise<void>): Promise<boolean> {
    try {
      if (!isMade) await ensureDirectory(fs, directory);
      isMade = true;
      await keep();
      return true;
    } catch (error) {
      // Somebody may have removed the directory.
      isMade = false;
      log.warn({ error, path }, failure);
      return false;
    }
  }

  async function copyTo(target: string, path: string, offset: number, length: number): Promise<void> {
    const from = await fs.open(path, 'read');
    try {
      const to = await fs.open(target, 'create');
      try {
        await copyChunks(from, to, offset, length);
        await to.sync();
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  }

  return {
    copy: (path, offset, length) =>
      attempt(path, 'the damaged bytes could not be copied to corrupt/', async () => {
        const target = join(directory, `${basename(path)}-${offset}`);
        if ((await sizeOf(fs, target)) === length) return;
        const temporary = `${target}.new`;
        await fs.remove(temporary).catch(() => {});
        try {
          await copyTo(temporary, path, offset, length);
          await fs.rename(temporary, target);
        } catch (error) {
          await fs.remove(temporary).catch(() => {});
          throw error;
        }
        await fs.syncDirectory(directory);
      }),
    move: (path) =>
      attempt(
        path,
        'a damaged file could not be moved to corrupt/: it is passed over where it is',
        async () => {
          // What an earlier start set aside under this name stays.
          const existing = await fs.list(directory);
          let name = basename(path);
          for (let i = 2; existing.includes(name); i++) name = `${basename(path)}.${i}`;
          await fs.rename(path, join(directory, name));
          await fs.syncDirectory(directory);
        },
      ),
  };
}

async function copyChunks(from: File, to: File, offset: number, length: number): Promise<void> {
  for (let done = 0; done < length; done += CHUNK) {
    const chunk = await readAll(from, new Uint8Array(Math.min(CHUNK, length - done)), offset + done);
    if (chunk.length < Math.min(CHUNK, length - done)) throw new Error('the file ends before the bytes do');
    await writeAll(to, chunk, done);
  }
}

/** Undefined when there is no such file. */
async function sizeOf(fs: FileSystem, path: string): Promise<number | undefined> {
  try {
    const file = await fs.open(path, 'read');
    return await file.size().finally(() => file.close());
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What was found damaged, counted. */
export interface DamageCounts {
  corruptFrames: number;
  recoveredBytes: number;
  quarantinedFiles: number;
}
