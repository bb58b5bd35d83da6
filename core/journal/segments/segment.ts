import { join } from 'node:path';
import { decodeChecked, encodeChecked } from '../files/checked-file.ts';
import type { FileSystem } from '../files/filesystem.ts';
import { readWhole, replaceFile } from '../files/filesystem.ts';
import type { Position } from '../journal.ts';
import type { Frame, SegmentHeader } from './codec.ts';
import { HEADER_BYTES } from './codec.ts';

/** What is known in memory of a segment file. */
export interface Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  /** The last position in it; `header.first - 1` while it holds none. */
  last: Position;
  /** Where its sound frames end. */
  bytes: number;
  /** Flat triples of position, offset and acceptance time: one event about every 64 KiB, to find the others from. */
  readonly marks: number[];
}

/** Which outputs want which positions of one segment: needed at recovery, and until the index is written. */
export interface Routes {
  /** The dictionary: an array of output names for each route id. */
  readonly names: Map<number, readonly string[]>;
  /** Flat triples of first position, last position and route id, ascending. */
  readonly runs: number[];
}

const MARK_EVERY = 64 << 10;

export function createSegment(directory: string, header: SegmentHeader): Segment {
  const path = segmentPath(directory, header.number);
  return { path, header, last: header.first - 1, bytes: HEADER_BYTES, marks: [] };
}

export function createRoutes(): Routes {
  return { names: new Map(), runs: [] };
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(12, '0')}.segment`);
}

/** The number in a segment's file name, undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^(\d{12})\.segment$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The numbers of the segments in a directory, ascending. */
export async function segmentNumbers(fs: FileSystem, directory: string): Promise<number[]> {
  const numbers = (await fs.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  return numbers.sort((a, b) => a - b);
}

/** @param path of the segment */
export function indexPath(path: string): string {
  return path.replace(/\.segment$/, '.index');
}

/** The number in the file name of an index, undefined for other files. */
export function indexNumber(name: string): number | undefined {
  const digits = /^(\d{12})\.index$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Records an event of the segment's file; ascending. */
export function recordEvent(
  segment: Segment,
  routes: Routes,
  frame: Pick<Frame, 'position' | 'offset' | 'receivedAt' | 'route'>,
): void {
  const { marks } = segment;
  if (marks.length === 0 || frame.offset - marks.at(-2)! >= MARK_EVERY) {
    marks.push(frame.position, frame.offset, frame.receivedAt);
  }
  const { runs } = routes;
  const end = runs.length;
  if (end > 0 && runs[end - 1] === frame.route && runs[end - 2] === frame.position - 1) {
    runs[end - 2] = frame.position;
  } else {
    runs.push(frame.position, frame.position, frame.route);
  }
  segment.last = frame.position;
}

/** The mark at or before a position, as an index into `marks`; the first one when all are after it. */
export function markBefore(segment: Segment, position: Position): number {
  const { marks } = segment;
  let low = 0;
  let high = marks.length / 3 - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (marks[3 * middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return 3 * low;
}

/** The segment that would hold a position, as an index; the segments ascend. */
export function segmentOf(segments: readonly Segment[], position: Position): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.last < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface IndexHead {
  readonly number: number;
  readonly epoch: string;
  /** The segment's header, which may be damaged. Version 0.1 does not write it. */
  readonly header?: SegmentHeader;
  readonly last: Position;
  readonly bytes: number;
  readonly routes: readonly (readonly [id: number, names: readonly string[]])[];
  readonly marks: number;
}

/**
 * Writes what a start needs to know of a finished segment, so that it need not be read whole. Not synced: a torn
 * index fails its CRC, and the segment is read instead.
 */
export async function writeIndex(fs: FileSystem, segment: Segment, routes: Routes): Promise<void> {
  const { header, last, bytes, marks } = segment;
  const head: IndexHead = {
    number: header.number,
    epoch: header.epoch,
    header,
    last,
    bytes,
    routes: [...routes.names],
    marks: marks.length,
  };
  const numbers = [...marks];
  let end = header.first;
  for (let i = 0; i < routes.runs.length; i += 3) {
    const first = routes.runs[i]!;
    numbers.push(first - end, routes.runs[i + 1]! - first, routes.runs[i + 2]!);
    end = routes.runs[i + 1]!;
  }
  await replaceFile(fs, indexPath(segment.path), encodeChecked({ head, numbers }), { durable: false });
}

/** What the index of a segment says. */
export interface SegmentIndex {
  /** Absent in an index that version 0.1 wrote. */
  readonly header?: SegmentHeader | undefined;
  /** The last position in the segment. */
  readonly last: Position;
  /** Where its frames end. */
  readonly bytes: number;
  readonly marks: readonly number[];
  readonly routes: Routes;
}

/**
 * Reads the index of a segment; undefined when there is none, or it belongs to another segment, or it is damaged.
 *
 * @param header of the segment; without a nonce where the segment is missing or its header is damaged
 */
export async function readIndex(
  fs: FileSystem,
  directory: string,
  { number, epoch, nonce }: Pick<SegmentHeader, 'number' | 'epoch'> & Partial<Pick<SegmentHeader, 'nonce'>>,
): Promise<SegmentIndex | undefined> {
  const path = indexPath(segmentPath(directory, number));
  const data = await readWhole(fs, path).catch(() => undefined);
  const checked = data && decodeIndex(data, path);
  if (checked === undefined) return undefined;
  const head = checked.head as IndexHead;
  if (head.number !== number || head.epoch !== epoch || head.marks === 0) return undefined;
  if (nonce !== undefined && (head.header?.nonce ?? 0) !== nonce) return undefined;
  const marks = checked.numbers.slice(0, head.marks);
  const routes: Routes = { names: new Map(head.routes), runs: [] };
  // The first mark is of the first event.
  let end = marks[0]! - checked.numbers[head.marks]!;
  for (let i = head.marks; i < checked.numbers.length; i += 3) {
    const first = end + checked.numbers[i]!;
    end = first + checked.numbers[i + 1]!;
    routes.runs.push(first, end, checked.numbers[i + 2]!);
  }
  return { header: head.header, last: head.last, bytes: head.bytes, marks, routes };
}

/** An index of a later version is ignored: the segment is scanned instead. */
function decodeIndex(data: Uint8Array, path: string): ReturnType<typeof decodeChecked> {
  try {
    return decodeChecked(data, path);
  } catch {
    return undefined;
  }
}
