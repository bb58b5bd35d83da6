import { ensureDirectory, type FileSystem } from '../files/filesystem.ts';
import { withOwner } from '../files/owner.ts';
import { JournalLockedError, type Lock } from '../lock/lock.ts';

/**
 * Makes the directory of a journal, when it is not there, and takes the right to write in it.
 *
 * @throws JournalLockedError when another process has it; Error naming the directory, and what it needs, otherwise
 */
export async function enterDirectory(
  directory: string,
  fs: FileSystem,
  lock: (directory: string) => Promise<Lock>,
): Promise<Lock> {
  try {
    await ensureDirectory(fs, directory);
    return await lock(directory);
  } catch (error) {
    if (error instanceof JournalLockedError) throw error;
    const explained = (await withOwner(error)) as Error;
    const need =
      explained === error ? '; it needs a directory in which this process may write (journal.path)' : '';
    throw new Error(`the journal cannot be kept in ${directory}: ${explained.message}${need}`, {
      cause: error,
    });
  }
}
