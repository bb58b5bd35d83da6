import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { spawnCommand } from '../support/commands.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';

const OTHER = 65534;

describe.runIf(process.getuid?.() === 0)(
  'a state directory of another user, whose instance is stopped',
  () => {
    let tiercel: Tiercel;
    let state: string;

    const entries = () => ['', ...(readdirSync(state, { recursive: true }) as string[])];
    const owners = () => new Set(entries().map((name) => lstatSync(join(state, name)).uid));
    const give = (user: number) => {
      for (const name of entries()) chownSync(join(state, name), user, user);
    };
    const run = (uid: number, ...args: string[]) => spawnCommand(args, { cwd: tiercel.directory, uid });

    beforeAll(async () => {
      tiercel = await startTiercel({
        config: 'journal: { path: ./data }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n',
      });
      await tiercel.stop();
      state = join(tiercel.directory, 'data');
      chmodSync(tiercel.directory, 0o755);
      chmodSync(join(tiercel.directory, 'tiercel.yaml'), 0o644);
    });
    afterAll(() => tiercel?.remove());
    beforeEach(() => give(OTHER));

    test.each([
      ['journal', 'status'],
      ['journal', 'orphans'],
      ['dlq', 'list'],
      ['dlq', 'replay'],
    ])('root is refused, and leaves nothing there: %s %s', async (...args) => {
      const { code, stderr } = await run(0, ...args);
      expect([code, stderr]).toEqual([
        1,
        `tiercel: ${state}/journal belongs to user ${OTHER}, and this process runs as user 0: run the command as the user of the instance, for example sudo -u '#${OTHER}' tiercel ${args.join(' ')}\n`,
      ]);
      expect([...owners()]).toEqual([OTHER]);
      expect((await run(OTHER, ...args)).code).toBe(0);
    });

    test.each([
      ['journal', 'status'],
      ['dlq', 'list'],
      ['journal', 'check'],
      ['journal', 'salvage'],
    ])('a user who must not look there is told whose it is: %s %s', async (...args) => {
      give(0);
      const { code, stderr } = await run(OTHER, ...args);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining(`${state} belongs to user 0, and this process runs as user ${OTHER}`),
      ]);
      expect(stderr).not.toContain('there is no journal');
    });

    test('root may look where nothing is written', async () => {
      expect((await run(0, 'journal', 'check')).stdout).toContain('sound');
      expect([...owners()]).toEqual([OTHER]);
    });

    test.each(['lock', 'epoch'])(
      'a start names the file that it may not open, and its owner: %s',
      async (name) => {
        const path = join(state, 'journal', name);
        chownSync(path, 0, 0);
        const { code, stderr } = await run(OTHER, 'run');
        expect(code).toBe(1);
        const { msg } = JSON.parse(stderr.trim().split('\n').at(-1)!);
        expect(msg).toContain(`${path} belongs to user 0, and this process runs as user ${OTHER}`);
        expect(msg).not.toContain('a directory in which this process may write');
      },
    );
  },
);
