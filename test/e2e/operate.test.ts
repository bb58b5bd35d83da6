import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectBalance, settled } from '../support/books.ts';
import { type CommandResult, runCommand, spawnCommand } from '../support/commands.ts';
import { sampleEvents } from '../support/corpus.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { freePort } from '../support/port.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

// An integer beyond 2^53, which every way out must keep.
const EXACT =
  '{"output_fields":{"evt.time":1783762698682419669},"priority":"Critical","rule":"Exact","time":"2026-07-11T09:44:58Z"}';

const config = (hook: string, more = '') => `
journal: { path: ./data }
outputs:
  archive: { type: file, path: ./archive.ndjson, batch: { events: 1 } }
  hook: { type: webhook, url: "${hook}", minimum_priority: critical, batch: { events: 1 } }
${more}`;

describe('operating an instance', () => {
  let destination: Destination;
  let tiercel: Tiercel;
  const cli = (...args: string[]): Promise<CommandResult> => runCommand(tiercel.directory, ...args);
  const file = (name: string, text: string): string => {
    const path = join(tiercel.directory, name);
    writeFileSync(path, text);
    return path;
  };
  const jsonLines = ({ stdout }: CommandResult) =>
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  beforeAll(async () => {
    destination = await startDestination(422);
    tiercel = await startTiercel({
      config: config(destination.url, '  off: { type: stdout, enabled: false }\n'),
    });
  });
  afterAll(async () => {
    await tiercel?.remove();
    await destination?.close();
  });

  test('send puts a sample in, and the events of a file or of standard input', async () => {
    const sample = await cli('send');
    expect(sample.code, sample.stderr).toBe(0);
    expect(sample.stdout).toContain('accepted the Debug event "Test rule"');

    const events = sampleEvents();
    const input = `${events.join('\n')}\nnonsense\n{"rule":"R"}\n`;
    const sent = await spawnCommand(['send', '-', '--json'], { cwd: tiercel.directory, input });
    expect(sent.code).toBe(1);
    expect(JSON.parse(sent.stdout)).toMatchObject({ accepted: events.length, refused: 2 });
    expect(sent.stderr).toContain(`standard input, line ${events.length + 1}: is not a JSON object`);
    expect(sent.stderr).toContain(`standard input, line ${events.length + 2}: priority is missing`);

    const array = JSON.stringify([JSON.parse(events[0]!), JSON.parse(events[1]!)], null, 2);
    const list = await cli('send', file('array.json', array));
    expect([list.code, list.stdout]).toEqual([0, `${tiercel.url} accepted 2 events.\n`]);
    expect((await cli('send', '--priority', 'loud')).code).toBe(1);
    expect((await cli('send', 'absent.ndjson')).stderr).toContain('does not exist');
  });

  test('tap shows events as they come in, with the outputs that want them', async () => {
    const { directory: cwd } = tiercel;
    const all = spawnCommand(['tap', '--json', '--count', '2'], { cwd });
    const some = spawnCommand(['tap', 'hook', '--count', '1'], { cwd });
    await until('both taps', async () => {
      // A tap has no end and no beginning to wait for: events are sent until both have theirs.
      await tiercel.post('/', EXACT.replace('Critical', 'Notice'));
      await tiercel.post('/', EXACT);
      return Promise.race([Promise.all([all, some]), new Promise((resolve) => setTimeout(resolve, 100))]);
    });
    const shown = await all;
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout.split('\n').filter(Boolean)).toHaveLength(2);
    expect(shown.stdout).toContain(
      '{"outputs":["archive","hook"],"event":{"output_fields":{"evt.time":1783762698682419669}',
    );
    expect((await some).stdout).toBe('2026-07-11T09:44:58Z | Critical | Exact → archive, hook\n');
    const unknown = await cli('tap', 'nobody');
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('there is no output "nobody"'),
    ]);
  });

  test('dlq lists, shows, replays and drops, of the running instance', async () => {
    const { deadLettered } = await settled(tiercel, 'hook');
    expect(deadLettered).toBeGreaterThan(2);
    const listed = jsonLines(await cli('dlq', 'list', '--json'));
    expect(listed).toHaveLength(deadLettered);
    expect(listed[0]).toMatchObject({ output: 'hook', cause: 'rejected', attempts: 1 });
    const exact = listed.findLast(({ rule }) => rule === 'Exact').id as number;

    const human = await cli('dlq', 'list', '--reason', '422', '--since', '1h', '--limit', '2');
    expect(human.stdout.split('\n').filter(Boolean)).toHaveLength(4);
    expect(human.stderr).toContain('more than 2');
    expect(jsonLines(await cli('dlq', 'list', '--json', '--until', '1h'))).toEqual([]);
    expect(jsonLines(await cli('dlq', 'list', '--json', '--output', 'archive'))).toEqual([]);

    const shown = await cli('dlq', 'show', String(exact));
    expect(shown.stdout).toMatch(/reason +.*answered 422/);
    expect(shown.stdout).toContain('"evt.time": 1783762698682419669');
    expect((await cli('dlq', 'show', '999999')).code).toBe(1);
    expect((await cli('dlq', 'show', 'x')).code).toBe(2);

    destination.answer(200);
    const replayed = await cli('dlq', 'replay', '--id', String(exact), '--json');
    expect(JSON.parse(replayed.stdout)).toEqual({ replayed: 1, left: [] });
    const before = readFileSync(join(tiercel.directory, 'archive.ndjson'), 'utf8');
    await until('the replayed event', () =>
      destination.taken.some((body) => body.includes('1783762698682419669')),
    );
    expect((await settled(tiercel, 'hook')).delivered).toBe(1);
    expect(readFileSync(join(tiercel.directory, 'archive.ndjson'), 'utf8'), 'no other output').toBe(before);

    const asked = await cli('dlq', 'drop', '--output', 'hook');
    expect([asked.code, asked.stderr]).toEqual([
      2,
      expect.stringContaining(`${deadLettered - 1} dead letters would`),
    ]);
    const one = jsonLines(await cli('dlq', 'list', '--json', '--limit', '1'))[0].id as number;
    const dropped = await cli('dlq', 'drop', '--id', String(one), '--yes');
    expect([dropped.code, dropped.stdout]).toEqual([0, '1 dead letter dropped.\n']);
    const left = jsonLines(await cli('dlq', 'list', '--json'));
    expect(left).toHaveLength(deadLettered - 2);
    const bytes = left.reduce((sum, letter) => sum + letter.bytes, 0);
    const metrics = (await tiercel.get('/metrics')).body;
    expect(metrics).toContain(`\ntiercel_dead_letters{output="hook"} ${left.length}\n`);
    expect(metrics).toContain(`\ntiercel_dead_letters_event_bytes{output="hook"} ${bytes}\n`);
    const { outputs } = JSON.parse((await tiercel.get('/outputs')).body);
    expect(outputs).toContainEqual(
      expect.objectContaining({ name: 'hook', dead_letters: left.length, dead_letter_bytes: bytes }),
    );
    await expectBalance(tiercel, ['archive', 'hook']);
  });

  test('journal tells its state; an output of the configuration is not forgotten', async () => {
    const report = JSON.parse((await cli('journal', 'status', '--json')).stdout);
    expect(report).toMatchObject({ state: 'ok', corrupt_frames: 0, orphans: [] });
    expect(report.outputs.map(({ output }: { output: string }) => output).sort()).toEqual([
      'archive',
      'hook',
    ]);
    expect((await cli('journal', 'orphans')).stdout).toContain('No orphans');
    const refused = await cli('journal', 'forget', 'hook');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is in the configuration')]);
    expect((await cli('journal', 'forget', 'nobody')).code).toBe(1);
    const check = await cli('journal', 'check');
    expect([check.code, check.stdout]).toEqual([0, expect.stringContaining('  sound')]);
  });

  test('explain says for each output why, and gives the record with its exact numbers', async () => {
    const human = await cli('explain', file('exact.json', EXACT));
    expect(human.code, human.stderr).toBe(0);
    expect(human.stdout).toContain('archive (file): wanted: the output takes every event');
    expect(human.stdout).toContain('hook (webhook): wanted: priority Critical, minimum_priority Critical');
    expect(human.stdout).toContain('off (stdout): not wanted: the output is disabled');
    expect(human.stdout).toContain('"evt.time": 1783762698682419669');
    expect(human.stdout).toContain('  what goes out:\n  [\n    {\n');
    const two = file('two.ndjson', `${EXACT.replace('Critical', 'Notice')}\n{"rule":1}\n`);
    const json = await cli('explain', two, '--json', '--output', 'hook');
    expect(json.code).toBe(1);
    expect(json.stderr).toContain('two.ndjson, line 2: not an event');
    expect(jsonLines(json)).toMatchObject([{ outputs: [{ output: 'hook', wanted: false }] }]);
    expect((await cli('explain', two, '--output', 'nobody')).code).toBe(2);
  });

  test('all of it works on the directory when no instance runs, and the next start goes on', async () => {
    const { accepted } = await settled(tiercel, 'archive');
    expect((await tiercel.stop()).code).toBe(0);
    const listed = jsonLines(await cli('dlq', 'list', '--json'));
    expect(listed.length).toBeGreaterThan(0);
    const status = await cli('journal', 'status');
    expect(status.stdout).toContain('(no instance runs)');
    const before = destination.taken.length;
    const replayed = await cli('dlq', 'replay', '--output', 'hook', '--json');
    expect(JSON.parse(replayed.stdout)).toEqual({ replayed: listed.length, left: [] });
    expect(jsonLines(await cli('dlq', 'list', '--json'))).toEqual([]);
    expect(destination.taken).toHaveLength(before);
    const tap = await cli('tap');
    expect([tap.code, tap.stderr]).toEqual([1, expect.stringContaining('no answer from')]);

    await tiercel.start();
    const hook = await settled(tiercel, 'hook');
    expect(hook).toMatchObject({ accepted: listed.length, delivered: listed.length });
    expect(destination.taken).toHaveLength(before + listed.length);
    expect((await settled(tiercel, 'archive')).accepted).toBeLessThan(accepted);
  });
});

