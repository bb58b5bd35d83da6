import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MAIN } from '../support/cli.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';

const config = (groupAccess: boolean) => `
journal: { path: ./state/data, group_access: ${groupAccess} }
outputs:
  archive: { type: file, path: ./archive.ndjson, batch: { events: 1 } }
  lake: { type: parquet_lake, directory: ./lake, batch: { events: 1 } }
  down: { type: webhook, url: "http://127.0.0.1:1/" }
`;

/** What is below the state directory, with its modes in octal. */
function modesOf({ directory }: Tiercel): Map<string, string> {
  const root = join(directory, 'state');
  const names = ['', ...(readdirSync(root, { recursive: true }) as string[])];
  return new Map(names.map((name) => [name, (lstatSync(join(root, name)).mode & 0o7777).toString(8)]));
}

const isDirectory = ({ directory }: Tiercel, name: string) =>
  lstatSync(join(directory, 'state', name)).isDirectory();

const EVENT =
  '{"rule":"R","priority":"Critical","time":"2026-07-11T09:44:58Z","output":"o","output_fields":{}}';

function start(umask: string, groupAccess: boolean): Promise<Tiercel> {
  const command = ['/bin/sh', '-c', `umask ${umask}; exec "$0" "$@"`, process.execPath, MAIN];
  return startTiercel({ command, config: config(groupAccess) });
}

describe.skipIf(process.platform === 'win32')('the state directory', () => {
  test.each(['000', '077'])('is for its user alone at umask %s', async (umask) => {
    const tiercel = await start(umask, false);
    try {
      expect((await tiercel.post('/', EVENT)).status).toBe(200);
      const check = () => {
        const modes = modesOf(tiercel);
        expect([...modes.keys()]).toEqual(expect.arrayContaining(['data/journal', 'data/outputs/lake']));
        for (const [name, mode] of modes)
          expect([name, mode]).toEqual([name, isDirectory(tiercel, name) ? '700' : '600']);
      };
      // A file gets its name and its mode right after it was created: none may be under way.
      await tiercel.stop();
      check();

      // As an earlier version left it, or a backup that was restored.
      for (const name of modesOf(tiercel).keys())
        chmodSync(join(tiercel.directory, 'state', name), isDirectory(tiercel, name) ? 0o777 : 0o666);
      chmodSync(join(tiercel.directory, 'state'), 0o700);
      await tiercel.start();
      await tiercel.stop();
      check();
      expect(tiercel.output()).not.toContain('permissions');
    } finally {
      await tiercel.remove();
    }
  });

  test.each(['000', '077'])('is for the group too with journal.group_access, at umask %s', async (umask) => {
    const tiercel = await start(umask, true);
    try {
      expect((await tiercel.post('/', EVENT)).status).toBe(200);
      await tiercel.stop();
      // What operators do stays with the user of the process.
      for (const [name, mode] of modesOf(tiercel))
        if (!name.includes('encoding-') && !name.endsWith('admin.sock'))
          expect([name, mode]).toEqual([name, isDirectory(tiercel, name) ? '2770' : '660']);
    } finally {
      await tiercel.remove();
    }
  });
});
