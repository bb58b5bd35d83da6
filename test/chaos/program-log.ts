import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the program prints: on the disk, of which only the newest part is kept, and its tail in memory. */
export interface ProgramLog {
  write(chunk: Buffer): void;
  /** The last {@link TAIL} bytes. */
  tail(): string;
  /** A mark for {@link waitFor}. */
  length(): number;
  /** Waits until a text appears after a mark. @returns false when it does not within the time */
  waitFor(pattern: RegExp, from: number, timeout: number): Promise<boolean>;
  close(): void;
}

const TAIL = 256 * 1024;
const LOOK_EVERY = 50;

/**
 * @param path the file; what came before it is in `path.1`
 * @param rotateAt its size at most, bytes
 */
export function createProgramLog(path: string, rotateAt = 32 << 20): ProgramLog {
  let file = openSync(path, 'w');
  let size = 0;
  let length = 0;
  let tail = '';
  return {
    write(chunk) {
      const text = chunk.toString('utf8');
      tail = (tail + text).slice(-TAIL);
      length += text.length;
      size += writeSync(file, chunk);
      if (size < rotateAt) return;
      closeSync(file);
      renameSync(path, `${path}.1`);
      file = openSync(path, 'w');
      size = 0;
    },
    tail: () => tail,
    length: () => length,
    async waitFor(pattern, from, timeout) {
      for (let waited = 0; waited < timeout; waited += LOOK_EVERY) {
        if (length > from && pattern.test(tail.slice(-(length - from)))) return true;
        await sleep(LOOK_EVERY);
      }
      return false;
    },
    close: () => closeSync(file),
  };
}
