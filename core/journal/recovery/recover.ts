import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Cursor, Cursors } from '../cursor/file.ts';
import { cursorFile, readCursors } from '../cursor/file.ts';
import type { Books } from '../cursor/recovery.ts';
import { openBooks } from '../cursor/recovery.ts';
import { hasLosses, type Ledger } from '../cursor/state.ts';
import type { DamageCounts } from '../files/quarantine.ts';
import { UnknownVersionError } from '../files/unknown-version.ts';
import type { Position } from '../journal.ts';
import { readManifests } from '../manifests/log.ts';
import { enterManifests } from '../manifests/recovery.ts';
import { PositionBits } from '../position-bitmap.ts';
import type { SegmentHeader } from '../segments/codec.ts';
import { saltOf } from '../segments/codec.ts';
import { keepEpoch, readEpoch } from '../segments/epoch.ts';
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
import { type FoundHeader, ownHeaders, readHeaders } from './headers.ts';
import { findSegment, judgeTail } from './segment.ts';

/** What a directory held when the journal was opened. */
export interface Recovered extends DamageCounts {
  readonly epoch: string;
  /** Ascending. None is written on: the writer begins a new one. */
  readonly segments: Segment[];
  /** One for each cursor file. */
  readonly ledgers: Map<string, Ledger>;
  readonly extent: Extent;
  /** Segments at an end of the extent that was found are missing; they are counted. */
  readonly endsMissing: boolean;
  /** Where the writer starts. */
  readonly start: { readonly next: Position; readonly previous: Position; readonly number: number };
  /** Events are missing: the cursors have to be saved before {@link settle}. */
  readonly isIncomplete: boolean;
  /** Positions whose frames were found damaged. */
  readonly damaged: PositionBits;
  /**
   * Removes what tells of the losses: bytes that do not count, indexes of missing segments, old indexes of damaged ones. Call
   * it when the cursors with the losses are on stable storage: a start that dies before finds the same again. Never rejects.
   */
  settle(): Promise<void>;
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
  const { found: files, cursors, manifests, epochFile, extent } = await readFiles(options, counts);
  const epoch =
    epochFile === 'damaged' || epochFile === undefined ? guessEpoch(files, cursors) : epochFile.epoch;
  if (epochFile === 'damaged') {
    counts.corruptFrames++;
    options.log.error({ epoch }, 'the file epoch is corrupt: the epoch of most files is used');
  }
  await keepEpoch(fs, directory, epoch, epochFile, options.log);
  const headers = await ownHeaders(options, files, epoch, counts);
  const books = await openBooks(options, epoch, cursors, counts);
  const settling: (() => Promise<void>)[] = [];
  const found = { epoch, headers, books, settling, extent };
  const entered = await enterSegments(options, { ...found, counts });
  const newest = Math.max(entered.segments.at(-1)?.last ?? 0, headers.at(-1)?.previous ?? 0);
  const endsMissing =
    extent !== undefined && (await enterEnds(options, { ...found, ...entered, newest, extent }));
  const throughs = [...books.ledgers.values()].map((ledger) => ledger.through);
  // What an output has settled did exist: the others may have wanted it.
  if (throughs.some((through) => through < Math.max(...throughs)))
    books.addHole(newest + 1, Math.max(...throughs));
  books.close();
  const lastSealed = enterManifests(options, books, manifests, counts);
  await clean(options, cursors.forgotten, headers[0]?.first ?? Number.POSITIVE_INFINITY);
  const { ledgers } = books;
  const through = Math.max(newest, lastSealed, books.holesEnd(), ...throughs);
  // What is missing is counted. A cursor that says so keeps later starts from counting it again.
  for (const ledger of ledgers.values()) ledger.through = through;
  // Never a position twice: not one that a cursor or a manifest has seen and the log has lost.
  const next = Math.max(through, (headers.at(-1)?.first ?? 1) - 1) + 1;
  const lastSegment = Math.max(headers.at(-1)?.number ?? 0, extent?.lastSegment ?? 0);
  return {
    epoch,
    ledgers,
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
    },
    endsMissing,
    isIncomplete: books.holesEnd() > 0 || [...ledgers.values()].some(hasLosses),
    async settle() {
      for (const step of settling) await step();
    },
    ...entered,
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
    const cursors = await readCursors(fs, cursorDirectory);
    const found = await readHeaders(options, await segmentNumbers(fs, directory), counts);
    return { found, cursors, manifests, epochFile, extent };
  } catch (error) {
    throw error instanceof UnknownVersionError ? error.withWriter(program) : error;
  }
}

/**
 * The epoch of a journal without a readable file `epoch`: that of the most cursors, then of the most segments. A foreign segment,
 * whatever its number, must not decide it.
 */
export function guessEpoch(found: readonly FoundHeader[], { cursors, forgotten }: Cursors): string {
  const ofCursors = [...cursors, ...forgotten].map(({ epoch }) => epoch);
  const ofSegments = found.flatMap(({ header }) => header?.epoch ?? []);
  return mostFrequent(ofCursors) ?? mostFrequent(ofSegments) ?? randomUUID();
}