test('with credentials, the commands use those of the configuration; others are refused', async () => {
  const tiercel = await startTiercel({
    server: '  auth: { bearer_token: s3cret-of-the-test }',
    config: 'journal: { path: ./data }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n',
  });
  try {
    const { directory: cwd, url } = tiercel;
    const without = spawnCommand(['journal', 'status', '--url', url], { cwd });
    expect((await without).stderr).toContain('401: no Authorization header');
    expect((await runCommand(cwd, 'send')).code).toBe(0);
    expect((await runCommand(cwd, 'journal', 'status')).code).toBe(0);
    // Naming the configuration beside the address says that its credentials are meant.
    expect((await runCommand(cwd, 'journal', 'status', '--url', url)).code).toBe(0);
    writeFileSync(join(cwd, 'token'), 's3cret-of-the-test\n');
    const token = join(cwd, 'token');
    expect((await runCommand(cwd, 'tap', '--url', url, '--token-file', token, 'nobody')).stderr).toContain(
      'no output',
    );
    for (const path of ['/dead-letters', '/journal', '/tap', '/outputs', '/metrics'])
      expect((await tiercel.get(path)).status, path).toBe(401);
    // Falco takes the answer for success: only we can tell that its events are lost.
    const refused = async () => {
      const headers = { authorization: 'Bearer s3cret-of-the-test' };
      const text = await (await fetch(`${url}/metrics`, { headers })).text();
      return Number(/tiercel_events_refused_total\{reason="unauthorized"\} (\d+)/.exec(text)![1]);
    };
    const before = await refused();
    expect(before).toBe(6);
    for (const path of ['/', '/events'])
      expect((await tiercel.post(path, '{}', { authorization: 'Bearer wrong' })).status, path).toBe(401);
    expect(await refused()).toBe(before + 2);
    expect(tiercel.output().match(/events were refused/g)).toHaveLength(1);
  } finally {
    await tiercel.remove();
  }
});

