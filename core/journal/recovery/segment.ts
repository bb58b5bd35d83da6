import type { File } from '../files/filesystem.ts';
import type { DamageCounts } from '../files/quarantine.ts';
import type { Position } from '../journal.ts';
import type { Frame, Gap } from '../segments/codec.ts';
import { FRAME_BYTES, HEADER_BYTES, namesIn } from '../segments/codec.ts';
import { endsInTornFrame, readFrames } from '../segments/reader.ts';
import type { Routes, Segment, SegmentIndex } from '../segments/segment.ts';
import { createRoutes, readIndex, recordEvent, writeIndex } from '../segments/segment.ts';
import type { RecoverOptions } from './headers.ts';

/** A segment as it was found. */
export interface FoundSegment {
  readonly routes: Routes;
  /** Damage before the last sound frame; in an older segment, after it too. */
  readonly gaps: readonly Gap[];
  /** Bytes after the last frame that counts. */
  readonly tail: number;
  /** The tail is the beginning of a frame: a write that did not finish, and was not acknowledged. */
  readonly isTorn: boolean;
  /** Intact events in the tail that are ignored: another process was already writing the journal. */
  readonly ignored: number;
  /** Its index, where that knows more than the file holds. */
  readonly index: SegmentIndex | undefined;
  /** It was read whole and deserves an index. */
  readonly scanned: boolean;
}

/**
 * Finds out what a segment holds: from its index, else by reading it, a megabyte at a time.
 *
 * @param limit the last position that counts; undefined for the newest segment
 */
export async function findSegment(
  { fs, directory }: Pick<RecoverOptions, 'fs' | 'directory'>,
  segment: Segment,
  salt: number,
  limit: Position | undefined,
): Promise<FoundSegment> {
  const file = await fs.open(segment.path, 'read');
  try {
    const fileBytes = await file.size();
    const index = await readIndex(fs, directory, segment.header);
    // An index of the newest segment marks a clean end, if nothing was written after it; an older one's must not know of
    // more than counts.
    const fits =
      index !== undefined &&
      (limit === undefined ? index.bytes === fileBytes : index.bytes <= fileBytes && index.last <= limit);
    if (fits) {
      segment.last = index.last;
      segment.bytes = index.bytes;
      segment.marks.push(...index.marks);
      return {
        routes: index.routes,
        gaps: [],
        tail: 0,
        isTorn: false,
        ignored: 0,
        index: undefined,
        scanned: false,
      };
    }
    return { ...(await scan(file, fileBytes, segment, salt, limit)), index, scanned: true };
  } finally {
    await file.close();
  }
}

async function scan(
  file: File,
  fileBytes: number,
  segment: Segment,
  salt: number,
  limit: Position | undefined,
): Promise<Omit<FoundSegment, 'index' | 'scanned'>> {
  const { first } = segment.header;
  const routes = createRoutes();
  const gaps: Gap[] = [];
  let trailing: Gap | undefined;
  let ignored = 0;
  let from = { offset: HEADER_BYTES, after: first - 1 };
  while (from.offset < fileBytes) {
    const stretch = await readFrames(file, salt, from, fileBytes);
    for (const frame of stretch.frames) {
      if (frame.position <= (limit ?? Number.POSITIVE_INFINITY)) record(segment, routes, frame);
      else if (frame.kind === 'event') ignored++;
    }
    for (const gap of stretch.gaps) {
      if (gap.before === undefined) trailing = gap;
      else if (limit === undefined) gaps.push(gap);
      else if (gap.after < limit) gaps.push({ ...gap, before: Math.min(gap.before, limit + 1) });
    }
    from = { offset: stretch.next, after: stretch.frames.at(-1)?.position ?? from.after };
  }
  const tail = fileBytes - segment.bytes;
  // After the last sound frame of an older segment something is missing only if the log went on further.
  if (ignored === 0 && trailing !== undefined && limit !== undefined && limit > segment.last) {
    gaps.push({ ...trailing, before: limit + 1 });
    return { routes, gaps, tail: 0, isTorn: false, ignored };
  }
  return { routes, gaps, tail, isTorn: await endsInTornFrame(file, fileBytes, segment), ignored };
}

function record(segment: Segment, routes: Routes, frame: Frame): void {
  if (frame.kind === 'event') recordEvent(segment, routes, frame);
  else routes.names.set(frame.route, namesIn(frame));
  segment.bytes = frame.offset + frame.length;
}

/** What the end of a segment came to. */
export interface SegmentEnd {
  /** An upper bound of the events that were lost at the end of the segment. */
  readonly atMost: number;
  /** Cuts off what does not count, and writes the index of a segment that had to be read. Never rejects. */
  cleanUp(): Promise<void>;
}

/**
 * Judges what stands after the last event of a segment. What the newest segment holds counts from now on, so it is synced: the
 * process before may have died between writing and syncing. An end that the disk cannot read is left as it is.
 */
export async function judgeEnd(
  { fs, log, quarantine }: Pick<RecoverOptions, 'fs' | 'log' | 'quarantine'>,
  segment: Segment,
  found: FoundSegment,
  isNewest: boolean,
  counts: DamageCounts,
): Promise<SegmentEnd> {
  const { path } = segment;
  let atMost = 0;
  if (found.ignored > 0) {
    counts.recoveredBytes += found.tail;
    log.warn(
      { path, events: found.ignored, bytes: found.tail },
      `${found.ignored} events at the end of a segment are ignored: they were written after the journal went on in another segment, and were not acknowledged`,
    );
  }
  const isUnreadable = found.tail > 0 && fs.isUnreadable(path, segment.bytes);
  /** Nothing is cut off that may be of use and is not in `corrupt/`. */
  let isKept = found.isTorn && !isUnreadable;
  if (isNewest && found.tail > 0) {
    // The smallest event has one byte; what the index knows is counted exactly, elsewhere. An incomplete write was not
    // acknowledged, but a file that somebody has cut looks the same.
    if (found.index === undefined) atMost = found.isTorn ? 1 : Math.ceil(found.tail / (FRAME_BYTES + 1));
    if (!found.isTorn) {
      counts.corruptFrames++;
      isKept = !isUnreadable && (await quarantine.copy(path, segment.bytes, found.tail));
      log.error(
        { path, offset: segment.bytes, bytes: found.tail, at_most: atMost },
        `the end of the journal ${isUnreadable ? 'cannot be read' : 'is corrupt'}: the events accepted last may be lost`,
      );
    } else {
      counts.recoveredBytes += found.tail;
      log.warn(
        { path, bytes: found.tail, at_most: atMost },
        'cut off an incomplete write at the end of the journal',
      );
    }
  }
  const isCut = isNewest && found.tail > 0 && isKept;
  /** @returns whether it is synced */
  const sync = async (cut: boolean) => {
    try {
      const file = await fs.open(path, 'modify');
      try {
        if (cut) await file.truncate(segment.bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      log.error(
        { error, path },
        'the end of the journal cannot be synced: events may be lost if the machine fails',
      );
      return false;
    }
  };
  const isSynced = isNewest && found.scanned && (await sync(false));
  return {
    atMost,
    async cleanUp() {
      // After a sync that failed, another one proves nothing.
      if (isCut && isSynced) await sync(true);
      if (found.scanned && segment.last >= segment.header.first)
        await writeIndex(fs, segment, found.routes).catch(() => {});
    },
  };
}
