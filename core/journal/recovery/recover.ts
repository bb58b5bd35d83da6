import { join } from 'node:path';
import type { CursorFile } from '../cursor/file.ts';
import { cursorFileName, readCursorFiles } from '../cursor/file.ts';
import type { CursorRecovery } from '../cursor/recovery.ts';
import { startCursorRecovery } from '../cursor/recovery.ts';
import type { DamageCounts } from '../files/quarantine.ts';
import { UnknownVersionError } from '../files/unknown-version.ts';
import type { Position } from '../journal.ts';
import { readManifests } from '../manifests/log.ts';
import { recoverManifests } from '../manifests/recovery.ts';
import { PositionBitmap } from '../position-bitmap.ts';
import type { SegmentHeader } from '../segments/codec.ts';
import { saltOf } from '../segments/codec.ts';
import { guessEpoch, keepEpoch, readEpoch } from '../segments/epoch.ts';
import { type Extent, readExtent } from '../segments/extent.ts';
import type { Segment } from '../segments/segment.ts';
import {
  createSegment,
  indexNumber,
  indexPath,
  readIndex,
  segmentNumbers,
  segmentPath,
} from '../segments/segment.ts';
import type { RecoverOptions } from './headers.ts';
import { ownHeaders, readHeaders } from './headers.ts';
import { type FoundLosses, hasLosses, logLosses } from './losses.ts';
import { findSegment, judgeEnd } from './segment.ts';

/** What a directory held when the journal was opened. */
export interface Recovered extends DamageCounts, FoundLosses {
  readonly epoch: string;
  /** Ascending. None is written on: the writer begins a new one. */
  readonly segments: Segment[];
  /** Where the writer starts. */
  readonly start: { readonly next: Position; readonly previous: Position; readonly number: number };
  /** Positions whose frames were found damaged. */
  readonly damaged: PositionBitmap;
}

