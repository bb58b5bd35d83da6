import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decodeNote, encodeNote, numbersOfRuns, runsOfNumbers } from '../files/checked-file.ts';
import type { FileSystem } from '../files/filesystem.ts';
import { readWhole } from '../files/filesystem.ts';
import type { Lost, Position } from '../journal.ts';
import { type Ledger, unreportedLosses } from './state.ts';

/**
 * What a cursor file says: up to `through` exactly the positions in `pending` are not settled; behind it, every
 * event that names the output is pending. So an output that has settled all costs a hundred bytes, and one that
 * settles out of order a few more for each run.
 */
export interface Cursor {
  readonly output: string;
  readonly epoch: string;
  readonly through: Position;
  readonly pending: readonly (readonly [first: Position, last: Position])[];
  /** Losses that no subscription has reported yet. Version 0.1 does not write it and ignores it. */
  readonly lost?: Lost;
}

const EXTENSION = '.cursor';

/** The name of an output's cursor file: what is legible of the name, and a hash, for a name may be any text. */
export function cursorFile(output: string): string {
  const legible = output
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .slice(0, 40);
  const hash = createHash('sha256').update(output).digest('hex').slice(0, 16);
  return `${legible}-${hash}${EXTENSION}`;
}

/** The bytes of a cursor file that says what the ledger says now. */
export function encodeCursor(ledger: Ledger, epoch: string): Uint8Array {
  const { output, through, pending } = ledger;
  const lost = unreportedLosses(ledger);
  const head = { output, epoch, through, ...(lost.exact + lost.atMost > 0 && { lost }) };
  return encodeNote({ head, numbers: numbersOfRuns(pending.runs(through)) });
}

/**
 * The bytes that take the place of a cursor when its output is forgotten: events kept may still name that output, and
 * without them it would look like one whose cursor was lost.
 */
export function encodeForgotten(output: string, epoch: string, through: Position): Uint8Array {
  return encodeNote({ head: { output, epoch, through, forgotten: true }, numbers: [] });
}

/** What the cursor files say. */
export interface Cursors {
  readonly cursors: readonly Cursor[];
  /** Outputs that were forgotten: nothing up to `through` is wanted by them. */
  readonly forgotten: readonly Cursor[];
  /** Names of files that cannot be read: said, not skipped in silence. */
  readonly unreadable: readonly string[];
}

/**
 * Reads all cursor files. Bytes that the disk cannot read are damage; a file that cannot be opened is not.
 *
 * @throws UnknownVersionError
 * @throws the system's error when a file cannot be opened: taken for damaged, it would be delivered again from its beginning
 */
export async function readCursors(fs: FileSystem, directory: string): Promise<Cursors> {
  const cursors: Cursor[] = [];
  const forgotten: Cursor[] = [];
  const unreadable: string[] = [];
  for (const name of await fs.list(directory)) {
    if (!name.endsWith(EXTENSION)) continue;
    const path = join(directory, name);
    const note = decodeNote(await readWhole(fs, path), path);
    if (note === undefined) {
      unreadable.push(name);
      continue;
    }
    const head = note.head as Omit<Cursor, 'pending'> & { readonly forgotten?: true };
    (head.forgotten ? forgotten : cursors).push({ ...head, pending: [...runsOfNumbers(note.numbers)] });
  }
  return { cursors, forgotten, unreadable };
}
