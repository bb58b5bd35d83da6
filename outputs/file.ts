import { constants } from 'node:fs';
import { access, type FileHandle, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defineOutput, delivered, type Finding, type Logger, recordJson, Type } from '../core/sdk/index.ts';

/** Appends each record to a file as a line of JSON. */
export default defineOutput({
  apiVersion: 1,
  type: 'file',
  summary: 'Appends each event to a file as a line of JSON (NDJSON).',
  category: 'local',
  stability: 'stable',
  options: Type.Object({
    path: Type.String({
      minLength: 1,
      format: 'path',
      description: 'The file; created when it does not exist. Relative to the folder of the configuration.',
      examples: ['/var/log/tiercel/events.ndjson'],
    }),
    mode: Type.Unsafe<number>({
      type: 'string',
      format: 'file-mode',
      description:
        'Permissions of files that it creates, in octal and in quotes, whatever the umask; an existing file keeps its own.',
      default: '0640',
      examples: ['0600', '0644'],
    }),
  }),
  examples: [{ title: 'Minimal', options: { path: '/var/log/tiercel/events.ndjson' } }],
  batch: { events: 1_000, size: 1_048_576, every: 200 },
  mapper: 'falco',
  ordering: 'partition',
  // Two that append to one file would cut off each other's lines after a fault. A device keeps none.
  claims: ({ path }, { configDir }) => (path.startsWith('/dev/') ? [] : [resolve(configDir, path)]),
  notes: `A batch is delivered when it is on stable storage (fsync). Every fault is retried: a full disk, a missing folder, a
missing permission; half a batch that was written before the fault is taken back first. The file may be renamed or removed at any time, by logrotate say: the next
batch goes to a new file under the configured name.`,
  create({ path, mode }, { configDir, log, mapper }) {
    const file = appender(resolve(configDir, path), mode, log);
    const toJson = recordJson(mapper);
    return {
      async deliver({ records }) {
        await file.append(Buffer.from(records.map((record) => `${toJson(record)}\n`).join('')));
        return delivered();
      },
      async *diagnose() {
        yield await look(resolve(configDir, path));
      },
      stop: () => file.close(),
    };
  },
});

/** Can a file be appended to, or made? Changes nothing. */
async function look(path: string): Promise<Finding> {
  const what = 'file';
  const fail = (line: string): Finding => ({ status: 'failed', what, line });
  const folder = dirname(path);
  try {
    if (!(await stat(folder)).isDirectory()) return fail(`${folder} is a file: set path to another place`);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found?.isDirectory()) return fail(`${path} is a directory: add the name of a file to path`);
    if (found === undefined) await access(folder, constants.W_OK | constants.X_OK);
    else await access(path, constants.W_OK);
    const line = found === undefined ? `${path} will be made` : `${path} can be appended to`;
    return { status: 'ok', what, line };
  } catch (error) {
    return fail(explain(folder, path, error as NodeJS.ErrnoException));
  }
}

function explain(folder: string, path: string, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return `the folder ${folder} does not exist: make it`;
    case 'ENOTDIR':
      return `a folder above ${path} is a file: set path to another place`;
    case 'EACCES':
    case 'EPERM':
      return `${path} cannot be written to: give the user of this process the permission`;
    case 'EROFS':
      return `${path} is on a file system that is mounted read-only`;
    default:
      return message;
  }
}

/** Appends to whatever file has the name now, all or nothing, synced. */
function appender(path: string, mode: number, log: Logger) {
  let handle: FileHandle | undefined;

  async function close(): Promise<void> {
    const closing = handle;
    handle = undefined;
    await closing?.close();
  }

  async function current(): Promise<FileHandle> {
    if (handle !== undefined) {
      const named = await stat(path).catch(() => undefined);
      const held = await handle.stat();
      if (named?.ino === held.ino && named.dev === held.dev) return handle;
      log.info({ path }, 'the file was renamed or removed; a new one is opened');
      await close();
    }
    handle = await openOrCreate();
    await syncFolder(dirname(path));
    await endLine(handle);
    return handle;
  }

  async function openOrCreate(): Promise<FileHandle> {
    let created: FileHandle;
    try {
      created = await open(path, 'ax+', mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return open(path, 'a+', mode);
    }
    // The umask of the process has taken bits away.
    await created
      .chmod(mode)
      .catch((error) =>
        log.warn({ path, error }, 'the file system does not let the mode of the file be set'),
      );
    return created;
  }

  return {
    close,
    async append(bytes: Uint8Array): Promise<void> {
      const file = await current();
      const { size } = await file.stat();
      try {
        await file.appendFile(bytes);
        await file.sync();
      } catch (error) {
        // The attempt will be made again from its start. A pipe or a device cannot be cut.
        await file.truncate(size).catch(() => {});
        await close().catch(() => {});
        throw error;
      }
    },
  };
}

/** Ends a line that a crash left half written, so that the next one stands alone. */
async function endLine(file: FileHandle): Promise<void> {
  const stats = await file.stat();
  if (!stats.isFile() || stats.size === 0) return;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, stats.size - 1);
  if (buffer[0] !== 0x0a) await file.appendFile('\n');
}

/** Makes the name of a new file durable; not every file system can. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
