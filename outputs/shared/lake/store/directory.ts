import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, link, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Finding } from '../../../../core/sdk/index.ts';
import { delivered, retry } from '../../../../core/sdk/index.ts';
import type { ObjectStore } from './store.ts';

const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;

/**
 * A folder as an object store: for tests, for a mounted share, and for lakes without S3.
 *
 * An object appears whole or not at all: it is written beside its place under a name that begins with a dot, which query
 * engines pass over, made durable, and linked to its name, which fails if there is one.
 *
 * Other programs read a lake: what is made is readable for the group, and the umask of the process may take that away.
 *
 * @param root absolute; made when the first object is written
 * @example
 * const store = directoryStore('/var/lib/lake');
 * const put = await store.put('day=2026-01-02/b-1.parquet', { path: '/tmp/b-1.parquet', size: 4_096, sha256: '…' }, { signal });
 */
export function directoryStore(root: string): ObjectStore {
  const folder = resolve(root);
  return {
    async put(key, file, { signal }) {
      const target = placeOf(folder, key);
      const parent = dirname(target);
      const temporary = join(parent, `.${randomUUID()}.tmp`);
      try {
        await makeDurableFolder(folder, parent);
        await copyDurably(file.path, temporary, signal);
        await claim(temporary, target);
        await syncFolder(parent);
        return delivered({ bytes: file.size });
      } catch (error) {
        if (signal.aborted) return retry(`writing ${key} was interrupted`);
        return retry(explain(folder, error));
      } finally {
        await rm(temporary, { force: true }).catch(() => {});
      }
    },

    async check() {
      await mustBeWritable(folder).catch((error: unknown) => {
        throw new Error(explain(folder, error));
      });
      return `${folder} can be written to`;
    },

    async *diagnose(_key, write) {
      const what = 'directory';
      try {
        await mustBeWritable(folder);
        yield { status: 'ok', what, line: `${folder} can be written to` };
      } catch (error) {
        yield { status: 'failed', what, line: explain(folder, error) };
      }
      if (write) yield await tryWriting(folder);
    },

    describe: () => folder,
    close: () => {},
  };
}

/** Writes a file as objects are written, in the nearest folder that is there, and removes it. */
async function tryWriting(folder: string): Promise<Finding> {
  const what = 'write';
  const temporary = join(await firstExisting(folder), `.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, 'tiercel doctor', { flag: 'wx', flush: true, mode: 0o600 });
    return { status: 'ok', what, line: 'a file was written, made durable and removed again' };
  } catch (error) {
    return { status: 'failed', what, line: explain(folder, error) };
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** @throws Error when the key leads out of the folder */
function placeOf(folder: string, key: string): string {
  const place = resolve(folder, ...key.split('/'));
  if (!place.startsWith(folder + sep))
    throw new Error(`the key ${JSON.stringify(key)} leads out of ${folder}`);
  return place;
}

/** Gives the file its name, unless the name is taken: then the object was written before. */
async function claim(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
    // A file system without hard links (some network shares): nearly as good, as only this process writes here.
    const taken = await access(target).then(
      () => true,
      () => false,
    );
    if (!taken) await rename(temporary, target);
  }
}

const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

async function copyDurably(from: string, to: string, signal: AbortSignal): Promise<void> {
  const file = await open(to, 'wx', FILE_MODE);
  try {
    // Not a pipeline into a stream of the handle: on Node 20 that never ends when the handle stays open.
    await writeFile(file, createReadStream(from), { signal });
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a folder and what is above it up to the root of the store; each new name is on stable storage. */
async function makeDurableFolder(root: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  await syncFolder(root);
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; it has no such thing as syncing one.
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch (error) {
    if (codeOf(error) !== 'EPERM' && codeOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle?.close();
  }
}

/** @throws what the system says, where the folder, or the nearest one above it that is there, cannot take a file */
async function mustBeWritable(folder: string): Promise<void> {
  const nearest = await firstExisting(folder);
  await access(nearest, constants.W_OK);
  if (!(await stat(nearest)).isDirectory())
    throw Object.assign(new Error(`${nearest} is a file`), { code: 'ENOTDIR' });
}

async function firstExisting(folder: string): Promise<string> {
  for (let place = folder; ; place = dirname(place)) {
    const exists = await access(place).then(
      () => true,
      () => false,
    );
    if (exists || place === dirname(place)) return place;
  }
}

function explain(folder: string, error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${folder} cannot be written to: give the user of this process write permission`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `${folder} is full: make room or raise the quota`;
    case 'ENOTDIR':
      return `${folder} or a folder above it is a file: choose another place`;
    default:
      return `writing to ${folder} failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
