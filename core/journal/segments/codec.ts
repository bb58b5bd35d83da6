/**
 * The bytes of a segment, little-endian:
 *
 *     header header frame*
 *     header: magic 8 | version u32 | number u32 | first u64 | previous u64 | epoch 16 | created u64 | nonce u32 | crc32 u32
 *     frame:  crc32 u32 | length u32 | kind u8 | 0 u8 | route u16 | position u64 | received u64 | payload
 *
 * The header is stored twice, so that one flipped bit does not cost a segment. The CRC of a frame covers everything after
 * it and is seeded with the CRC of the epoch, so that bytes of another log, or of a sender, never pass for a frame.
 *
 * Every later version keeps magic, version and the CRC of the first 60 bytes where they are, so that an older program can
 * tell a later version from damage.
 */
import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Position } from '../journal.ts';

const MAGIC = 'tiercel\n';
/** The version of the format of segments that this program reads and writes. */
export const SEGMENT_VERSION = 1;
const HEADER = 64;

/** Where the first frame of a segment starts. */
export const HEADER_BYTES = 2 * HEADER;
/** Bytes of a frame before its payload. */
export const FRAME_BYTES = 28;
/** Route ids are 16 bits. */
export const MOST_ROUTES = 65_535;

export interface SegmentHeader {
  /** Also the file's name; consecutive. */
  readonly number: number;
  /** The position of the first event in it. */
  readonly first: Position;
  /** The last position that was in force when the segment was begun: what older segments hold beyond it was never acknowledged. */
  readonly previous: Position;
  readonly epoch: string;
  readonly createdAt: number;
  /** Random: two segments with one number, in two copies of a journal, differ in it. 0 in segments of before 0.2. */
  readonly nonce: number;
}

/** A nonce for a new segment. */
export function createNonce(): number {
  return randomInt(1, 2 ** 32);
}

/** Names a segment uniquely among all copies and restored snapshots of its journal. */
export function segmentIdentity({ number, createdAt, nonce }: SegmentHeader): string {
  return `${number}.${createdAt}.${nonce}`;
}

export function encodeHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, SEGMENT_VERSION, true);
  view.setUint32(12, header.number, true);
  view.setBigUint64(16, BigInt(header.first), true);
  view.setBigUint64(24, BigInt(header.previous), true);
  bytes.set(Buffer.from(header.epoch.replaceAll('-', ''), 'hex'), 32);
  view.setBigUint64(48, BigInt(header.createdAt), true);
  view.setUint32(56, header.nonce, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  bytes.copyWithin(HEADER, 0, HEADER);
  return bytes;
}

/** A sound header of a version that this program does not know. */
export interface UnknownVersion {
  readonly unknownVersion: number;
}

/** Reads a sound copy of the header; undefined when both are damaged. */
export function decodeHeader(bytes: Uint8Array): SegmentHeader | UnknownVersion | undefined {
  return decodeCopy(bytes.subarray(0, HEADER)) ?? decodeCopy(bytes.subarray(HEADER, HEADER_BYTES));
}

function decodeCopy(bytes: Uint8Array): SegmentHeader | UnknownVersion | undefined {
  if (bytes.length < HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(60, true) !== crc32(bytes.subarray(0, 60))) return undefined;
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) return undefined;
  const version = view.getUint32(8, true);
  if (version !== SEGMENT_VERSION) return { unknownVersion: version };
  const hex = Buffer.from(bytes.subarray(32, 48)).toString('hex');
  return {
    number: view.getUint32(12, true),
    first: Number(view.getBigUint64(16, true)),
    previous: Number(view.getBigUint64(24, true)),
    epoch: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    createdAt: Number(view.getBigUint64(48, true)),
    nonce: view.getUint32(56, true),
  };
}

/** An event, or (`route`) an entry of the segment's dictionary: an id and, as JSON, the outputs it stands for. */
export type FrameKind = 'event' | 'route';

export interface Frame {
  readonly kind: FrameKind;
  /** Where it starts in the file, and its length there. */
  readonly offset: number;
  readonly length: number;
  readonly route: number;
  /** Of a dictionary entry: of the event before it. */
  readonly position: Position;
  readonly receivedAt: number;
  readonly payload: Uint8Array;
}

const KINDS: readonly (FrameKind | undefined)[] = [undefined, 'event', 'route'];

/** What the CRC of every frame of a log starts from. */
export function saltOf(epoch: string): number {
  return crc32(new TextEncoder().encode(epoch));
}

