import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

/**
 * The raw blocks of a batch, to be read event by event in another order: held in memory up to a budget, beyond that
 * in a temporary file. Losing that file loses nothing: the journal has the events.
 */
export interface BlockStore {
  /** Keeps a block and returns its number. */
  add(buffer: ArrayBuffer): number;
  /** Bytes of a block; valid until the next call. */
  read(block: number, offset: number, length: number): Uint8Array;
  /** Bytes that went to the file. */
  readonly spilled: number;
  close(): void;
}

/**
 * @param path where the temporary file is made, if one is needed
 * @param budget bytes to hold in memory
 */
export function createBlockStore(path: string, budget: number): BlockStore {
  /** In memory, or where in the file the block begins. */
  const blocks: (Uint8Array | number)[] = [];
  let held = 0;
  let spilled = 0;
  let file: number | undefined;
  let scratch = new Uint8Array(64 * 1024);

  return {
    add(buffer) {
      const bytes = new Uint8Array(buffer);
      if (held + bytes.length <= budget) {
        held += bytes.length;
        return blocks.push(bytes) - 1;
      }
      file ??= openSync(path, 'w+', 0o600);
      writeAll(file, bytes);
      spilled += bytes.length;
      return blocks.push(spilled - bytes.length) - 1;
    },

    read(block, offset, length) {
      const place = blocks[block]!;
      if (typeof place !== 'number') return place.subarray(offset, offset + length);
      if (scratch.length < length) scratch = new Uint8Array(2 * length);
      let done = 0;
      while (done < length) {
        const read = readSync(file!, scratch, done, length - done, place + offset + done);
        if (read === 0) throw new Error(`${path} ends early: was it cut by another process?`);
        done += read;
      }
      return scratch.subarray(0, length);
    },

    get spilled() {
      return spilled;
    },

    close() {
      if (file === undefined) return;
      closeSync(file);
      rmSync(path, { force: true });
      file = undefined;
    },
  };
}

/** Writes to the end of a file; one call of the system may take only a part. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}
