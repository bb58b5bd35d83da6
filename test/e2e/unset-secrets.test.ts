import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand, spawnCommand } from '../support/commands.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

// The instance has its secrets; the shell of the operator, which is this process, has none of them.
describe('an operator without the secrets of the outputs', { shuffle: false }, () => {
  let destination: Destination;
  let tiercel: Tiercel;
  const cli = (...args: string[]) => runCommand(tiercel.directory, ...args);

  beforeAll(async () => {
    destination = await startDestination(422);
    tiercel = await startTiercel({
      config: `
outputs:
  counters: { type: file, path: ./counters.ndjson, batch: { events: 1 } }
  hook:
    type: webhook
    url: "\${env:UNSET_HOOK_URL}"
    headers: { x-key: "\${env:UNSET_KEY}" }
    batch: { events: 1 }
`,
      env: { UNSET_HOOK_URL: destination.url, UNSET_KEY: 'k3y' },
    });
    writeFileSync(
      join(tiercel.directory, 'event.json'),
      '{"rule":"R","priority":"Debug","time":"2026-07-11T09:44:58Z"}',
    );
  }, 60_000);
  afterAll(async () => {
    await tiercel?.remove();
    await destination?.close();
  });

  test('uses the running instance', async () => {
    const sent = await cli('send', '--priority', 'critical');
    expect([sent.code, sent.stderr]).toEqual([0, '']);
    await until('the dead letter', async () =>
      (await cli('dlq', 'list', '--json')).stdout.includes('"hook"'),
    );

    for (const args of [
      ['health'],
      ['send', join(tiercel.directory, 'event.json')],
      ['journal', 'status'],
      ['journal', 'orphans'],
      ['journal', 'check'],
      ['journal', 'salvage'],
      ['dlq', 'list'],
      ['dlq', 'list', '--output', 'hook'],
      ['dlq', 'show', '1'],
      ['dlq', 'replay'],
    ]) {
      const { code, stderr } = await cli(...args);
      expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, stderr]);
      expect(stderr).not.toContain('is not set');
    }
    const dropped = await cli('dlq', 'drop', '--yes');
    expect([dropped.code, dropped.stderr]).toEqual([0, '']);
    const forgotten = await cli('journal', 'forget', 'hook', '--yes');
    expect(forgotten.stderr).toContain('hook');
    expect(forgotten.stderr).not.toContain('is not set');
  });

  test('taps the running instance', async () => {
    const tapped = spawnCommand(['tap', '--count', '1'], { cwd: tiercel.directory });
    await until('the tap', async () => {
      await tiercel.post('/', '{"rule":"Tapped","priority":"Debug","time":"2026-07-11T09:44:58Z"}');
      return Promise.race([tapped, new Promise((resolve) => setTimeout(resolve, 100))]);
    });
    expect(await tapped).toMatchObject({ code: 0, stdout: expect.stringContaining('Tapped') });
  });

  test('explains and checks an output that needs none', async () => {
    const event = join(tiercel.directory, 'event.json');
    const explained = await cli('explain', event, '--output', 'counters');
    expect([explained.code, explained.stderr]).toEqual([0, '']);
    const checked = await cli('doctor', '--output', 'counters');
    expect(checked.code, checked.stdout + checked.stderr).toBe(0);
    expect(checked.stdout).toContain('counters (file)');
    const misspelt = await cli('explain', event, '--output', 'countrs');
    expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining('counters, hook')]);
  });

  test('is told which secret a command needs', async () => {
    const event = join(tiercel.directory, 'event.json');
    for (const args of [
      ['explain', event, '--output', 'hook'],
      ['doctor', '--output', 'hook'],
      ['explain', event],
      ['doctor'],
      ['validate'],
      ['print-config'],
      ['test'],
    ]) {
      const { code, stderr } = await cli(...args);
      expect([args[0], code]).toEqual([args[0], 2]);
      expect(stderr).toMatch(/tiercel\.yaml:\d+:\d+/);
      expect(stderr).toContain('the environment variable UNSET_KEY is not set');
      expect(stderr).toContain(`\${env:UNSET_KEY:-default}`);
    }
  });

  test('uses the directory of a stopped instance', async () => {
    await tiercel.stop();
    for (const args of [
      ['journal', 'status'],
      ['dlq', 'list'],
    ]) {
      const { code, stderr } = await cli(...args);
      expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, stderr]);
    }
    // The outputs are known by name: the events of none are taken for those of a removed output.
    const orphans = await cli('journal', 'orphans', '--json');
    expect(JSON.parse(orphans.stdout)).toEqual({ orphans: [] });
    const forgotten = await cli('journal', 'forget', 'hook', '--yes');
    expect(forgotten.code).not.toBe(0);

    const file = join(tiercel.directory, 'tiercel.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `journal: { path: "\${env:UNSET_STATE}" }\n${text}`);
    const { code, stderr } = await cli('journal', 'status');
    expect([code, stderr]).toEqual([2, expect.stringContaining('UNSET_STATE is not set')]);
    writeFileSync(file, text);
  });
});
