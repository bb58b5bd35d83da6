import { join } from 'node:path';
import type { FileSystem } from './filesystem.ts';
import { writeNew } from './filesystem.ts';

/**
 * Space put by for a full disk. CursorFiles and manifests must be written for outputs to go on, and segments are only
 * freed when they do: without a reserve, a full disk could never empty.
 */
export interface Reserve {
  /** Makes sure that the reserve stands and that about as much again is free; false when it is not. */
  establish(): Promise<boolean>;
  /** Gives the space up. False when there was none left to give. */
  release(): Promise<boolean>;
}

/** What must be written on a full disk may remove this file first: it is established again. */
export function reservePath(directory: string): string {
  return join(directory, 'reserve');
}

export function createReserve(fs: FileSystem, directory: string, bytes: number): Reserve {
  const path = reservePath(directory);
  const probe = `${path}.probe`;
  let stands = false;

  async function establish(): Promise<boolean> {
    try {
      await fs.remove(probe).catch(() => {});
      if (!stands) {
        await fs.remove(path).catch(() => {});
        await writeNew(fs, path, new Uint8Array(bytes), { sync: true });
        stands = true;
      }
      await writeNew(fs, probe, new Uint8Array(bytes), { sync: true });
      await fs.remove(probe);
      return true;
    } catch {
      return false;
    }
  }

  async function release(): Promise<boolean> {
    const stood = stands;
    stands = false;
    await fs.remove(path).catch(() => {});
    return stood;
  }

  /** One call at a time: a cursor may need the space while it is checked whether there is more. */
  let queue: Promise<unknown> = Promise.resolve();
  function inTurn(work: () => Promise<boolean>): Promise<boolean> {
    const result = queue.then(work);
    queue = result;
    return result;
  }

  return { establish: () => inTurn(establish), release: () => inTurn(release) };
}
