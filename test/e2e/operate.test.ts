import { chmodSync, existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectBalance, settled } from '../support/balance.ts';
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

// One life of a program in steps, each of which begins where the one before it ended.
describe('operating an instance', { shuffle: false }, () => {
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
    expect(human.stdout).toContain('archive (file): wanted: the output has no conditions');
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

  test('the address of the events is not taken for the one of operations', async () => {
    for (const args of [
      ['dlq', 'list'],
      ['dlq', 'show', '1'],
      ['dlq', 'replay'],
      ['dlq', 'drop', '--yes'],
      ['journal', 'status'],
      ['journal', 'forget', 'nobody'],
      ['tap'],
    ]) {
      const { code, stderr } = await cli(...args, '--url', tiercel.url);
      expect([code, stderr], args.join(' ')).toEqual([
        1,
        expect.stringContaining('--url must be the address of its server.admin_listen'),
      ]);
    }
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
    expect([tap.code, tap.stderr]).toEqual([
      1,
      expect.stringContaining(`there is no admin socket at ${join(tiercel.directory, 'data/admin.sock')}`),
    ]);

    await tiercel.start();
    const hook = await settled(tiercel, 'hook');
    expect(hook).toMatchObject({ accepted: listed.length, delivered: listed.length });
    expect(destination.taken).toHaveLength(before + listed.length);
    expect((await settled(tiercel, 'archive')).accepted).toBeLessThan(accepted);
  });
});

const ARCHIVE = 'journal: { path: ./data }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n';

test('with credentials, commands use the admin socket, and those of the configuration at an address', async () => {
  const port = await freePort();
  const admin = `http://127.0.0.1:${port}`;
  const tiercel = await startTiercel({
    server: `  admin_listen: "127.0.0.1:${port}"
  auth: { bearer_token: s3cret-of-the-senders }
  admin_auth: { bearer_token: s3cret-of-the-operators }`,
    config: ARCHIVE,
  });
  try {
    const { directory: cwd, url } = tiercel;
    const file = (name: string, text: string) => {
      writeFileSync(join(cwd, name), text);
      return join(cwd, name);
    };
    expect((await runCommand(cwd, 'send')).code).toBe(0);
    expect((await runCommand(cwd, 'journal', 'status')).stdout).toContain(join(cwd, 'data/admin.sock'));
    const without = await spawnCommand(['journal', 'status', '--url', admin], { cwd });
    expect(without.stderr).toContain('401: no Authorization header');
    expect(without.stderr).toContain('server.admin_auth');
    // Naming the configuration as well as the address says that its credentials are meant.
    expect((await runCommand(cwd, 'journal', 'status', '--url', admin)).code).toBe(0);
    expect((await runCommand(cwd, 'send', '--url', url)).code).toBe(0);
    const token = file('token', 's3cret-of-the-operators\n');
    const dropped = ['dlq', 'drop', '--yes', '--json', '--url', admin, '--token-file'];
    expect((await spawnCommand([...dropped, token], { cwd })).stdout).toBe('{"dropped":0}\n');
    const senders = await spawnCommand([...dropped, file('senders', 's3cret-of-the-senders')], { cwd });
    expect([senders.code, senders.stderr]).toEqual([1, expect.stringContaining('401')]);
    expect((await runCommand(cwd, 'tap', '--url', admin, '--token-file', token, 'nobody')).stderr).toContain(
      'no output',
    );
    const headers = { authorization: 'Bearer s3cret-of-the-senders' };
    for (const path of ['/dead-letters', '/journal', '/tap', '/outputs', '/metrics'])
      expect((await tiercel.get(path)).status, path).toBe(401);
    for (const path of ['/dead-letters', '/journal', '/tap'])
      expect((await fetch(url + path, { headers })).status, path).toBe(404);
    // Falco takes the answer for success: only we can tell that its events are lost.
    const refused = async () => {
      const text = await (await fetch(`${url}/metrics`, { headers })).text();
      return Number(/tiercel_events_refused_total\{reason="unauthorized"\} (\d+)/.exec(text)![1]);
    };
    // So far no events were: only operators had no credentials, or wrong ones.
    expect(await refused()).toBe(0);
    for (const path of ['/', '/events'])
      expect((await tiercel.post(path, '{}', { authorization: 'Bearer wrong' })).status, path).toBe(401);
    expect(await refused()).toBe(2);
    // One for the sender and the reason.
    expect(tiercel.output().match(/events were refused/g)).toHaveLength(1);
  } finally {
    await tiercel.remove();
  }
});

