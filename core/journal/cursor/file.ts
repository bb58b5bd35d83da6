import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decodeChecked, encodeChecked, numbersOfRuns, runsOfNumbers } from '../files/checked-file.ts';
import type { FileSystem } from '../files/filesystem.ts';
import { readWhole } from '../files/filesystem.ts';
import type { Lost, Position } from '../journal.ts';
import { type CursorState, unreportedLosses } from './state.ts';

/**
 * What a cursor file says: up to `through` exactly the positions in `pending` are not settled; after it, every
 * event that names the output is pending. So an output that has settled all costs a hundred bytes, and one that
 * settles out of order a few more for each run.
 */
export interface CursorFile {
  readonly output: string;
  readonly epoch: string;
  readonly through: Position;
  readonly pending: readonly (readonly [first: Position, last: Position])[];
  /** Losses that no subscription has reported yet. Version 0.1 does not write it and ignores it. */
  readonly lost?: Lost;
}

const EXTENSION = '.cursor';

/** The name of an output's cursor file: what is legible of the name, and a hash, for a name may be any text. */
export function cursorFileName(output: string): string {
  const legible = output
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .slice(0, 40);
  const hash = createHash('sha256').update(output).digest('hex').slice(0, 16);
  return `${legible}-${hash}${EXTENSION}`;
}

/** The bytes of a cursor file that says what the cursor says now. */
export function encodeCursorFile(cursor: CursorState, epoch: string): Uint8Array {
  const { output, through, pending } = cursor;
  const lost = unreportedLosses(cursor);
  const head = { output, epoch, through, ...(lost.exact + lost.atMost > 0 && { lost }) };
  return encodeChecked({ head, numbers: numbersOfRuns(pending.runs(through)) });
}

/**
 * The bytes that take the place of a cursor when its output is forgotten: events kept may still name that output, and
 * without them it would look like one whose cursor was lost.
 */
export function encodeForgottenFile(output: string, epoch: string, through: Position): Uint8Array {
  return encodeChecked({ head: { output, epoch, through, forgotten: true }, numbers: [] });
}

/** What the cursor files say. */
export interface CursorFiles {
  readonly cursors: readonly CursorFile[];
  /** Outputs that were forgotten: nothing up to `through` is wanted by them. */
  readonly forgotten: readonly CursorFile[];
  /** Names of files that cannot be read: said, not skipped in silence. */
  readonly unreadable: readonly string[];
}

/**
 * Reads all cursor files. Bytes that the disk cannot read are damage; a file that cannot be opened is not.
 *
 * @throws UnknownVersionError
 * @throws the system's error when a file cannot be opened: treated as damaged, its output would be delivered everything again from its beginning
 */
export async function readCursorFiles(fs: FileSystem, directory: string): Promise<CursorFiles> {
  const cursors: CursorFile[] = [];
  const forgotten: CursorFile[] = [];
  const unreadable: string[] = [];
  for (const name of await fs.list(directory)) {
    if (!name.endsWith(EXTENSION)) continue;
    const path = join(directory, name);
    const checked = decodeChecked(await readWhole(fs, path), path);
    if (checked === undefined) {
      unreadable.push(name);
      continue;
    }
    const head = checked.head as Omit<CursorFile, 'pending'> & { readonly forgotten?: true };
    (head.forgotten ? forgotten : cursors).push({ ...head, pending: [...runsOfNumbers(checked.numbers)] });
  }
  return { cursors, forgotten, unreadable };
}
