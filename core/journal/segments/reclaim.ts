import type { Logger } from '../../sdk/contract/logger.ts';
import type { FileSystem } from '../files/filesystem.ts';
import type { Position } from '../journal.ts';
import type { ExtentFile } from './extent.ts';
import type { Segment } from './segment.ts';
import { indexPath } from './segment.ts';

/** Removes the segments that no output can ask for again, whatever happens now, oldest first. */
export interface Reclaimer {
  /** Removes them from the list at once and unlinks them one after the other. The newest is kept, whatever is in it. */
  reclaim(): void;
  /** On a full disk, when the newest segment is the only one that is settled: begins another one and reclaims it. */
  reclaimNewest(): Promise<void>;
  /** Resolves when all that was begun is done. */
  idle(): Promise<void>;
}

export function createReclaimer(options: {
  readonly fs: FileSystem;
  /** Ascending. */
  readonly segments: Segment[];
  readonly extent: Pick<ExtentFile, 'startAt'>;
  /** The oldest position that an output may still ask for, after a crash too. */
  readonly oldestNeeded: () => Position;
  /** Begins a new segment. */
  readonly roll: () => Promise<void>;
  readonly log: Logger;
  /** Called when segments were removed from the list. */
  readonly onReclaimed: () => void;
  /** Called when their space is free. */
  readonly onFreed: () => Promise<void>;
}): Reclaimer {
  const { fs, segments, extent, oldestNeeded, roll, log, onReclaimed, onFreed } = options;
  let unlinking = Promise.resolve();

  async function unlink(segment: Segment): Promise<void> {
    await fs.remove(indexPath(segment.path)).catch(() => {});
    await fs
      .remove(segment.path)
      .catch((error) => log.warn({ error, path: segment.path }, 'a settled segment could not be removed'));
  }

  function reclaim(): void {
    const needed = oldestNeeded();
    const settled: Segment[] = [];
    while (segments.length > 1 && segments[0]!.last < needed) settled.push(segments.shift()!);
    if (settled.length === 0) return;
    const { number, first } = segments[0]!.header;
    unlinking = unlinking.then(async () => {
      const isKnown = await extent.startAt(number, first);
      for (const segment of settled) await unlink(segment);
      // On a full disk there may be room for it now.
      if (!isKnown) await extent.startAt(number, first);
      await onFreed();
    });
    onReclaimed();
  }

  return {
    reclaim,
    async reclaimNewest() {
      const newest = segments.at(-1);
      if (newest === undefined || newest.last < newest.header.first || newest.last >= oldestNeeded()) return;
      await roll();
      reclaim();
    },
    idle: () => unlinking,
  };
}
