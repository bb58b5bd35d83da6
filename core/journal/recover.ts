import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../telemetry/logger.ts';
import type { SegmentHeader } from './codec.ts';
import { decodeHeader, HEADER_BYTES, saltOf } from './codec.ts';
import type { Cursor } from './cursor.ts';
import { cursorFile, readCursors } from './cursor.ts';
import type { FileSystem } from './filesystem.ts';
import { readAll } from './filesystem.ts';
import type { Manifest, Position } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { createLedger, isOpen } from './ledger.ts';
import { readManifests } from './manifests.ts';
import { PositionBits } from './position-bits.ts';
import { PositionSet } from './positions.ts';
import type { Quarantine } from './quarantine.ts';
import type { FoundSegment } from './recover-segment.ts';
import { findSegment } from './recover-segment.ts';
import type { Routes, Segment } from './segment.ts';
import { createSegment, segmentNumber, segmentPath, writeIndex } from './segment.ts';

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

export interface RecoverOptions {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly cursorDirectory: string;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}

/**
 * Reads what an earlier process left, whatever state it is in: memory stays bounded, data is never a reason to
 * refuse, and all that is missing or damaged is said.
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { fs, directory, quarantine, log } = options;
  const numbers = (await fs.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  numbers.sort((a, b) => a - b);
  const tally = { corruptFrames: 0, recoveredBytes: 0 };
  const headers = await readHeaders(options, numbers, tally);
  const { cursors, unreadable } = await readCursors(fs, options.cursorDirectory);
  const epoch = headers.at(-1)?.epoch ?? cursors[0]?.epoch ?? randomUUID();
  const books = await openBooks(options, epoch, cursors, unreadable);

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
    tally.recoveredBytes += await settleTail(options, segment, found, following === undefined);
    segments.push(segment);
  }

  const newest = Math.max(segments.at(-1)?.last ?? 0, headers.at(-1)?.previous ?? 0);
  books.close(newest);
  const lastSealed = await enterManifests(options, { ledgers: books.ledgers, unreadable }, tally);
  const through = Math.max(
    newest,
    lastSealed,
    ...[...books.ledgers.values()].map((ledger) => ledger.through),
  );
  return {
    epoch,
    segments,
    ledgers: books.ledgers,
    start: {
      // Never a position twice: not one that a cursor or a manifest has seen and the log has lost.
      next: Math.max(through, (headers.at(-1)?.first ?? 1) - 1) + 1,
      previous: newest,
      number: (numbers.at(-1) ?? 0) + 1,
    },
    damaged,
    ...tally,
  };
}

/** The headers of the segments that belong to this log, ascending; what does not is set aside and said. */
async function readHeaders(
  { fs, directory, quarantine, log }: RecoverOptions,
  numbers: readonly number[],
  tally: { recoveredBytes: number },
): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = [];
  for (const number of numbers) {
    const path = segmentPath(directory, number);
    const file = await fs.open(path, 'read');
    const size = await file.size();
    const header = decodeHeader(await readAll(file, new Uint8Array(HEADER_BYTES), 0));
    await file.close();
    if (header === undefined && number === numbers.at(-1) && size <= HEADER_BYTES) {
      // The process ended while it began this one; nothing in it was ever acknowledged.
      tally.recoveredBytes += size;
      await fs.remove(path);
    } else if (header?.number !== number) {
      const what =
        header === undefined ? 'its header is damaged' : `it is a copy of segment ${header.number}`;
      log.error({ path, bytes: size }, `a segment was set aside: ${what}`);
      await quarantine.move(path);
    } else headers.push(header);
  }
  const epoch = headers.at(-1)?.epoch;
  const own = headers.filter((header) => header.epoch === epoch);
  for (const header of headers.filter((header) => header.epoch !== epoch)) {
    const path = segmentPath(directory, header.number);
    log.error({ path, epoch: header.epoch }, 'a segment was set aside: it belongs to another journal');
    await quarantine.move(path);
  }
  return own;
}

/** Cuts a torn tail off and writes the index of a segment that had to be read. Returns the bytes cut. */
async function settleTail(
  { fs, log }: RecoverOptions,
  segment: Segment,
  found: FoundSegment,
  isNewest: boolean,
): Promise<number> {
  if (isNewest && found.tail > 0) {
    log.warn({ path: segment.path, bytes: found.tail }, 'the torn end of the journal was cut off');
    try {
      const file = await fs.open(segment.path, 'modify');
      await file.truncate(segment.bytes).finally(() => file.close());
    } catch (error) {
      log.warn({ error, path: segment.path }, 'the torn end stays in the file; it is not read');
    }
  }
  if (found.scanned && segment.last >= segment.header.first) {
    await writeIndex(fs, segment, found.routes).catch(() => {});
  }
  return isNewest ? found.tail : 0;
}

