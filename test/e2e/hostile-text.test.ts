import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settled } from '../support/balance.ts';
import { type CommandResult, runCommand, spawnCommand } from '../support/commands.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { expectHarmless, HOSTILE, hostileEvent } from '../support/hostile-text.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

describe('an event that would fool a terminal', () => {
  let destination: Destination;
  let tiercel: Tiercel;
  const cli = (...args: string[]): Promise<CommandResult> => runCommand(tiercel.directory, ...args);

  beforeAll(async () => {
    destination = await startDestination(422);
    tiercel = await startTiercel({
      config: `
journal: { path: ./data }
log: { level: debug, format: pretty }
outputs:
  hook: { type: webhook, url: "${destination.url}", batch: { events: 1 } }
  screen: { type: stdout, when: 'fields["n"] / 0 == 1' }
`,
    });
    expect((await tiercel.post('/', hostileEvent())).status).toBe(200);
    await settled(tiercel, 'hook');
  });
  afterAll(async () => {
    await tiercel?.remove();
    await destination?.close();
  });

  test('is shown by dlq and journal with its characters named', async () => {
    for (const args of [
      ['dlq', 'list'],
      ['dlq', 'show', '1'],
      ['journal', 'status'],
      ['journal', 'check'],
      ['dlq', 'replay'],
    ]) {
      const { code, stdout, stderr } = await cli(...args);
      expect(code, stdout + stderr).toBe(0);
      expectHarmless(stdout + stderr);
      if (args[0] === 'dlq' && args[1] !== 'replay') expect(stdout).toMatch(/\\u\{?202e/);
    }
    const listed = JSON.parse((await cli('dlq', 'list', '--json')).stdout.split('\n')[0]!);
    expect(listed.rule).toBe(HOSTILE);
    const { stdout } = await cli('dlq', 'show', String(listed.id), '--json');
    expectHarmless(stdout);
    expect(JSON.parse(JSON.parse(stdout).event)).toEqual(JSON.parse(hostileEvent()));
  });

  test('is shown by tap on one line, and in JSON as it was', async () => {
    const { directory: cwd } = tiercel;
    const taps = [['tap'], ['tap', '--json']].map((args) => spawnCommand([...args, '--count', '1'], { cwd }));
    await until('both taps', async () => {
      await tiercel.post('/', hostileEvent());
      return Promise.race([Promise.all(taps), new Promise((resolve) => setTimeout(resolve, 100))]);
    });
    const [text, json] = await Promise.all(taps);
    expectHarmless(text!.stdout);
    expect(text!.stdout).toContain('a\\u{202e}b\\u{1b}[2J');
    expect(text!.stdout.split('\n')).toHaveLength(2);
    expectHarmless(json!.stdout);
    expect(JSON.parse(json!.stdout).event).toEqual(JSON.parse(hostileEvent()));
  });

  test('is harmless when send is refused', async () => {
    mkdirSync(join(tiercel.directory, 'in'), { recursive: true });
    const file = join(tiercel.directory, 'in', '\u202e.ndjson');
    writeFileSync(file, `${hostileEvent({ priority: HOSTILE })}\n${hostileEvent({ time: HOSTILE })}\n`);
    for (const args of [
      ['send', file],
      ['send', file, '--json'],
    ]) {
      const { code, stdout, stderr } = await cli(...args);
      expect(code).toBe(1);
      expectHarmless(stdout + stderr);
    }
  });

  test('is harmless in the log for people', () => {
    // The stdout output prints data, exactly as it was: it is no part of the log.
    const log = tiercel
      .output()
      .split('\n')
      .filter((line) => !line.startsWith('{'))
      .join('\n');
    expect(log).toContain('422');
    expectHarmless(log);
  });
});