/**
 * Reads what an earlier process left, whatever state it is in: memory stays bounded, damage is never a reason to refuse, and all
 * that is missing or damaged is logged and counted.
 *
 * @throws UnknownVersionError when a later release has written one of the files; nothing was changed then
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { fs, directory } = options;
  const counts: DamageCounts = { corruptFrames: 0, recoveredBytes: 0, quarantinedFiles: 0 };
  const { found: files, cursorFiles, manifests, epochFile, extent } = await readFiles(options, counts);
  const epoch =
    epochFile === 'damaged' || epochFile === undefined
      ? guessEpoch(
          [...cursorFiles.cursors, ...cursorFiles.forgotten],
          files.map(({ header }) => header),
        )
      : epochFile.epoch;
  if (epochFile === 'damaged') {
    counts.corruptFrames++;
    options.log.error({ epoch }, 'the file epoch is corrupt: the epoch of most files is used');
  }
  await keepEpoch(fs, directory, epoch, epochFile, options.log);
  const headers = await ownHeaders(options, files, { epoch, extent }, counts);
  const cursorRecovery = await startCursorRecovery(options, epoch, cursorFiles, counts);
  const cleanUps: (() => Promise<void>)[] = [];
  const found = { epoch, headers, cursorRecovery, cleanUps, extent };
  const content = await recoverSegments(options, { ...found, counts });
  const newest = Math.max(content.segments.at(-1)?.last ?? 0, headers.at(-1)?.previous ?? 0);
  const endsMissing =
    extent !== undefined && (await findMissingEnds(options, { ...found, ...content, newest, extent }));
  const throughs = [...cursorRecovery.cursors.values()].map((cursor) => cursor.through);
  // What an output has settled did exist: the others may have wanted it.
  if (throughs.some((through) => through < Math.max(...throughs)))
    cursorRecovery.addHole(newest + 1, Math.max(...throughs));
  cursorRecovery.close();
  const lastSealed = recoverManifests(options, cursorRecovery, manifests, counts);
  logLosses(cursorRecovery.cursors.values(), options.log);
  await removeForgotten(options, cursorFiles.forgotten, headers[0]?.first ?? Number.POSITIVE_INFINITY);
  const { cursors } = cursorRecovery;
  const through = Math.max(newest, lastSealed, cursorRecovery.holesEnd(), ...throughs);
  // What is missing is counted. A cursor that says so keeps later starts from counting it again.
  for (const cursor of cursors.values()) cursor.through = through;
  // Never a position twice: not one that a cursor or a manifest has seen and the log has lost.
  const next = Math.max(through, (headers.at(-1)?.first ?? 1) - 1) + 1;
  const lastSegment = Math.max(headers.at(-1)?.number ?? 0, extent?.lastSegment ?? 0);
  return {
    epoch,
    cursors,
    start: {
      next,
      previous: newest,
      number: lastSegment + 1,
    },
    extent: {
      firstSegment: headers[0]?.number ?? lastSegment + 1,
      firstPosition: headers[0]?.first ?? next,
      lastSegment: headers.at(-1)?.number ?? 0,
      lastPosition: newest,
      newest: headers.at(-1),
    },
    endsMissing,
    isIncomplete: cursorRecovery.holesEnd() > 0 || [...cursors.values()].some(hasLosses),
    async cleanUp() {
      for (const step of cleanUps) await step();
    },
    ...content,
    ...counts,
  };
}

/** Reads the small files and the headers; all are looked at before any is changed. @throws UnknownVersionError */
async function readFiles(options: RecoverOptions, counts: DamageCounts) {
  const { fs, directory, cursorDirectory, log } = options;
  let program: string | undefined;
  try {
    const epochFile = await readEpoch(fs, directory);
    if (epochFile !== undefined && epochFile !== 'damaged') program = epochFile.program;
    const manifests = await readManifests(fs, directory);
    const extentFile = await readExtent(fs, directory);
    const extent = extentFile === 'damaged' ? undefined : extentFile;
    if (extentFile === 'damaged') {
      counts.corruptFrames++;
      log.error({ path: join(directory, 'extent') }, 'the extent is corrupt: missing ends are not noticed');
    }
    const cursorFiles = await readCursorFiles(fs, cursorDirectory);
    const found = await readHeaders(options, await segmentNumbers(fs, directory), counts);
    return { found, cursorFiles, manifests, epochFile, extent };
  } catch (error) {
    throw error instanceof UnknownVersionError ? error.withWriter(program) : error;
  }
}

/** The journal's own segments, and what is made of them. */
interface Found {
  readonly epoch: string;
  readonly headers: readonly SegmentHeader[];
  readonly cursorRecovery: CursorRecovery;
  readonly extent: Extent | undefined;
  /** The steps of {@link FoundLosses.cleanUp}. */
  readonly cleanUps: (() => Promise<void>)[];
}

/** Finds out what the segments hold and adds it to the cursors; damage is set aside and logged. */
async function recoverSegments(
  options: RecoverOptions,
  found: Found & { readonly counts: DamageCounts },
): Promise<Pick<Recovered, 'segments' | 'damaged'>> {
  const { directory, quarantine, log } = options;
  const { epoch, headers, cursorRecovery, cleanUps, extent, counts } = found;
  const segments: Segment[] = [];
  const damaged = new PositionBitmap();
  const salt = saltOf(epoch);
  for (const [i, header] of headers.entries()) {
    const segment = createSegment(directory, header);
    const following = headers[i + 1];
    const before = segments.at(-1);
    const content = await findSegment(options, segment, salt, following?.previous);
    if (content.index !== undefined) cursorRecovery.addIndex(content.index);
    cursorRecovery.addEvents(content.routes);
    for (const gap of content.gaps) {
      const lost = Math.max((gap.before ?? gap.after + 1) - gap.after - 1, 1);
      counts.corruptFrames += lost;
      const isKept = await quarantine.copy(segment.path, gap.offset, gap.length);
      const details = { path: segment.path, offset: gap.offset, bytes: gap.length, lost };
      log.error(
        details,
        `found corrupt bytes in the journal${isKept ? '; they were copied to corrupt/' : ''}`,
      );
      if (gap.before !== undefined) {
        damaged.addRun(gap.after + 1, gap.before - 1);
        cursorRecovery.addHole(gap.after + 1, gap.before - 1);
      }
    }
    if (before !== undefined) await findMissingSegments(options, found, before, header);
    const { atMost, cleanUp } = await judgeEnd(options, segment, content, following === undefined, counts);
    if (atMost > 0) cursorRecovery.addDoubtful(Math.min(atMost, positionsAfter(segment, extent)));
    cleanUps.push(cleanUp);
    if (following === undefined && content.index !== undefined)
      cursorRecovery.addHole(segment.last + 1, content.index.last);
    segments.push(segment);
  }
  return { segments, damaged };
}

