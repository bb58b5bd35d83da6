import type { Logger } from '../../sdk/contract/logger.ts';
import type { File, FileSystem } from '../files/filesystem.ts';
import { codeOf, readAll } from '../files/filesystem.ts';
import type { Quarantine } from '../files/quarantine.ts';
import type { Position, StoredEvent } from '../journal.ts';
import type { PositionBitmap } from '../position-bitmap.ts';
import type { PositionSet } from '../positions.ts';
import type { Gap, Stretch } from './codec.ts';
import { FRAME_BYTES, isTornFrame, parseFrames, saltOf } from './codec.ts';
import type { Segment } from './segment.ts';
import { markBefore, segmentOf } from './segment.ts';

/** Read at once at the most, but for a frame, or damage, that is longer. */
export const MOST_BYTES = 1 << 20;
const LEAST_BYTES = 16 << 10;

/**
 * Reads the frames of a file from an offset, about `chunk` bytes of them; more when one frame, or damage, is longer.
 *
 * @param after the position before the first frame; undefined: any position may come first
 */
export async function readFrames(
  file: File,
  salt: number,
  from: { readonly offset: number; readonly after: Position | undefined },
  fileEnd: number,
  chunk = MOST_BYTES,
): Promise<Stretch> {
  for (let size = chunk; ; size *= 4) {
    const wanted = Math.min(size, fileEnd - from.offset);
    const bytes = await readAll(file, new Uint8Array(wanted), from.offset);
    const end = from.offset + bytes.length;
    if (bytes.length < wanted) {
      // Shorter than it should be: the rest is a gap of which nothing is left.
      const { frames, gaps } = parseFrames(bytes, from.offset, salt, from.after, end);
      const after = frames.at(-1)?.position ?? from.after ?? 0;
      return { frames, gaps: [...gaps, { offset: end, length: 0, after }], next: fileEnd };
    }
    const stretch = parseFrames(bytes, from.offset, salt, from.after, fileEnd);
    if (stretch.frames.length > 0 || end >= fileEnd) return stretch;
  }
}

/** Events read from storage, and the last of the positions asked for that is dealt with: found, or known to be gone. */
export interface Chunk {
  readonly events: readonly StoredEvent[];
  readonly through: Position;
}

/** Reads the events of a journal from its segments. */
export interface SegmentReader {
  /** Ascending; may lose its first and gain at its end during a read. */
  readonly segments: readonly Segment[];
  /** Reads events by position, ascending, a chunk at a time: as much as the positions span, but a megabyte at most. */
  read(positions: PositionSet): AsyncGenerator<Chunk>;
  /** Damaged frames met while reading, each counted once. */
  damagedFrames(): number;
}

export function createSegmentReader(options: {
  readonly fs: FileSystem;
  readonly epoch: string;
  readonly segments: readonly Segment[];
  /** Positions found damaged at the start; grows by those that are met. */
  readonly damaged: PositionBitmap;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}): SegmentReader {
  const { fs, segments, damaged, quarantine, log } = options;
  const salt = saltOf(options.epoch);
  const places = new Set<string>();
  let damagedFrames = 0;

  /** Counts, logs and copies a damaged place, once, however often it is read. */
  async function report({ path, last: lastInSegment }: Segment, gap: Gap): Promise<void> {
    const { offset, length, after, before } = gap;
    const last = (before ?? lastInSegment + 1) - 1;
    const place = `${path}:${offset}`;
    const fresh = last > after ? damaged.addRun(after + 1, last) : places.has(place) ? 0 : 1;
    places.add(place);
    if (fresh === 0) return;
    damagedFrames += fresh;
    const isKept = await quarantine.copy(path, offset, length);
    log.error(
      { path, offset, bytes: length, events: fresh },
      `found corrupt bytes in the journal${isKept ? '; they were copied to corrupt/' : ''}`,
    );
  }

  async function* read(positions: PositionSet): AsyncGenerator<Chunk> {
    const wanted = positions[Symbol.iterator]();
    let position = next(wanted);
    while (position !== undefined) {
      const segment = segments[segmentOf(segments, position)];
      if (segment === undefined || segment.last < position) return;
      const file = await openSegment(fs, segment);
      try {
        let from = { offset: 0, after: 0 };
        while (position !== undefined && position <= segment.last) {
          const fileEnd = segment.bytes;
          from = closest(segment, position, from);
          const events: StoredEvent[] = [];
          let through: Position = position;
          if (file === undefined || from.offset >= fileEnd || position < segment.header.first) {
            // Not there: unlinked, or cut off.
            const missing: Position =
              position < segment.header.first ? segment.header.first - 1 : segment.last;
            while (position !== undefined && position <= missing)
              [through, position] = [position, next(wanted)];
            yield { events, through };
            continue;
          }
          const span = chunkFor(segment, Math.min(positions.last, segment.last) - position + 1);
          const stretch = await readFrames(file, salt, from, fileEnd, span);
          for (const gap of stretch.gaps) await report(segment, gap);
          let after = from.after;
          for (const frame of stretch.frames) {
            after = frame.position;
            if (frame.kind !== 'event') continue;
            while (position !== undefined && position < frame.position) {
              [through, position] = [position, next(wanted)];
            }
            if (position !== frame.position) continue;
            events.push({ position, receivedAt: frame.receivedAt, raw: frame.payload });
            [through, position] = [position, next(wanted)];
          }
          from = { offset: stretch.next, after };
          if (events.length > 0) yield { events, through };
        }
      } finally {
        await file?.close();
      }
    }
  }

  return { segments, read, damagedFrames: () => damagedFrames };
}

/**
 * Do the bytes after the last sound frame begin a frame that reaches beyond the end of the file? A write that was cut short
 * looks like that. Anything else there may have been events.
 */
export async function endsInTornFrame(
  file: File,
  fileBytes: number,
  { bytes, last }: Pick<Segment, 'bytes' | 'last'>,
): Promise<boolean> {
  const left = fileBytes - bytes;
  if (left < FRAME_BYTES) return true;
  const head = new Uint8Array(FRAME_BYTES);
  await readAll(file, head, bytes);
  return isTornFrame(head, last, left);
}

/** Undefined when the file is gone: everything in it was settled meanwhile, or the file was deleted. */
async function openSegment(fs: FileSystem, segment: Segment): Promise<File | undefined> {
  try {
    return await fs.open(segment.path, 'read');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Where to read on for a position: here, or further on at a mark nearer to it. */
function closest(segment: Segment, position: Position, here: { offset: number; after: Position }) {
  const { marks } = segment;
  const mark = markBefore(segment, position);
  const marked = marks[mark];
  if (marked === undefined) return { offset: segment.bytes, after: segment.last };
  return marks[mark + 1]! > here.offset ? { offset: marks[mark + 1]!, after: marked - 1 } : here;
}

/** Bytes that a number of events will take, by the segment's average. */
function chunkFor(segment: Segment, events: number): number {
  const average = segment.bytes / Math.max(segment.last - segment.header.first + 1, 1);
  return Math.min(Math.max(Math.ceil(events * average) + 4096, LEAST_BYTES), MOST_BYTES);
}

function next(positions: Iterator<Position>): Position | undefined {
  const { value, done } = positions.next();
  return done ? undefined : value;
}
