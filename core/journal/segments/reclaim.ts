import type { Logger } from '../../sdk/contract/logger.ts';
import type { FileSystem } from '../files/filesystem.ts';
import type { Position } from '../journal.ts';
import type { ExtentFile } from './extent.ts';
import type { Segment } from './segment.ts';
import { indexPath } from './segment.ts';

/** Gives the space of settled segments back, oldest first; the newest is kept, whatever is in it. */
export interface Reclaimer {
  /** Takes the segments off the list at once and unlinks them one after the other. False when there are none. */
  unlinkBefore(needed: Position): boolean;
  /** Resolves when all that was begun is done. */
  idle(): Promise<void>;
}

export function createReclaimer(options: {
  readonly fs: FileSystem;
  /** Ascending. */
  readonly segments: Segment[];
  readonly extent: Pick<ExtentFile, 'startAt'>;
  readonly log: Logger;
  readonly onFreed: () => Promise<void>;
}): Reclaimer {
  const { fs, segments, extent, log, onFreed } = options;
  let unlinking = Promise.resolve();

  async function unlink(segment: Segment): Promise<void> {
    await fs.remove(indexPath(segment.path)).catch(() => {});
    await fs
      .remove(segment.path)
      .catch((error) => log.warn({ error, path: segment.path }, 'a settled segment could not be removed'));
  }

  return {
    unlinkBefore(needed) {
      const settled: Segment[] = [];
      while (segments.length > 1 && segments[0]!.last < needed) settled.push(segments.shift()!);
      if (settled.length === 0) return false;
      const { number, first } = segments[0]!.header;
      unlinking = unlinking.then(async () => {
        const isKnown = await extent.startAt(number, first);
        for (const segment of settled) await unlink(segment);
        // On a full disk there may be room for it now.
        if (!isKnown) await extent.startAt(number, first);
        await onFreed();
      });
      return true;
    },
    idle: () => unlinking,
  };
}
