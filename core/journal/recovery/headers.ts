import type { Logger } from '../../sdk/contract/logger.ts';
import { type FileSystem, readAll, writeAll } from '../files/filesystem.ts';
import type { DamageCounts, Quarantine } from '../files/quarantine.ts';
import type { RetryingFileSystem } from '../files/retrying-reads.ts';
import { UnknownVersionError } from '../files/unknown-version.ts';
import type { Frame, SegmentHeader } from '../segments/codec.ts';
import {
  createNonce,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  SEGMENT_VERSION,
  saltOf,
} from '../segments/codec.ts';
import type { Extent } from '../segments/extent.ts';
import { readFrames } from '../segments/reader.ts';
import { readIndex, segmentPath } from '../segments/segment.ts';

/** What every step of a recovery works with. */
export interface RecoverOptions {
  readonly fs: RetryingFileSystem;
  readonly directory: string;
  readonly cursorDirectory: string;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}

/** A segment file as it was found; without a header where both copies are damaged. */
export interface FoundHeader {
  /** By the file's name. */
  readonly number: number;
  readonly path: string;
  readonly size: number;
  readonly header: SegmentHeader | undefined;
  /** One copy of the header is damaged, or both are. */
  readonly isDamaged: boolean;
}

/** Reads the header of a segment file. @throws UnknownVersionError */
export async function readHeader(fs: FileSystem, directory: string, number: number): Promise<FoundHeader> {
  const path = segmentPath(directory, number);
  const file = await fs.open(path, 'read');
  try {
    const size = await file.size();
    const bytes = await readAll(file, new Uint8Array(HEADER_BYTES), 0);
    const header = decodeHeader(bytes);
    if (header !== undefined && 'unknownVersion' in header)
      throw new UnknownVersionError({ path, version: header.unknownVersion, known: SEGMENT_VERSION });
    const isDamaged = header === undefined || Buffer.compare(bytes, encodeHeader(header)) !== 0;
    return { number, path, size, header, isDamaged };
  } finally {
    await file.close();
  }
}

/** Is this what a process leaves that dies while it creates a segment? Of the newest segment alone: nothing in it was acknowledged. */
export function isUnfinished({ size, isDamaged }: FoundHeader): boolean {
  return isDamaged && size <= HEADER_BYTES;
}

/** Why a segment with this header, found under this number, does not belong to the journal; undefined when it does. */
export function whyForeign(header: SegmentHeader, number: number, epoch: string): string | undefined {
  if (header.epoch !== epoch) return `it belongs to another journal (epoch ${header.epoch})`;
  return header.number === number ? undefined : `it is a copy of segment ${header.number}`;
}

/**
 * Reads the headers of all segment files, ascending. A newest file that is unfinished is removed.
 *
 * @throws UnknownVersionError
 */
export async function readHeaders(
  { fs, directory }: RecoverOptions,
  numbers: readonly number[],
  counts: DamageCounts,
): Promise<FoundHeader[]> {
  const found: FoundHeader[] = [];
  for (const number of numbers) found.push(await readHeader(fs, directory, number));
  const newest = found.at(-1);
  if (newest !== undefined && isUnfinished(newest)) {
    counts.recoveredBytes += newest.size;
    await fs.remove(newest.path);
    found.pop();
  }
  return found;
}

/**
 * The headers of the segments that belong to this journal, ascending. A damaged header is replaced where the frames after it
 * are sound. Segments that do not belong to the journal are set aside and counted.
 */
export async function ownHeaders(
  options: RecoverOptions,
  found: readonly FoundHeader[],
  { epoch, extent }: { readonly epoch: string; readonly extent: Extent | undefined },
  counts: DamageCounts,
): Promise<SegmentHeader[]> {
  const own: SegmentHeader[] = [];
  for (const { number, path, size, header, isDamaged } of found) {
    const usable = header ?? (await repairHeader(options, number, path, epoch, extent?.newest));
    const why =
      usable === undefined
        ? 'its header is damaged and it holds no sound event'
        : whyForeign(usable, number, epoch);
    if (usable !== undefined && why === undefined) {
      if (isDamaged) await replaceHeader(options, path, usable, counts);
      own.push(usable);
      continue;
    }
    const isMoved = await options.quarantine.move(path);
    options.log.error(
      { path, bytes: size },
      `a segment ${isMoved ? 'was moved to corrupt/' : 'is passed over where it is'}: ${why}`,
    );
    counts.quarantinedFiles++;
    if (usable === undefined) counts.corruptFrames++;
  }
  return own;
}

/**
 * The header of a segment of which both copies are damaged: as the extent or the index of the segment has it. Without them a new
 * one, which differs in time and nonce: batches that were sealed before keep their ids, but a dead letter of an event that is
 * delivered again is written twice.
 *
 * @param newest the header of the newest segment
 * @returns undefined when no frame of this journal follows
 */
async function repairHeader(
  { fs, directory }: RecoverOptions,
  number: number,
  path: string,
  epoch: string,
  newest: SegmentHeader | undefined,
): Promise<SegmentHeader | undefined> {
  const first = await firstEvent(fs, path, epoch);
  if (first === undefined) return undefined;
  const index = await readIndex(fs, directory, { number, epoch });
  const known = [newest, index?.header].find((header) => header?.number === number && header.epoch === epoch);
  if (known !== undefined && known.first <= first.position) return known;
  return {
    number,
    first: first.position,
    previous: first.position - 1,
    epoch,
    createdAt: first.receivedAt,
    nonce: createNonce(),
  };
}

/** Writes both copies of a header. Not synced: if they are lost, the next start replaces them again. */
async function replaceHeader(
  { fs, quarantine, log }: RecoverOptions,
  path: string,
  header: SegmentHeader,
  counts: DamageCounts,
): Promise<void> {
  counts.corruptFrames++;
  await quarantine.copy(path, 0, HEADER_BYTES);
  try {
    const target = await fs.open(path, 'modify');
    try {
      await writeAll(target, encodeHeader(header), 0);
    } finally {
      await target.close();
    }
    log.error({ path, bytes: HEADER_BYTES }, 'the header of a segment was damaged and has been replaced');
  } catch (error) {
    log.error(
      { error, path, bytes: HEADER_BYTES },
      'the header of a segment is damaged and cannot be replaced; a new one is used in memory',
    );
  }
}

/** The first sound event of this journal in a segment whose header is damaged. */
async function firstEvent(fs: FileSystem, path: string, epoch: string): Promise<Frame | undefined> {
  const file = await fs.open(path, 'read');
  try {
    const size = await file.size();
    let from: { offset: number; after: number | undefined } = { offset: HEADER_BYTES, after: undefined };
    while (from.offset < size) {
      const { frames, next } = await readFrames(file, saltOf(epoch), from, size);
      const first = frames.find(({ kind }) => kind === 'event');
      if (first !== undefined) return first;
      from = { offset: next, after: frames.at(-1)?.position };
    }
    return undefined;
  } finally {
    await file.close();
  }
}
