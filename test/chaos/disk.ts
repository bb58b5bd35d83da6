import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder on a disk so small that it can be filled. */
export interface Disk {
  readonly folder: string;
  /** False where no small file system can be mounted: then only `journal.max_size` limits the program. */
  readonly small: boolean;
  fill(): void;
  free(): void;
  remove(): void;
}

/** Mounts a tmpfs of so many MiB; where that is not allowed, a plain folder. */
export function createDisk(mebibytes: number): Disk {
  const root = mkdtempSync(join(tmpdir(), 'tiercel-chaos-'));
  const folder = join(root, 'disk');
  mkdirSync(folder);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
  const small = mounted.status === 0;
  const balloon = join(folder, 'balloon');
  return {
    folder,
    small,
    fill: () => {
      if (!small) return;
      const block = Buffer.alloc(1024 * 1024);
      // The last write fails, which is the purpose.
      try {
        for (;;) writeFileSync(balloon, block, { flag: 'a' });
      } catch {}
    },
    free: () => rmSync(balloon, { force: true }),
    remove: () => {
      if (small) spawnSync('umount', ['-l', folder]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