function mostFrequent(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0];
}

/** The journal's own segments, and what is made of them. */
interface Found {
  readonly epoch: string;
  readonly headers: readonly SegmentHeader[];
  readonly books: Books;
  readonly extent: Extent | undefined;
  /** The steps of {@link Recovered.settle}. */
  readonly settling: (() => Promise<void>)[];
}

/** Finds out what the segments hold and enters it; damage is set aside and logged. */
async function enterSegments(
  options: RecoverOptions,
  found: Found & { readonly counts: DamageCounts },
): Promise<Pick<Recovered, 'segments' | 'damaged'>> {
  const { directory, quarantine, log } = options;
  const { epoch, headers, books, settling, extent, counts } = found;
  const segments: Segment[] = [];
  const damaged = new PositionBits();
  const salt = saltOf(epoch);
  for (const [i, header] of headers.entries()) {
    const segment = createSegment(directory, header);
    const following = headers[i + 1];
    const before = segments.at(-1);
    const content = await findSegment(options, segment, salt, following?.previous);
    if (content.index !== undefined) books.addIndex(content.index);
    books.enter(content.routes);
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
        books.addHole(gap.after + 1, gap.before - 1);
      }
    }
    if (before !== undefined) await enterHole(options, found, before, header);
    const { atMost, settle } = await judgeTail(options, segment, content, following === undefined, counts);
    if (atMost > 0) books.addDoubtful(Math.min(atMost, positionsAfter(segment, extent)));
    settling.push(settle);
    if (following === undefined && content.index !== undefined)
      books.addHole(segment.last + 1, content.index.last);
    segments.push(segment);
  }
  return { segments, damaged };
}

/** How many positions behind the newest segment's last one were used, at most. */
function positionsAfter({ header, last }: Segment, extent: Extent | undefined): number {
  // Version 0.1 does not know the file: it wrote beyond the extent.
  if (extent === undefined || extent.lastSegment < header.number || extent.lastPosition <= last)
    return Number.POSITIVE_INFINITY;
  return extent.lastPosition - last;
}

/** The positions missing between two segments: a file was removed or truncated. */
async function enterHole(
  options: RecoverOptions,
  found: Found,
  before: Segment,
  { previous, number }: SegmentHeader,
): Promise<void> {
  if (before.last >= previous) return;
  await addIndexes(options, found, before.header.number + 1, number - 1);
  found.books.addHole(before.last + 1, previous);
}

/** Enters what is missing at the beginning and at the end, by the extent. Returns whether anything is. */
async function enterEnds(
  options: RecoverOptions,
  found: Found & {
    readonly segments: readonly Segment[];
    readonly newest: Position;
    readonly extent: Extent;
  },
): Promise<boolean> {
  const { headers, segments, books, newest, extent } = found;
  const { firstSegment, firstPosition, lastSegment, lastPosition } = extent;
  const first = headers[0];
  // Version 0.1 does not know the file: it wrote beyond the extent, and may have removed settled segments.
  const isOutdated =
    newest > lastPosition ||
    segments.some(({ header, last }) => header.number > lastSegment && last >= header.first);
  const isStartMissing = !isOutdated && first !== undefined && first.number > firstSegment;
  if (isStartMissing) {
    await addIndexes(options, found, firstSegment, first.number - 1);
    books.addHole(firstPosition, first.previous);
  }
  const last = headers.at(-1)?.number ?? firstSegment - 1;
  if (last >= lastSegment) return isStartMissing;
  const ends = await addIndexes(options, found, last + 1, lastSegment);
  // Where the newest missing segment has an index, it ended cleanly, and the index says where.
  books.addHole(Math.max(newest + 1, firstPosition), ends.get(lastSegment) ?? lastPosition);
  return true;
}

/** Reads the indexes of missing segments. They are removed when the losses are on stable storage: nothing else uses them. */
async function addIndexes(
  { fs, directory }: RecoverOptions,
  { epoch, books, settling }: Found,
  first: number,
  last: number,
): Promise<ReadonlyMap<number, Position>> {
  const ends = new Map<number, Position>();
  const numbers = (await fs.list(directory)).map(indexNumber).filter((number) => number !== undefined);
  for (const number of numbers) {
    if (number < first || number > last) continue;
    const index = await readIndex(fs, directory, { number, epoch });
    if (index !== undefined) {
      books.addIndex(index);
      ends.set(number, index.last);
    }
    settling.push(() => fs.remove(indexPath(segmentPath(directory, number))).catch(() => {}));
  }
  return ends;
}

/** A forgotten output need not be remembered once no event kept can name it. */
async function clean(
  { fs, cursorDirectory }: RecoverOptions,
  forgotten: readonly Cursor[],
  oldest: Position,
): Promise<void> {
  for (const { output, through } of forgotten) {
    if (through < oldest) await fs.remove(join(cursorDirectory, cursorFile(output))).catch(() => {});
  }
}
