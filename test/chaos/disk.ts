import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder on a disk so small that it can be filled. */
export interface Disk {
  readonly folder: string;
  /** False where no small file system can be mounted: then only `journal.max_size` limits the program. */
  readonly small: boolean;
  /** Whether it is full now. */
  readonly full: boolean;
  fill(): void;
  free(): void;
  remove(): void;
}

/** Mounts a tmpfs of this size on a new folder; where that is not allowed, the folder is a plain one. */
export function createDisk(folder: string, mebibytes: number): Disk {
  mkdirSync(folder);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
  const small = mounted.status === 0;
  const balloon = join(folder, 'balloon');
  let full = false;
  return {
    folder,
    small,
    get full() {
      return full;
    },
    fill: () => {
      if (!small) return;
      full = true;
      const block = Buffer.alloc(1024 * 1024);
      // The last write fails, which is the purpose.
      for (const size of [block.length, 4096]) {
        try {
          for (;;) writeFileSync(balloon, block.subarray(0, size), { flag: 'a' });
        } catch {}
      }
    },
    free: () => {
      rmSync(balloon, { force: true });
      full = false;
    },
    remove: () => {
      if (small) spawnSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