test('where the instance demands a client certificate, the commands are given one', async () => {
  const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const tls = `{ cert: ${pem('server.crt')}, key: ${pem('server.key')}, client_ca: ${pem('ca.crt')} }`;
  const tiercel = await startTiercel({
    server: `  admin_listen: "127.0.0.1:${port}"\n  tls: ${tls}`,
    config: 'journal: { path: ./data }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n',
    ready: /up and listening/,
  });
  try {
    const { directory: cwd } = tiercel;
    const own = ['--cert', pem('client.crt'), '--key', pem('client.key')];
    const status = ['journal', 'status'];
    expect((await runCommand(cwd, ...status)).stderr).toContain('give one with --cert and --key');
    expect((await runCommand(cwd, ...status, '--cert', pem('client.crt'))).stderr).toContain('go together');
    expect((await runCommand(cwd, ...status, ...own)).stdout).toContain('archive');
    expect((await runCommand(cwd, 'send', ...own)).code).toBe(0);
    const there = [...status, '--url', url, '--ca', pem('ca.crt')];
    expect((await spawnCommand([...there, ...own], { cwd })).stdout).toContain('archive');
    expect((await spawnCommand(there, { cwd })).code).toBe(1);
  } finally {
    await tiercel.remove();
  }
});

test('a journal that does not exist is not made by looking', async () => {
  const tiercel = await startTiercel({
    config: 'journal: { type: memory }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n',
  });
  try {
    const cli = (...args: string[]) => runCommand(tiercel.directory, ...args);
    // In memory, only the running instance has anything.
    expect((await cli('dlq', 'list')).stdout).toContain(`No dead letters at ${tiercel.url}`);
    await tiercel.stop();
    expect((await cli('dlq', 'list')).code).toBe(1);
    const check = await cli('journal', 'check');
    expect([check.code, check.stderr]).toEqual([1, expect.stringContaining('there is no journal at')]);
    const disk = await cli('dlq', 'list', '--set', 'journal.type=disk', '--set', 'journal.path=./nowhere');
    expect([disk.code, disk.stderr]).toEqual([1, expect.stringContaining('there is no journal at')]);
  } finally {
    await tiercel.remove();
  }
});
