import { stat } from 'node:fs/promises';
import { codeOf } from '../journal/files/filesystem.ts';
import { foreignOwner, withOwner } from '../journal/files/owner.ts';

// What the commands that work on a state directory themselves look at first.

/** Is there such a file or directory? @throws Error naming it and its owner when this process may not know */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return false;
    throw await withOwner(error);
  }
}

/**
 * Refuses the directory of another user: what is made there, the lock for one, the instance could not open.
 *
 * @param command as it was called, `journal status`
 * @throws Error that says as which user to run it
 */
export async function refuseForeign(directory: string, command: string): Promise<void> {
  const foreign = await foreignOwner(directory);
  if (foreign === undefined) return;
  const { user, sentence } = foreign;
  throw new Error(
    `${sentence}: run the command as the user of the instance, for example sudo -u '#${user}' tiercel ${command}`,
  );
}
