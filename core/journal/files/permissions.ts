import { constants } from 'node:fs';
import { chmod, lstat, open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../sdk/contract/logger.ts';

/** The modes of what Tiercel creates in its state directory. */
export interface Permissions {
  readonly file: number;
  readonly directory: number;
  /** The group has access: modes are set after creation, because the umask of the process takes group bits away. */
  readonly isShared: boolean;
}

/** @param options.groupAccess `journal.group_access`: for volumes that are shared by a group (`fsGroup` in Kubernetes) */
export function permissionsFor({ groupAccess = false }: { readonly groupAccess?: boolean }): Permissions {
  return groupAccess
    ? { file: 0o660, directory: 0o2770, isShared: true }
    : { file: 0o600, directory: 0o700, isShared: false };
}

/** Set-group-ID: which group new entries of a directory get. It grants no right. */
const SET_GROUP = 0o2000;

/** What Tiercel keeps directly below `journal.path`. Outputs may have files for other programs there, too. */
const isState = (name: string) =>
  ['journal', 'dead-letters', 'outputs', 'epoch', 'lock', 'reserve'].includes(name) || name.endsWith('.sock');

/**
 * Takes from the group and from others the rights that a state directory need not give: what earlier versions, a wide
 * umask or a restored backup left. Nothing is widened, no symbolic link below the directory is followed, and entries of
 * other users are left alone. A refusal of the file system is one warning. Does nothing on Windows.
 *
 * @param root `journal.path`; need not exist
 */
export async function tightenState(root: string, permissions: Permissions, log: Logger): Promise<void> {
  const user = process.platform === 'win32' ? undefined : process.geteuid?.();
  if (user === undefined) return;
  let refused = 0;
  let refusal: { readonly path: string; readonly error: unknown } | undefined;

  async function tighten(path: string, wanted: (name: string) => boolean): Promise<void> {
    try {
      const stats = await lstat(path);
      if (stats.isSymbolicLink()) return;
      const isDirectory = stats.isDirectory();
      const most = isDirectory ? permissions.directory | SET_GROUP : permissions.file;
      const mode = stats.mode & 0o7777;
      if (stats.uid === user && (mode & ~most) !== 0)
        await changeMode(path, mode & most, isDirectory || stats.isFile());
      if (!isDirectory) return;
      // After the directory itself: from then on no other user can replace an entry by a link.
      for (const name of await readdir(path)) if (wanted(name)) await tighten(join(path, name), () => true);
    } catch (error) {
      // It was removed meanwhile, by a second instance, say.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      refused++;
      refusal ??= { path, error };
    }
  }

  const directory = await realpath(root).catch(() => undefined);
  if (directory !== undefined) await tighten(directory, isState);
  if (refusal !== undefined)
    log.warn(
      { ...refusal, entries: refused },
      'cannot restrict the permissions of the state directory; set them to 0600 for files and 0700 for directories',
    );
}

/** Through a descriptor where there can be one: a path might be a link by now. */
async function changeMode(path: string, mode: number, canOpen: boolean): Promise<void> {
  if (!canOpen) return chmod(path, mode);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}