/** How many positions after the last one of the newest segment were used, at most. */
function positionsAfter({ header, last }: Segment, extent: Extent | undefined): number {
  // Version 0.1 does not know the file: it wrote beyond the extent.
  if (extent === undefined || extent.lastSegment < header.number || extent.lastPosition <= last)
    return Number.POSITIVE_INFINITY;
  return extent.lastPosition - last;
}

/** The positions missing between two segments: a file was removed or truncated. */
async function findMissingSegments(
  options: RecoverOptions,
  found: Found,
  before: Segment,
  { previous, number }: SegmentHeader,
): Promise<void> {
  if (before.last >= previous) return;
  await addIndexes(options, found, before.header.number + 1, number - 1);
  found.cursorRecovery.addHole(before.last + 1, previous);
}

/** Finds what is missing at the beginning and at the end, by the extent. Returns whether anything is. */
async function findMissingEnds(
  options: RecoverOptions,
  found: Found & {
    readonly segments: readonly Segment[];
    readonly newest: Position;
    readonly extent: Extent;
  },
): Promise<boolean> {
  const { headers, segments, cursorRecovery, newest, extent } = found;
  const { firstSegment, firstPosition, lastSegment, lastPosition } = extent;
  const first = headers[0];
  // Version 0.1 does not know the file: it wrote beyond the extent, and may have removed settled segments.
  const isOutdated =
    newest > lastPosition ||
    segments.some(({ header, last }) => header.number > lastSegment && last >= header.first);
  const isStartMissing = !isOutdated && first !== undefined && first.number > firstSegment;
  if (isStartMissing) {
    await addIndexes(options, found, firstSegment, first.number - 1);
    cursorRecovery.addHole(firstPosition, first.previous);
  }
  const last = headers.at(-1)?.number ?? firstSegment - 1;
  if (last >= lastSegment) return isStartMissing;
  const ends = await addIndexes(options, found, last + 1, lastSegment);
  // Where the newest missing segment has an index, it ended cleanly, and the index says where.
  cursorRecovery.addHole(Math.max(newest + 1, firstPosition), ends.get(lastSegment) ?? lastPosition);
  return true;
}

/** Reads the indexes of missing segments. They are removed when the losses are on stable storage: nothing else uses them. */
async function addIndexes(
  { fs, directory }: RecoverOptions,
  { epoch, cursorRecovery, cleanUps }: Found,
  first: number,
  last: number,
): Promise<ReadonlyMap<number, Position>> {
  const ends = new Map<number, Position>();
  const numbers = (await fs.list(directory)).map(indexNumber).filter((number) => number !== undefined);
  for (const number of numbers) {
    if (number < first || number > last) continue;
    const index = await readIndex(fs, directory, { number, epoch });
    if (index !== undefined) {
      cursorRecovery.addIndex(index);
      ends.set(number, index.last);
    }
    cleanUps.push(() => fs.remove(indexPath(segmentPath(directory, number))).catch(() => {}));
  }
  return ends;
}

/** A forgotten output need not be remembered once no event kept can name it. */
async function removeForgotten(
  { fs, cursorDirectory }: RecoverOptions,
  forgotten: readonly CursorFile[],
  oldest: Position,
): Promise<void> {
  for (const { output, through } of forgotten) {
    if (through < oldest) await fs.remove(join(cursorDirectory, cursorFileName(output))).catch(() => {});
  }
}
