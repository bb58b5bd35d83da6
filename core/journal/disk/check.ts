import { join } from 'node:path';
import { systemClock } from '../../sdk/contract/clock.ts';
import type { CursorFiles } from '../cursor/file.ts';
import { cursorFileName, readCursorFiles } from '../cursor/file.ts';
import { codeOf, type FileSystem, nodeFileSystem } from '../files/filesystem.ts';
import { type ReadTries, retryingReads } from '../files/retrying-reads.ts';
import { UnknownVersionError } from '../files/unknown-version.ts';
import { readManifests } from '../manifests/log.ts';
import { type FoundHeader, isUnfinished, readHeader, whyForeign } from '../recovery/headers.ts';
import { HEADER_BYTES, namesIn, type SegmentHeader, saltOf } from '../segments/codec.ts';
import { guessEpoch, readEpoch } from '../segments/epoch.ts';
import { readExtent } from '../segments/extent.ts';
import { endsInTornFrame, readFrames } from '../segments/reader.ts';
import { readIndex, segmentNumbers, segmentPath } from '../segments/segment.ts';

/** Something in a journal's directory that is not as it was written. */
export interface JournalProblem {
  readonly path: string;
  readonly what: string;
  /** Where in the file it begins, and how long it is. */
  readonly offset?: number;
  readonly bytes?: number;
}

/** What a journal's directory holds. */
export interface JournalCheck {
  readonly segments: number;
  readonly bytes: number;
  /** Sound events. */
  readonly events: number;
  /** CursorFiles: one for each output ever subscribed and not forgotten. */
  readonly outputs: readonly string[];
  /** Bytes behind the newest sound event: a write under way, or one that a crash cut and the next start takes away. */
  readonly tail: number;
  /** Files with what earlier starts found damaged. */
  readonly setAside: number;
  readonly problems: readonly JournalProblem[];
}

/**
 * Reads every byte of a journal and changes nothing: while a process writes it, too.
 *
 * @param progress called after each segment
 * @throws the system's error when the directory cannot be read
 */
export async function checkJournal(
  directory: string,
  {
    fs: bare = nodeFileSystem,
    progress = () => {},
    readTries,
  }: {
    readonly fs?: FileSystem;
    readonly progress?: (done: number, of: number) => void;
    readonly readTries?: ReadTries;
  } = {},
): Promise<JournalCheck> {
  const cursorDirectory = join(directory, 'cursors');
  const problems: JournalProblem[] = [];
  const fs = retryingReads(bare, {
    clock: systemClock,
    onLost: (place) => problems.push({ ...place, what: 'the disk cannot read this' }),
    tries: readTries,
  });
  /** Reads, unless a later release wrote the file: that is a problem. */
  async function known<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof UnknownVersionError)) throw error;
      const { path, version } = error;
      problems.push({ path, what: `it has format version ${version}: a later release wrote it` });
      return undefined;
    }
  }
  const readAllCursors = () => readCursorFiles(fs, cursorDirectory).catch(unlessGone(NO_CURSORS));
  // Read before the segments, as the index: they cannot know of events that are stored meanwhile.
  const before = await readAllCursors().catch(() => NO_CURSORS);
  const kept = await known(() => readEpoch(fs, directory));
  if (kept === 'damaged') problems.push({ path: join(directory, 'epoch'), what: 'it is damaged' });
  const numbers = await segmentNumbers(fs, directory);
  const found: FoundHeader[] = [];
  for (const number of numbers) {
    const read = () => readHeader(fs, directory, number).catch(unlessGone(undefined));
    const header = await known(read);
    // A process may be beginning the newest one, or have died while it did.
    if (header !== undefined && !(number === numbers.at(-1) && isUnfinished(header))) found.push(header);
  }
  const epoch =
    typeof kept === 'object'
      ? kept.epoch
      : guessEpoch(
          [...before.cursors, ...before.forgotten],
          found.map(({ header }) => header),
        );
  const headers = ownHeaders(found, epoch, problems);
  const index = headers.length === 0 ? undefined : await readIndex(fs, directory, headers.at(-1)!);
  /** The newest position that a cursor or the index of the newest segment knows of. */
  const newestKnown = Math.max(
    index?.last ?? 0,
    ...before.cursors.map((cursor) => (cursor.epoch === epoch ? cursor.through : 0)),
  );
  let bytes = 0;
  let events = 0;
  let tail = 0;
  /** The newest segment that holds an event. */
  let newestUsed = 0;
  let newest = headers.at(-1)?.previous ?? 0;
  const named = new Set<string>();
  for (const [i, header] of headers.entries()) {
    const path = segmentPath(directory, header.number);
    const content = await checkSegment(fs, path, header, headers[i + 1]).catch(unlessGone(undefined));
    progress(i + 1, headers.length);
    if (content === undefined) continue;
    bytes += content.bytes;
    events += content.events;
    if (content.events > 0) newestUsed = header.number;
    tail += content.tail;
    newest = Math.max(newest, content.last);
    problems.push(...content.problems);
    for (const output of content.named) named.add(output);
  }
  // Read after the segments: an output may have been added meanwhile.
  const cursors = await known(readAllCursors);
  if (cursors !== undefined) problems.push(...cursorProblems(cursorDirectory, epoch, named, cursors));
  const manifests = await known(() => readManifests(fs, directory));
  if (manifests !== undefined && manifests.damagedBytes > 0)
    problems.push({
      path: join(directory, 'manifests'),
      what: 'manifests are damaged',
      bytes: manifests.damagedBytes,
    });
  const ends = await known(() => extentProblems(fs, directory, numbers, newestUsed));
  problems.push(...(ends ?? []));
  if (newest < newestKnown && ends?.length === 0)
    problems.push({ path: directory, what: `${newestKnown - newest} events are missing at its end` });
  const aside = await fs.list(join(directory, 'corrupt')).catch(() => []);
  return {
    segments: headers.length,
    bytes,
    events,
    outputs: (cursors?.cursors ?? []).map(({ output }) => output).sort(),
    tail,
    setAside: aside.length,
    problems,
  };
}

