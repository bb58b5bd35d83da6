import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { SegmentHeader } from '../codec.ts';
import { saltOf } from '../codec.ts';
import type { Cursor } from '../cursor.ts';
import { cursorFile, readCursors } from '../cursor.ts';
import type { Position } from '../journal.ts';
import type { Ledger } from '../ledger.ts';
import { PositionBits } from '../position-bits.ts';
import type { Segment } from '../segment.ts';
import { createSegment, segmentNumber } from '../segment.ts';
import { readHeaders } from './headers.ts';
import type { Books } from './ledgers.ts';
import { openBooks } from './ledgers.ts';
import { enterManifests } from './manifests.ts';
import type { RecoverOptions, Tally } from './options.ts';
import { findSegment, settleTail } from './segment.ts';

/** What a directory held when the journal was opened. */
export interface Recovered {
  readonly epoch: string;
  /** Ascending. None is written on: the writer begins a fresh one. */
  readonly segments: Segment[];
  /** One for each cursor file. */
  readonly ledgers: Map<string, Ledger>;
  /** Where the writer starts. */
  readonly start: { readonly next: Position; readonly previous: Position; readonly number: number };
  /** Positions whose frames were found damaged. */
  readonly damaged: PositionBits;
  readonly corruptFrames: number;
  readonly recoveredBytes: number;
}

/**
 * Reads what an earlier process left, whatever state it is in: memory stays bounded, data is never a reason to
 * refuse, and all that is missing or damaged is said.
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { fs, directory } = options;
  const numbers = (await fs.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  numbers.sort((a, b) => a - b);
  const tally: Tally = { corruptFrames: 0, recoveredBytes: 0 };
  const headers = await readHeaders(options, numbers, tally);
  const read = await readCursors(fs, options.cursorDirectory);
  const epoch = headers.at(-1)?.epoch ?? read.cursors[0]?.epoch ?? randomUUID();
  const books = await openBooks(options, epoch, read);
  const found = await enterSegments(options, { epoch, headers, books, tally });
  const newest = Math.max(found.segments.at(-1)?.last ?? 0, headers.at(-1)?.previous ?? 0);
  books.close(newest);
  const lastSealed = await enterManifests(options, books, tally);
  await clean(options, read.forgotten, headers[0]?.first ?? Number.POSITIVE_INFINITY);
  const { ledgers } = books;
  const through = Math.max(newest, lastSealed, ...[...ledgers.values()].map((ledger) => ledger.through));
  return {
    epoch,
    ledgers,
    start: {
      // Never a position twice: not one that a cursor or a manifest has seen and the log has lost.
      next: Math.max(through, (headers.at(-1)?.first ?? 1) - 1) + 1,
      previous: newest,
      number: (numbers.at(-1) ?? 0) + 1,
    },
    ...found,
    ...tally,
  };
}

/** Finds out what the segments hold and books it; what is damaged is set aside and said. */
async function enterSegments(
  options: RecoverOptions,
  {
    epoch,
    headers,
    books,
    tally,
  }: {
    readonly epoch: string;
    readonly headers: readonly SegmentHeader[];
    readonly books: Books;
    readonly tally: Tally;
  },
): Promise<Pick<Recovered, 'segments' | 'damaged'>> {
  const { fs, directory, quarantine, log } = options;
  const segments: Segment[] = [];
  const damaged = new PositionBits();
  const salt = saltOf(epoch);
  for (const [i, header] of headers.entries()) {
    const segment = createSegment(directory, header);
    const following = headers[i + 1];
    books.checkStart(header, segments.at(-1));
    const found = await findSegment(fs, segment, salt, following?.previous);
    for (const gap of found.gaps) {
      const lost = Math.max((gap.before ?? gap.after + 1) - gap.after - 1, 1);
      tally.corruptFrames += lost;
      if (gap.before !== undefined) damaged.addRun(gap.after + 1, gap.before - 1);
      log.error(
        { path: segment.path, offset: gap.offset, bytes: gap.length, lost },
        'a damaged place in the journal was set aside',
      );
      await quarantine.copy(segment.path, gap.offset, gap.length);
    }
    books.enter(found.routes);
    await settleTail(options, segment, found, following === undefined, tally);
    segments.push(segment);
  }
  return { segments, damaged };
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
