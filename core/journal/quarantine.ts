import { basename, join } from 'node:path';
import type { Logger } from '../telemetry/logger.ts';
import type { File, FileSystem } from './filesystem.ts';
import { codeOf, ensureDirectory, readAll } from './filesystem.ts';

/** Where damaged bytes are kept for whoever wants to look at them: `corrupt/`, beside the segments. */
export interface Quarantine {
  /** Copies a stretch of a file. Tried once; a failure is said and changes nothing. */
  copy(path: string, offset: number, length: number): Promise<void>;
  /** Moves a whole file; a failure is said, and leaves it where it is. */
  move(path: string): Promise<void>;
}

const CHUNK = 1 << 20;

export function createQuarantine(fs: FileSystem, directory: string, log: Logger): Quarantine {
  async function copyChunks(from: File, to: File, offset: number, length: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const chunk = await readAll(from, new Uint8Array(Math.min(CHUNK, length - done)), offset + done);
      if (chunk.length === 0) return;
      // A short write needs no care here: the next round goes on behind it.
      const count = await to.write(chunk, done);
      if (count === 0) return;
      done += count;
    }
  }

  return {
    async copy(path, offset, length) {
      const target = join(directory, `${basename(path)}-${offset}`);
      try {
        await ensureDirectory(fs, directory);
        const from = await fs.open(path, 'read');
        try {
          const to = await fs.open(target, 'create');
          await copyChunks(from, to, offset, length).finally(() => to.close());
        } finally {
          await from.close();
        }
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') log.warn({ error, path }, 'the damaged bytes could not be set aside');
      }
    },
    async move(path) {
      try {
        await ensureDirectory(fs, directory);
        // What an earlier start set aside under this name stays.
        const taken = await fs.list(directory);
        let name = basename(path);
        for (let i = 2; taken.includes(name); i++) name = `${basename(path)}.${i}`;
        await fs.rename(path, join(directory, name));
        await fs.syncDirectory(directory);
      } catch (error) {
        log.warn({ error, path }, 'a damaged file could not be set aside: it is passed over where it is');
      }
    },
  };
}