const NO_CURSORS: CursorFiles = { cursors: [], forgotten: [], unreadable: [] };

/** What stands for a file that is not there, or no longer. */
function unlessGone<T>(substitute: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === 'ENOENT') return substitute;
    throw error;
  };
}

/**
 * A damaged extent, and segments that it knows and that are not there.
 *
 * @param found the segments that the check began with: some may have been settled and removed since
 * @param newestUsed the newest segment that holds an event
 */
async function extentProblems(
  fs: FileSystem,
  directory: string,
  found: readonly number[],
  newestUsed: number,
): Promise<JournalProblem[]> {
  const extent = await readExtent(fs, directory);
  if (extent === undefined) return [];
  if (extent === 'damaged') return [{ path: join(directory, 'extent'), what: 'it is damaged' }];
  const { firstSegment, lastSegment } = extent;
  // Version 0.1 does not know the file: it wrote beyond the extent, and may have removed settled segments.
  if (newestUsed > lastSegment) return [];
  const numbers = [...found, ...(await segmentNumbers(fs, directory))];
  const first = Math.min(...numbers, lastSegment + 1);
  const last = numbers.length === 0 ? lastSegment : Math.max(...numbers);
  const missing = (from: number, to: number): JournalProblem[] =>
    from > to ? [] : [{ path: directory, what: `segments ${from} to ${to} are missing` }];
  return [...missing(firstSegment, first - 1), ...missing(last + 1, lastSegment)];
}

/** The headers of the journal's own segments. */
function ownHeaders(
  found: readonly FoundHeader[],
  epoch: string,
  problems: JournalProblem[],
): readonly SegmentHeader[] {
  const own: SegmentHeader[] = [];
  for (const { path, number, header, isDamaged } of found) {
    if (header === undefined) {
      problems.push({ path, what: 'its header is damaged; the next start replaces it', bytes: HEADER_BYTES });
      continue;
    }
    const why = whyForeign(header, number, epoch);
    if (why !== undefined) {
      problems.push({ path, what: why });
      continue;
    }
    own.push(header);
    if (isDamaged)
      problems.push({
        path,
        what: 'a copy of its header is damaged; the next start replaces it',
        bytes: HEADER_BYTES,
      });
  }
  return own;
}

async function checkSegment(
  fs: FileSystem,
  path: string,
  { epoch, first }: SegmentHeader,
  following: SegmentHeader | undefined,
) {
  const file = await fs.open(path, 'read');
  try {
    const bytes = await file.size();
    // What an older segment holds beyond this was never acknowledged.
    const limit = following?.previous ?? Number.POSITIVE_INFINITY;
    const problems: JournalProblem[] = [];
    let from = { offset: HEADER_BYTES, after: first - 1 };
    const named = new Set<string>();
    let events = 0;
    let tail = 0;
    let end = HEADER_BYTES;
    while (from.offset < bytes) {
      const stretch = await readFrames(file, saltOf(epoch), from, bytes);
      const counted = stretch.frames.filter(({ position }) => position <= limit);
      events += counted.filter(({ kind }) => kind === 'event').length;
      for (const frame of counted)
        if (frame.kind === 'route') for (const name of namesIn(frame)) named.add(name);
      for (const { offset, length, after, before } of stretch.gaps) {
        const next = before ?? (following === undefined ? undefined : following.previous + 1);
        const lost = next === undefined ? 0 : Math.min(next, limit + 1) - after - 1;
        if (before === undefined && lost <= 0) tail += length;
        else problems.push({ path, what: `${Math.max(lost, 1)} events are damaged`, offset, bytes: length });
      }
      from = { offset: stretch.next, after: stretch.frames.at(-1)?.position ?? from.after };
      const last = stretch.frames.at(-1);
      if (last !== undefined) end = last.offset + last.length;
    }
    if (
      following === undefined &&
      tail > 0 &&
      !(await endsInTornFrame(file, bytes, { bytes: end, last: from.after }))
    )
      problems.push({ path, what: 'its end is damaged', offset: end, bytes: tail });
    const missing = following === undefined ? 0 : following.previous - from.after;
    if (missing > 0 && !problems.some(({ offset = 0, bytes: length = 0 }) => offset + length >= bytes))
      problems.push({ path, what: `${missing} events are missing at its end`, offset: bytes, bytes: 0 });
    return { bytes, events, last: Math.min(from.after, limit), tail, named, problems };
  } finally {
    await file.close();
  }
}

/** CursorFiles that say nothing of this journal, and outputs that events name and that have none: they are given those events again. */
function cursorProblems(
  directory: string,
  epoch: string,
  named: ReadonlySet<string>,
  { cursors, forgotten, unreadable }: CursorFiles,
): JournalProblem[] {
  const known = new Set([...cursors, ...forgotten].map(({ output }) => output));
  const foreign = cursors.filter((cursor) => cursor.epoch !== epoch);
  const gone = [...named].filter(
    (output) => !known.has(output) && !unreadable.includes(cursorFileName(output)),
  );
  return [
    ...unreadable.map((name) => ({ path: join(directory, name), what: 'this cursor cannot be read' })),
    ...foreign.map(({ output, epoch }) => ({
      path: join(directory, cursorFileName(output)),
      what: `it belongs to another journal (epoch ${epoch})`,
    })),
    ...gone.map((output) => ({
      path: join(directory, cursorFileName(output)),
      what: `the cursor of output "${output}" is gone`,
    })),
  ];
}
