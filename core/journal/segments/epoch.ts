import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../../sdk/contract/logger.ts';
import { VERSION } from '../../sdk/contract/version.ts';
import { decodeChecked, encodeChecked } from '../files/checked-file.ts';
import { codeOf, type FileSystem, isDiskFull, readWhole, replaceFile } from '../files/filesystem.ts';
import { reservePath } from '../files/reserve.ts';

/** What the file `epoch` says: the one place that decides which segments and cursors belong to a journal. */
export interface EpochFile {
  readonly epoch: string;
  /** The version of the program that opened the journal last. */
  readonly program: string;
}

const FILE = 'epoch';

/**
 * Reads the epoch of a journal.
 *
 * @returns undefined when there is none (a new journal, or one of before 0.2), `damaged` when it cannot be read
 * @throws UnknownVersionError
 */
export async function readEpoch(
  fs: FileSystem,
  directory: string,
): Promise<EpochFile | 'damaged' | undefined> {
  const path = join(directory, FILE);
  try {
    const checked = decodeChecked(await readWhole(fs, path), path);
    return checked === undefined ? 'damaged' : (checked.head as EpochFile);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Writes it durably, unless it says the same already. A full disk must not stop the process that could empty it: the reserve
 * is given up for it, and where that is not enough the epoch is found out again at the next start.
 */
export async function keepEpoch(
  fs: FileSystem,
  directory: string,
  epoch: string,
  found: EpochFile | 'damaged' | undefined,
  log: Logger,
): Promise<void> {
  const known = found === 'damaged' ? undefined : found;
  if (known?.epoch === epoch && known.program === VERSION) return;
  const file: EpochFile = { epoch, program: VERSION };
  const write = () =>
    replaceFile(fs, join(directory, FILE), encodeChecked({ head: file, numbers: [] }), { durable: true });
  try {
    await write().catch(async (error) => {
      if (!isDiskFull(error)) throw error;
      await fs.remove(reservePath(directory)).catch(() => {
        throw error;
      });
      await write();
    });
  } catch (error) {
    log.warn({ error, directory }, 'the file epoch cannot be written');
  }
}

/** What says to which journal it belongs: a cursor file, the header of a segment. */
interface OfJournal {
  readonly epoch: string;
}

/**
 * The epoch of a journal without a readable file `epoch`: that of the most cursors, then of the most segments. A foreign segment,
 * whatever its number, must not decide it.
 */
export function guessEpoch(
  cursors: readonly OfJournal[],
  segments: readonly (OfJournal | undefined)[],
): string {
  return mostFrequentEpoch(cursors) ?? mostFrequentEpoch(segments) ?? randomUUID();
}

function mostFrequentEpoch(files: readonly (OfJournal | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const file of files) if (file !== undefined) counts.set(file.epoch, (counts.get(file.epoch) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0];
}
