import { join } from 'node:path';
import type { Logger } from '../../sdk/contract/logger.ts';
import { VERSION } from '../../sdk/contract/version.ts';
import { decodeNote, encodeNote } from '../files/checked-file.ts';
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
    const note = decodeNote(await readWhole(fs, path), path);
    return note === undefined ? 'damaged' : (note.head as EpochFile);
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
    replaceFile(fs, join(directory, FILE), encodeNote({ head: file, numbers: [] }), { durable: true });
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