/** Fills the ledgers from the cursors and then, segment by segment, from the log. */
async function openBooks(
  { fs, cursorDirectory, quarantine, log }: RecoverOptions,
  epoch: string,
  cursors: readonly Cursor[],
  unreadable: ReadonlySet<string>,
) {
  const ledgers = new Map<string, Ledger>();
  for (const cursor of cursors) {
    const ledger = createLedger(cursor.output, 0);
    ledgers.set(cursor.output, ledger);
    if (cursor.epoch === epoch) {
      ledger.through = cursor.through;
      for (const [first, last] of cursor.pending) ledger.pending.addRun(first, last);
    } else {
      log.error(
        { output: cursor.output },
        'the cursor belongs to another journal: starting at the oldest event kept',
      );
    }
  }
  for (const name of unreadable) {
    log.error({ file: name }, 'a cursor is unreadable: its output starts at the oldest event kept');
    const path = join(cursorDirectory, name);
    const file = await fs.open(path, 'read').catch(() => undefined);
    const size = (await file?.size().catch(() => 0)) ?? 0;
    await file?.close();
    await quarantine.copy(path, 0, size);
  }

  /** The end of what was entered so far. */
  let entered: Position = 0;

  /** Nothing stands between what was entered and this position: who waited for something there waits in vain. */
  function skip(first: Position): void {
    if (first <= entered + 1) return;
    for (const ledger of ledgers.values()) {
      const { pending, gone } = ledger;
      for (let at = pending.next(entered + 1); at !== undefined && at < first; at = pending.next(at + 1)) {
        gone.addRun(at);
      }
      pending.deleteRun(entered + 1, first - 1);
    }
  }

  function ledgerOf(output: string): Ledger | undefined {
    const ledger = ledgers.get(output);
    if (ledger !== undefined || !unreadable.has(cursorFile(output))) return ledger;
    const fresh = createLedger(output, 0);
    ledgers.set(output, fresh);
    return fresh;
  }

  return {
    ledgers,
    checkStart(header: SegmentHeader, before: Segment | undefined): void {
      if (before === undefined || before.last >= header.previous) return;
      const missing = { from: before.last + 1, to: header.previous };
      log.error(missing, 'positions are missing from the journal: a segment is gone or damaged');
    },
    enter({ names, runs }: Routes): void {
      const wanting = new Map<number, Ledger[]>();
      for (let i = 0; i < runs.length; i += 3) {
        const first = runs[i]!;
        const last = runs[i + 1]!;
        const route = runs[i + 2]!;
        skip(first);
        let takers = wanting.get(route);
        if (takers === undefined) {
          const outputs = names.get(route);
          if (outputs === undefined)
            log.error({ first }, 'who wanted some events is damaged: every output gets them');
          takers = (outputs?.map(ledgerOf) ?? [...ledgers.values()]).filter((taker) => taker !== undefined);
          wanting.set(route, takers);
        }
        for (const { pending, through } of takers) {
          if (last > through) pending.addRun(Math.max(first, through + 1), last);
        }
        entered = last;
      }
    },
    close(newest: Position): void {
      skip(Number.MAX_SAFE_INTEGER);
      for (const { output, through } of ledgers.values()) {
        if (through > newest) {
          const ahead = through - newest;
          log.error({ output, ahead }, 'the cursor is ahead of the journal: it goes on with what comes next');
        }
      }
    },
  };
}

/** Gives the ledgers the manifests that are not settled. Returns the last position that any manifest knows of. */
async function enterManifests(
  { fs, directory, log }: RecoverOptions,
  { ledgers, unreadable }: { ledgers: ReadonlyMap<string, Ledger>; unreadable: ReadonlySet<string> },
  tally: { corruptFrames: number },
): Promise<Position> {
  const { manifests, damagedBytes } = await readManifests(fs, directory);
  if (damagedBytes > 0) {
    tally.corruptFrames++;
    log.warn({ bytes: damagedBytes }, 'part of the manifests is damaged: their batches may be cut anew');
  }
  let last = 0;
  // Sealed twice after a compaction was cut short, perhaps: the last one counts.
  const latest = new Map(manifests.map((entry) => [`${entry.output}\0${entry.manifest.id}`, entry]));
  for (const { output, manifest } of latest.values()) {
    last = Math.max(last, manifest.positions.last);
    const ledger = ledgers.get(output);
    if (ledger === undefined) continue;
    const isPending = isOpen(ledger, manifest);
    const left = withoutGone(ledger, manifest, !unreadable.has(cursorFile(output)));
    if (isPending) ledger.manifests = [...ledger.manifests, left];
  }
  for (const { output, gone } of ledgers.values()) {
    if (gone.count === 0) continue;
    log.error(
      { output, lost: gone.count },
      `${gone.count} events that output "${output}" had not settled are gone`,
    );
  }
  return last;
}

/**
 * The manifest under its old id, without the events that are gone: nobody can deliver them. Those that only the manifest
 * remembers are booked here.
 *
 * @param known the cursor was readable; without it nobody knows whether an event that is not there was settled
 */
function withoutGone(ledger: Ledger, manifest: Manifest, known: boolean): Manifest {
  const positions = new PositionSet();
  for (const position of manifest.positions) {
    const isForgotten = known && position > ledger.through && !ledger.pending.has(position);
    if (isForgotten) ledger.gone.addRun(position);
    else if (!ledger.gone.has(position)) positions.push(position);
  }
  return positions.count === manifest.positions.count ? manifest : { ...manifest, positions };
}