/** Writes a frame at an offset of a buffer that has room. Returns the offset after it. */
export function writeFrame(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  salt: number,
  frame: Omit<Frame, 'offset' | 'length'>,
): number {
  const end = at + FRAME_BYTES + frame.payload.length;
  view.setUint32(at + 4, end - at, true);
  view.setUint8(at + 8, KINDS.indexOf(frame.kind));
  view.setUint8(at + 9, 0);
  view.setUint16(at + 10, frame.route, true);
  setSafe(view, at + 12, frame.position);
  setSafe(view, at + 20, frame.receivedAt);
  bytes.set(frame.payload, at + FRAME_BYTES);
  view.setUint32(at, crc32(bytes.subarray(at + 4, end), salt), true);
  return end;
}

/** The names of outputs in an entry of the dictionary. */
export function namesIn(frame: Frame): readonly string[] {
  const names: unknown = JSON.parse(new TextDecoder().decode(frame.payload));
  return names as readonly string[];
}

/** The frames found in a stretch of a file. */
export interface Stretch {
  readonly frames: readonly Frame[];
  /** Bytes that are no frame, between frames or (`before` absent) before the end of the file. */
  readonly gaps: readonly Gap[];
  /** Where the next stretch starts. */
  readonly next: number;
}

export interface Gap {
  readonly offset: number;
  readonly length: number;
  /** The position of the last event before the gap, and of the first one after it. */
  readonly after: Position;
  readonly before?: Position;
}

/** Frames this far ahead of the one before are not believed, whatever their CRC. */
const BELIEVABLE = 2 ** 24;

/**
 * Finds the frames in bytes that stand at `offset` of a file; between damage and the next sound frame lies a gap.
 *
 * @param after the position before the first frame; undefined: any position may come first
 * @param fileEnd where the file ends: a frame or a gap that these bytes do not hold whole is left for the next stretch
 */
export function parseFrames(
  bytes: Uint8Array,
  offset: number,
  salt: number,
  after: Position | undefined,
  fileEnd: number,
): Stretch {
  const isEnd = offset + bytes.length >= fileEnd;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: Frame[] = [];
  const gaps: Gap[] = [];
  let last = after;
  let bad = -1;
  let at = 0;
  while (at < bytes.length) {
    const frame = frameAt(bytes, view, at, offset, salt, last, fileEnd);
    if (frame === 'short') break;
    if (frame === undefined) {
      if (bad < 0) bad = at;
      at++;
      continue;
    }
    if (bad >= 0) {
      // The event that a dictionary entry comes after may be what is damaged.
      const before = frame.kind === 'event' ? frame.position : frame.position + 1;
      gaps.push({ offset: offset + bad, length: at - bad, after: last ?? before - 1, before });
    }
    bad = -1;
    frames.push(frame);
    last = frame.position;
    at += frame.length;
  }
  if (bad >= 0 && isEnd) gaps.push({ offset: offset + bad, length: bytes.length - bad, after: last ?? 0 });
  return { frames, gaps, next: offset + (bad >= 0 && !isEnd ? bad : at) };
}

function frameAt(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  offset: number,
  salt: number,
  last: Position | undefined,
  fileEnd: number,
): Frame | 'short' | undefined {
  const remaining = fileEnd - offset - at;
  if (remaining < FRAME_BYTES) return undefined;
  if (bytes.length - at < FRAME_BYTES) return 'short';
  const length = view.getUint32(at + 4, true);
  const kind = KINDS[view.getUint8(at + 8)];
  const position = getSafe(view, at + 12);
  if (kind === undefined || view.getUint8(at + 9) !== 0 || length < FRAME_BYTES) return undefined;
  const ahead = last === undefined ? 1 : position - last;
  if (ahead < (kind === 'event' ? 1 : 0) || ahead > BELIEVABLE) return undefined;
  if (length > remaining) return undefined;
  if (length > bytes.length - at) return 'short';
  if (crc32(bytes.subarray(at + 4, at + length), salt) !== view.getUint32(at, true)) return undefined;
  return {
    kind,
    offset: offset + at,
    length,
    route: view.getUint16(at + 10, true),
    position,
    receivedAt: getSafe(view, at + 20),
    payload: bytes.subarray(at + FRAME_BYTES, at + length),
  };
}

/** Does this begin a frame that is longer than the bytes left in the file? @param last the position before it */
export function isTornFrame(head: Uint8Array, last: Position, left: number): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const ahead = getSafe(view, 12) - last;
  const isPlausible =
    view.getUint8(9) === 0 && KINDS[view.getUint8(8)] !== undefined && ahead >= 0 && ahead < BELIEVABLE;
  return isPlausible && view.getUint32(4, true) > left;
}

/** Two halves instead of a BigInt, which takes ten times as long for each frame: `bench/cases/recovery.ts`, "no index at all". */
function setSafe(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getSafe(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
