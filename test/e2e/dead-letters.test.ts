import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../support/commands.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const LETTERS = 45;

const EVENT =
  '{"rule":"R","priority":"Critical","time":"2026-07-11T09:44:58Z","output":"o","output_fields":{}}';

describe('dead letters that were damaged or removed while nobody wrote them', () => {
  let tiercel: Tiercel;
  let hook: Destination;
  let saved: string;

  const folder = () => join(tiercel.directory, 'data');
  const segment = () => join(folder(), 'dead-letters', '000000000001.segment');
  const metric = async (name: string) => {
    const { body } = await tiercel.get('/metrics');
    return Number(
      body
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  };

  beforeAll(async () => {
    hook = await startDestination(422);
    tiercel = await startTiercel({
      config: `outputs:\n  hook: { type: webhook, url: "${hook.url}", batch: { events: 1 } }\n`,
    });
    for (let n = 0; n < LETTERS; n++) expect((await tiercel.post('/', EVENT)).status).toBe(200);
    await until(
      'the dead letters',
      async () => (await metric('tiercel_dead_letters{output="hook"}')) === LETTERS,
    );
    await tiercel.stop();
    saved = join(tiercel.directory, 'saved');
    cpSync(folder(), saved, { recursive: true });
  });
  afterAll(async () => {
    await tiercel?.remove();
    await hook?.close();
  });

  /** Starts with what the damage has left, and waits until all of it was counted. */
  async function startAfter(harm: () => void): Promise<string> {
    rmSync(folder(), { recursive: true });
    cpSync(saved, folder(), { recursive: true });
    harm();
    const before = tiercel.output().length;
    await tiercel.start();
    await until(
      'the count',
      async () => !Number.isNaN(await metric('tiercel_dead_letters{output="(removed)"}')),
    );
    return tiercel.output().slice(before);
  }

  test('damage is on the metrics, in journal status and in the log', async () => {
    const said = await startAfter(() => {
      const bytes = readFileSync(segment());
      bytes[Math.floor(bytes.length / 2)]! ^= 0xff;
      writeFileSync(segment(), bytes);
    });
    try {
      expect(await metric('tiercel_journal_corrupt_frames_total'), said).toBe(1);
      const lost = await metric('tiercel_dead_letters_lost_total{exact="true"}');
      expect(lost, said).toBeGreaterThan(0);
      expect(await metric('tiercel_dead_letters{output="hook"}')).toBe(LETTERS - lost);
      expect(said).toContain(`${lost} dead letters are lost`);
      const report = JSON.parse((await runCommand(tiercel.directory, 'journal', 'status', '--json')).stdout);
      expect(report).toMatchObject({
        corrupt_frames: 1,
        dead_letters: LETTERS - lost,
        dead_letters_lost: { exact: lost, at_most: 0 },
      });
      const { stdout } = await runCommand(tiercel.directory, 'journal', 'status');
      expect(stdout).toMatch(/damaged since the start +1\n/);
      expect(stdout).toMatch(new RegExp(`dead letters lost +${lost}\n`));
    } finally {
      await tiercel.stop();
    }
  });

  test('letters that were cut off are on the metrics and in the log', async () => {
    const said = await startAfter(() => truncateSync(segment(), 4096));
    try {
      const lost = await metric('tiercel_dead_letters_lost_total{exact="true"}');
      const maybe = await metric('tiercel_dead_letters_lost_total{exact="false"}');
      const left = await metric('tiercel_dead_letters{output="hook"}');
      expect(left).toBeLessThan(LETTERS);
      expect(left + lost + maybe, said).toBeGreaterThanOrEqual(LETTERS);
      expect(said).toMatch(/dead letters (are|may be) lost/);
    } finally {
      await tiercel.stop();
    }
  });

  test('segments that are gone are on the metrics, in journal status and in the log', async () => {
    const said = await startAfter(() => {
      const dead = join(folder(), 'dead-letters');
      for (const name of readdirSync(dead).filter((one) => /\.(segment|index)$/.test(one)))
        rmSync(join(dead, name));
    });
    try {
      // Without the segment nothing says how many there were.
      const lost = await metric('tiercel_dead_letters_lost_total{exact="false"}');
      expect(lost, said).toBeGreaterThanOrEqual(LETTERS);
      expect(said).toContain(`up to ${lost} dead letters may be lost`);
      const { stdout } = await runCommand(tiercel.directory, 'journal', 'status');
      expect(stdout).toMatch(new RegExp(`dead letters lost +0, and up to ${lost} more\n`));
    } finally {
      await tiercel.stop();
    }
  });

  test('those of an output that was renamed stay, and a name that nobody knows is refused', async () => {
    const file = join(tiercel.directory, 'tiercel.yaml');
    const config = readFileSync(file, 'utf8');
    writeFileSync(file, `${config.replace('hook:', 'hook9:')}  off: { type: stdout, enabled: false }\n`);
    await startAfter(() => {});
    const cli = (...args: string[]) => runCommand(tiercel.directory, 'dlq', ...args);
    const both = async () => {
      const replayed = await cli('replay', '--output', 'hook', '--json');
      expect([replayed.code, JSON.parse(replayed.stdout)]).toEqual([
        1,
        {
          replayed: 0,
          left: [
            {
              output: 'hook',
              dead_letters: LETTERS,
              reason: 'the configuration does not have this output',
            },
          ],
        },
      ]);
      for (const args of [['list'], ['list', '--json'], ['replay'], ['drop'], ['drop', '--yes']])
        expect(await cli(...args, '--output', 'nope')).toEqual({
          code: 2,
          stdout: '',
          stderr:
            'tiercel: neither the configuration nor the dead letters have an output "nope"; there are: hook, hook9, off\n',
        });
      for (const known of ['hook9', 'off']) expect((await cli('list', '--output', known)).code).toBe(0);
    };
    try {
      await both();
      await tiercel.stop();
      await both();
    } finally {
      await tiercel.stop();
      writeFileSync(file, config);
    }
  });
});
