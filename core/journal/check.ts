import { join } from 'node:path';
import { systemClock } from '../batching/clock.ts';
import { decodeHeader, HEADER_BYTES, type SegmentHeader, saltOf } from './codec.ts';
import type { Cursors } from './cursor.ts';
import { cursorFile, readCursors } from './cursor.ts';
import { readEpoch } from './epoch.ts';
import { readExtent } from './extent.ts';
import { codeOf, type FileSystem, nodeFileSystem, readAll } from './filesystem.ts';
import { readManifests } from './manifests.ts';
import { readFrames } from './reader.ts';
import { namesIn } from './recovery/segment.ts';
import { segmentNumber, segmentPath } from './segment.ts';
import { type ReadTries, steady } from './steady.ts';

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
  /** Cursors: one for each output ever subscribed and not forgotten. */
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
  const problems: JournalProblem[] = [];
  const fs = steady(bare, {
    clock: systemClock,
    onLost: (place) => problems.push({ ...place, what: 'the disk cannot read this' }),
    tries: readTries,
  });
  const headers = await readHeaders(fs, directory, problems);
  let bytes = 0;
  let events = 0;
  let tail = 0;
  const named = new Set<string>();
  for (const [i, header] of headers.entries()) {
    const found = await checkSegment(fs, segmentPath(directory, header.number), header, headers[i + 1]);
    progress(i + 1, headers.length);
    if (found === undefined) continue;
    bytes += found.bytes;
    events += found.events;
    tail += found.tail;
    problems.push(...found.problems);
    for (const output of found.named) named.add(output);
  }
  const cursors = await readCursors(fs, join(directory, 'cursors')).catch(() => undefined);
  for (const name of cursors?.unreadable ?? [])
    problems.push({ path: join(directory, 'cursors', name), what: 'this cursor cannot be read' });
  problems.push(...(cursors === undefined ? [] : lostCursors(directory, named, cursors)));
  const { damagedBytes } = await readManifests(fs, directory);
  if (damagedBytes > 0)
    problems.push({ path: join(directory, 'manifests'), what: 'manifests are damaged', bytes: damagedBytes });
  problems.push(...(await missingEnds(fs, directory)));
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

/** Segments that the extent of the journal knows and that are not there. */
async function missingEnds(fs: FileSystem, directory: string): Promise<JournalProblem[]> {
  const extent = await readExtent(fs, directory).catch(() => undefined);
  if (extent === undefined) return [];
  const numbers = (await fs.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  const first = Math.min(...numbers, extent.lastSegment + 1);
  const last = numbers.length === 0 ? extent.lastSegment : Math.max(...numbers);
  const missing = (from: number, to: number): JournalProblem[] =>
    from > to ? [] : [{ path: directory, what: `segments ${from} to ${to} are missing` }];
  return [...missing(extent.firstSegment, first - 1), ...missing(last + 1, extent.lastSegment)];
}

async function readHeaders(
  fs: FileSystem,
  directory: string,
  problems: JournalProblem[],
): Promise<readonly SegmentHeader[]> {
  const numbers = (await fs.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  numbers.sort((a, b) => a - b);
  const headers: SegmentHeader[] = [];
  for (const number of numbers) {
    const path = segmentPath(directory, number);
    const read = await withFile(fs, path, async (file) => {
      const size = await file.size();
      return { size, header: decodeHeader(await readAll(file, new Uint8Array(HEADER_BYTES), 0)) };
    });
    if (read === undefined) continue;
    const { size, header } = read;
    // A process may be beginning the newest one, or have died while it did.
    if (header === undefined && number === numbers.at(-1) && size <= HEADER_BYTES) continue;
    if (header === undefined)
      problems.push({ path, what: 'its header is damaged; the next start replaces it', bytes: HEADER_BYTES });
    else if ('unknownVersion' in header)
      problems.push({
        path,
        what: `it has format version ${header.unknownVersion}: a later release wrote it`,
      });
    else if (header.number !== number)
      problems.push({ path, what: `it is a copy of segment ${header.number}` });
    else headers.push(header);
  }
  const kept = await readEpoch(fs, directory).catch(() => undefined);
  if (kept === 'damaged') problems.push({ path: join(directory, 'epoch'), what: 'it is damaged' });
  const epoch = typeof kept === 'object' ? kept.epoch : headers.at(-1)?.epoch;
  for (const { number } of headers.filter((header) => header.epoch !== epoch))
    problems.push({ path: segmentPath(directory, number), what: 'it belongs to another journal' });
  return headers.filter((header) => header.epoch === epoch);
}

/** Undefined when the segment was settled and removed meanwhile. */
function checkSegment(
  fs: FileSystem,
  path: string,
  { epoch, first }: SegmentHeader,
  following: SegmentHeader | undefined,
) {
  return withFile(fs, path, async (file) => {
    const bytes = await file.size();
    // What an older segment holds beyond this was never acknowledged.
    const limit = following?.previous ?? Number.POSITIVE_INFINITY;
    const problems: JournalProblem[] = [];
    let from = { offset: HEADER_BYTES, after: first - 1 };
    const named = new Set<string>();
    let events = 0;
    let tail = 0;
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
    }
    const missing = following === undefined ? 0 : following.previous - from.after;
    if (missing > 0 && !problems.some(({ offset = 0, bytes: length = 0 }) => offset + length >= bytes))
      problems.push({ path, what: `${missing} events are missing at its end`, offset: bytes, bytes: 0 });
    return { bytes, events, tail, named, problems };
  });
}

/** Outputs that events name and that have no cursor: they are given those events again. */
function lostCursors(
  directory: string,
  named: ReadonlySet<string>,
  { cursors, forgotten, unreadable }: Cursors,
): JournalProblem[] {
  const known = new Set([...cursors, ...forgotten].map(({ output }) => output));
  return [...named]
    .filter((output) => !known.has(output) && !unreadable.includes(cursorFile(output)))
    .map((output) => ({
      path: join(directory, 'cursors', cursorFile(output)),
      what: `the cursor of output "${output}" is gone`,
    }));
}

async function withFile<T>(
  fs: FileSystem,
  path: string,
  use: (file: Awaited<ReturnType<FileSystem['open']>>) => Promise<T>,
): Promise<T | undefined> {
  let file: Awaited<ReturnType<FileSystem['open']>>;
  try {
    file = await fs.open(path, 'read');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