test('where the instance demands a client certificate, an address needs one and the admin socket does not', async () => {
  const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const tls = `{ cert: ${pem('server.crt')}, key: ${pem('server.key')}, client_ca: ${pem('ca.crt')} }`;
  const tiercel = await startTiercel({
    server: `  admin_listen: "127.0.0.1:${port}"\n  tls: ${tls}`,
    config: ARCHIVE,
    ready: /up and listening/,
  });
  try {
    const { directory: cwd } = tiercel;
    const own = ['--cert', pem('client.crt'), '--key', pem('client.key')];
    const status = ['journal', 'status'];
    expect((await runCommand(cwd, ...status)).stdout).toContain('archive');
    expect((await runCommand(cwd, 'health')).code).toBe(0);
    expect((await runCommand(cwd, 'send')).stderr).toContain('give one with --cert and --key');
    expect((await runCommand(cwd, 'send', '--cert', pem('client.crt'))).stderr).toContain('go together');
    expect((await runCommand(cwd, 'send', ...own)).code).toBe(0);
    const there = [...status, '--url', url, '--ca', pem('ca.crt')];
    expect((await spawnCommand([...there, ...own], { cwd })).stdout).toContain('archive');
    expect((await spawnCommand(there, { cwd })).code).toBe(1);
    // Without the socket, health is asked at the port of the events, which needs no certificate for it.
    unlinkSync(join(cwd, 'data/admin.sock'));
    const health = await runCommand(cwd, 'health');
    expect([health.code, health.stdout]).toEqual([0, expect.stringMatching(/^https:.* is healthy/)]);
  } finally {
    await tiercel.remove();
  }
});

