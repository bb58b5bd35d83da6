import type { Frame, Gap } from '../codec.ts';
import { HEADER_BYTES } from '../codec.ts';
import type { FileSystem } from '../filesystem.ts';
import type { Position } from '../journal.ts';
import { readFrames } from '../reader.ts';
import type { Routes, Segment } from '../segment.ts';
import { book, createRoutes, readIndex, writeIndex } from '../segment.ts';
import type { RecoverOptions, Tally } from './options.ts';

/** A segment as it was found. */
export interface FoundSegment {
  readonly routes: Routes;
  /** Damage before the last sound frame; of an older segment, behind it too. */
  readonly gaps: readonly Gap[];
  /** Bytes behind the last frame that counts: a torn tail, or a group that failed. */
  readonly tail: number;
  /** It was read whole and deserves an index. */
  readonly scanned: boolean;
}

/**
 * Finds out what a segment holds: from its index, else by reading it, a megabyte at a time.
 *
 * @param limit the last position that counts; undefined for the newest segment
 */
export async function findSegment(
  fs: FileSystem,
  segment: Segment,
  salt: number,
  limit: Position | undefined,
): Promise<FoundSegment> {
  const file = await fs.open(segment.path, 'read');
  try {
    const fileBytes = await file.size();
    const indexed = await readIndex(fs, segment, fileBytes);
    // Of the newest segment an index is the mark of a clean end, if nothing stands behind what it knows; an older
    // one's must not know of more than counts.
    const fits = limit === undefined ? segment.bytes === fileBytes : segment.last <= limit;
    if (indexed !== undefined && fits) return { routes: indexed, gaps: [], tail: 0, scanned: false };
    segment.marks.length = 0;
    segment.last = segment.header.first - 1;
    segment.bytes = HEADER_BYTES;
    const routes = createRoutes();
    const gaps: Gap[] = [];
    let trailing: Gap | undefined;
    let from = { offset: HEADER_BYTES, after: segment.header.first - 1 };
    while (from.offset < fileBytes) {
      const stretch = await readFrames(file, salt, from, fileBytes);
      for (const frame of stretch.frames) {
        if (frame.position > (limit ?? Number.POSITIVE_INFINITY)) {
          return { routes, gaps, tail: fileBytes - segment.bytes, scanned: true };
        }
        take(segment, routes, frame);
      }
      for (const gap of stretch.gaps) {
        if (gap.before === undefined) trailing = gap;
        else gaps.push(gap);
      }
      from = { offset: stretch.next, after: stretch.frames.at(-1)?.position ?? from.after };
    }
    // Behind the last sound frame of an older segment something is missing only if the log went on further.
    if (trailing !== undefined && limit !== undefined && limit > segment.last) {
      gaps.push({ ...trailing, before: limit + 1 });
      return { routes, gaps, tail: 0, scanned: true };
    }
    return { routes, gaps, tail: fileBytes - segment.bytes, scanned: true };
  } finally {
    await file.close();
  }
}

/**
 * Cuts a torn tail off, and writes the index of a segment that had to be read. What the newest segment holds counts from
 * now on, so it is synced: the process before may have died between writing and syncing.
 *
 * An end that the disk does not give back is not torn: nobody knows what stood there, and it is left as it is.
 */
export async function settleTail(
  { fs, log }: Pick<RecoverOptions, 'fs' | 'log'>,
  segment: Segment,
  found: FoundSegment,
  isNewest: boolean,
  tally: Tally,
): Promise<void> {
  const { path } = segment;
  const isLost = found.tail > 0 && fs.isUnreadable(path, segment.bytes);
  if (isNewest && isLost) {
    tally.corruptFrames++;
    log.error(
      { path, offset: segment.bytes, bytes: found.tail },
      'the end of the journal cannot be read: what was accepted last may be lost',
    );
  } else if (isNewest && found.tail > 0) {
    tally.recoveredBytes += found.tail;
    log.warn({ path, bytes: found.tail }, 'the torn end of the journal was cut off');
  }
  if (isNewest && found.scanned) {
    try {
      const file = await fs.open(path, 'modify');
      try {
        if (found.tail > 0 && !isLost) await file.truncate(segment.bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      log.error(
        { error, path },
        'the end of the journal cannot be synced: it may be lost if the machine fails',
      );
    }
  }
  if (found.scanned && segment.last >= segment.header.first) {
    await writeIndex(fs, segment, found.routes).catch(() => {});
  }
}

function take(segment: Segment, routes: Routes, frame: Frame): void {
  if (frame.kind === 'event') book(segment, routes, frame);
  else routes.names.set(frame.route, namesIn(frame));
  segment.bytes = frame.offset + frame.length;
}

/** The outputs that an entry of the dictionary stands for. */
export function namesIn(frame: Frame): readonly string[] {
  const names: unknown = JSON.parse(new TextDecoder().decode(frame.payload));
  return names as readonly string[];
}
