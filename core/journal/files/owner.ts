import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './filesystem.ts';

/** What belongs to another user than the one this process runs as. */
export interface Foreign {
  readonly user: number;
  /** `/var/lib/tiercel belongs to user 1000, and this process runs as user 0` */
  readonly sentence: string;
}

/**
 * Whose a file or directory is; of one that this process may not see, whose the closest directory above it is.
 *
 * @returns undefined when it is this user's or not there, and where the system has no user numbers
 */
export async function foreignOwner(path: string): Promise<Foreign | undefined> {
  const self = process.geteuid?.();
  if (self === undefined) return undefined;
  try {
    const { uid: user } = await stat(path);
    if (user === self) return undefined;
    return { user, sentence: `${path} belongs to user ${user}, and this process runs as user ${self}` };
  } catch (error) {
    return codeOf(error) === 'EACCES' ? foreignOwner(dirname(path)) : undefined;
  }
}

/** The same error; where permission was lacking because a file or its directory is another user's, a new one that says whose. */
export async function withOwner(error: unknown): Promise<unknown> {
  const { path } = error as NodeJS.ErrnoException;
  if (!['EACCES', 'EPERM'].includes(codeOf(error)) || path === undefined) return error;
  const foreign = (await foreignOwner(path)) ?? (await foreignOwner(dirname(path)));
  if (foreign === undefined) return error;
  const message = `${(error as Error).message}; ${foreign.sentence}`;
  return Object.assign(new Error(message, { cause: error }), { code: codeOf(error) });
}