test('health tells whether the instance runs, also when its file was broken meanwhile', async () => {
  const tiercel = await startTiercel({ config: ARCHIVE });
  try {
    const { directory: cwd } = tiercel;
    const socket = join(cwd, 'data/admin.sock');
    expect(await runCommand(cwd, 'health')).toEqual({
      code: 0,
      stdout: `${socket} is healthy.\n`,
      stderr: '',
    });
    const file = join(cwd, 'tiercel.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('type: file', 'type: nonsense'));
    expect((await runCommand(cwd, 'health')).code).toBe(0);
    // Of what is no YAML, the defaults are left.
    writeFileSync(file, 'outputs: [');
    expect((await runCommand(cwd, 'health')).stdout).toContain(socket);
    // A process that hangs takes connections and does not answer.
    tiercel.send('SIGSTOP');
    const hung = await runCommand(cwd, 'health');
    tiercel.send('SIGCONT');
    expect([hung.code, hung.stderr]).toEqual([1, `tiercel: no answer from ${socket} within 5 s\n`]);
    writeFileSync(file, `server: { listen: "127.0.0.1:${await freePort()}" }\n${ARCHIVE}`);
    await tiercel.kill();
    const killed = await runCommand(cwd, 'health');
    expect([killed.code, killed.stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
    const json = await runCommand(cwd, 'health', '--json');
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      1,
      { ok: false, url: expect.stringMatching(/^http:/), reason: expect.stringContaining('ECONNREFUSED') },
    ]);
  } finally {
    await tiercel.remove();
  }
});

test('without a usable admin socket, the commands say why and what to do', async () => {
  const port = await freePort();
  const tiercel = await startTiercel({ server: `  admin_listen: "127.0.0.1:${port}"`, config: ARCHIVE });
  try {
    const { directory: cwd } = tiercel;
    const state = join(cwd, 'data');
    const stderr = async (...args: string[]) => {
      const result = await runCommand(cwd, ...args);
      expect(result.code).toBe(1);
      return result.stderr;
    };
    renameSync(join(state, 'admin.sock'), join(state, 'aside'));
    for (const args of [['journal', 'status'], ['tap']]) {
      expect(await stderr(...args)).toContain(`there is no admin socket at ${state}/admin.sock`);
      expect(await stderr(...args)).toContain(`--url (its server.admin_listen is 127.0.0.1:${port})`);
    }
    expect(await stderr('dlq', 'list')).toContain('is in use by process');
    const there = await runCommand(cwd, 'journal', 'status', '--url', `http://127.0.0.1:${port}`);
    expect(there.code).toBe(0);
    renameSync(join(state, 'aside'), join(state, 'admin.sock'));
    await tiercel.kill();
    expect(await stderr('tap')).toContain(`no process serves the admin socket ${state}/admin.sock`);
    // The one that was killed left its socket and its lock; the next start puts its own in its place.
    expect((await runCommand(cwd, 'dlq', 'list')).stdout).toContain('(no instance runs)');
    await tiercel.start();
    expect((await runCommand(cwd, 'dlq', 'list')).stdout).toContain('admin.sock');
    expect((await tiercel.stop()).code).toBe(0);
    expect(existsSync(join(state, 'admin.sock'))).toBe(false);
  } finally {
    await tiercel.remove();
  }
});

test.runIf(process.getuid?.() === 0)('another user of the machine is told whose the socket is', async () => {
  const tiercel = await startTiercel({ config: ARCHIVE });
  try {
    const { directory: cwd } = tiercel;
    // All of the state is open to that user but the socket.
    chmodSync(cwd, 0o755);
    chmodSync(join(cwd, 'tiercel.yaml'), 0o644);
    for (const args of [['dlq', 'drop', '--yes'], ['journal', 'status'], ['tap']]) {
      const { code, stderr } = await spawnCommand(args, { cwd, uid: 65534 });
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('run the command as the user of the instance'),
      ]);
    }
  } finally {
    await tiercel.remove();
  }
});

test.runIf(process.platform === 'linux')(
  'a state directory with a long path has a socket as well',
  async () => {
    const state = `./${'long-name/'.repeat(15)}data`;
    const tiercel = await startTiercel({ config: ARCHIVE.replace('./data', state) });
    try {
      const { directory: cwd } = tiercel;
      expect((await runCommand(cwd, 'journal', 'status')).stdout).toContain('data/admin.sock');
      expect((await runCommand(cwd, 'health')).code).toBe(0);
    } finally {
      await tiercel.remove();
    }
  },
);

test('a journal that does not exist is not made by looking', async () => {
  const tiercel = await startTiercel({
    config: 'journal: { type: memory }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n',
  });
  try {
    const cli = (...args: string[]) => runCommand(tiercel.directory, ...args);
    // In memory, only the running instance has anything.
    expect((await cli('dlq', 'list')).stdout).toMatch(/No dead letters at .*admin.sock/);
    await tiercel.stop();
    const gone = await cli('dlq', 'list');
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('there is no admin socket at')]);
    const check = await cli('journal', 'check');
    expect([check.code, check.stderr]).toEqual([1, expect.stringContaining('there is no journal at')]);
    const disk = await cli('dlq', 'list', '--set', 'journal.type=disk', '--set', 'journal.path=./nowhere');
    expect([disk.code, disk.stderr]).toEqual([1, expect.stringContaining('there is no journal at')]);
    expect(existsSync(join(tiercel.directory, 'nowhere'))).toBe(false);
  } finally {
    await tiercel.remove();
  }
});
