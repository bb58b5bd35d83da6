import { join } from 'node:path';
import type { Clock } from '../../sdk/contract/clock.ts';
import { decodeChecked, encodeChecked } from '../files/checked-file.ts';
import { codeOf, type FileSystem, readWhole, replaceFile } from '../files/filesystem.ts';
import type { Position } from '../journal.ts';
import type { SegmentHeader } from './codec.ts';

/** What the log consists of: nothing outside of it was used, or is still needed. */
export interface Extent {
  /** The oldest segment that is kept, and its first position. */
  readonly firstSegment: number;
  readonly firstPosition: Position;
  /** No segment with a higher number holds an event, and no higher position was used. */
  readonly lastSegment: number;
  readonly lastPosition: Position;
  /** The header of the newest segment, which has no index yet. Version 0.1 does not write it. */
  readonly newest?: SegmentHeader | undefined;
}

/** Keeps the extent of a journal on stable storage: its end ahead of what is written, its beginning ahead of what is removed. */
export interface ExtentFile {
  /**
   * Makes sure that a segment and a position in it are within the extent, before they are written. Undefined where they are,
   * which is nearly always.
   */
  cover(segment: SegmentHeader, position: Position): Promise<void> | undefined;
  /**
   * Older segments are no longer needed: call it before they are removed. Never rejects.
   *
   * @returns whether the file says so; where it does not, each later write of it says so too
   */
  startAt(segment: number, position: Position): Promise<boolean>;
}

const FILE = 'extent';
/** Positions reserved ahead, at least. If a segment is lost, up to this many positions too many are counted as lost. */
const MIN_AHEAD = 64;
/** The file is written about this often while events come in, milliseconds. */
const PERIOD = 1000;

/**
 * A log cannot tell that its oldest or its newest segment is missing. This file can: it is written before a segment or a
 * position is used, and before a segment is removed. So what is missing is known, at most too much. Positions are covered in
 * blocks that last about a second at the present rate, so that it costs one small file a second at most.
 */
export function createExtentFile(options: {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly clock: Clock;
  /** As the journal was found. */
  readonly found: Extent;
}): ExtentFile {
  const { fs, directory, clock } = options;
  let extent = options.found;
  let covered = false;
  let ahead = MIN_AHEAD;
  let extendedAt = Number.NEGATIVE_INFINITY;
  let queue: Promise<void> = Promise.resolve();

  /** One write at a time, each of what is known when its turn comes. */
  function write(end: Partial<Pick<Extent, 'lastSegment' | 'lastPosition' | 'newest'>>): Promise<void> {
    const write = async () => {
      const { firstSegment, firstPosition, lastSegment, lastPosition, newest } = { ...extent, ...end };
      const numbers = [firstSegment, firstPosition, lastSegment, lastPosition];
      const head = newest === undefined ? {} : { newest };
      await replaceFile(fs, join(directory, FILE), encodeChecked({ head, numbers }), { durable: true });
      extent = { ...extent, ...end };
    };
    queue = queue.catch(() => {}).then(write);
    return queue;
  }

  async function extend(newest: SegmentHeader, position: Position): Promise<void> {
    const lastSegment = Math.max(newest.number, extent.lastSegment);
    if (position <= extent.lastPosition && covered) return write({ lastSegment, newest });
    const now = clock.monotonic();
    // Twice as far ahead where the last block was used up early, half as far where it lasted.
    ahead = Math.max(MIN_AHEAD, now - extendedAt < PERIOD ? ahead * 2 : Math.floor(ahead / 2));
    await write({ lastSegment, lastPosition: position + ahead, newest });
    covered = true;
    extendedAt = now;
  }

  return {
    cover(segment, position) {
      const isWithin = segment.number <= extent.lastSegment && position <= extent.lastPosition;
      return covered && isWithin ? undefined : extend(segment, position);
    },
    startAt(segment, position) {
      extent = { ...extent, firstSegment: segment, firstPosition: position };
      return write({}).then(
        () => true,
        () => false,
      );
    },
  };
}

/** Reads the extent; undefined when there is none. @throws UnknownVersionError */
export async function readExtent(fs: FileSystem, directory: string): Promise<Extent | 'damaged' | undefined> {
  const path = join(directory, FILE);
  try {
    const checked = decodeChecked(await readWhole(fs, path), path);
    if (checked?.numbers.length !== 4) return 'damaged';
    const [firstSegment, firstPosition, lastSegment, lastPosition] = checked.numbers as [
      number,
      Position,
      number,
      Position,
    ];
    const { newest } = checked.head as Pick<Extent, 'newest'>;
    return { firstSegment, firstPosition, lastSegment, lastPosition, newest };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
