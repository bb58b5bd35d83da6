import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askAdmin } from '../support/admin.ts';
import { expectBalance, settled } from '../support/balance.ts';
import { spawnCommand } from '../support/commands.ts';
import { sampleEvents } from '../support/corpus.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

/** What the test is about: an output that stays, and one that changes. */
const OUTPUTS = {
  stays: 'stays: { type: file, path: ./stays.ndjson, batch: { events: 1 } }',
  changes: 'changes: { type: file, path: ./before.ndjson, batch: { events: 1 } }',
};
const config = (...outputs: readonly string[]) =>
  `journal: { path: ./data }\noutputs:\n${outputs.map((output) => `  ${output}\n`).join('')}`;

describe('a reload', () => {
  let tiercel: Tiercel;
  let head: string;
  const events = sampleEvents();
  const file = () => join(tiercel.directory, 'tiercel.yaml');
  const lines = (name: string) =>
    readFileSync(join(tiercel.directory, name), 'utf8').split('\n').filter(Boolean);
  const write = (...outputs: readonly string[]) => writeFileSync(file(), head + config(...outputs));
  const said = async (text: string, from: number) =>
    until(`"${text}" in the log`, () => tiercel.output().slice(from).includes(text));
  /** When each output began to be as it is: the same where nothing restarted. */
  const since = async (): Promise<Record<string, number>> => {
    const { outputs } = JSON.parse((await tiercel.get('/outputs')).body) as {
      outputs: { name: string; since: number; state: string }[];
    };
    expect(outputs.every(({ state }) => state === 'ok')).toBe(true);
    return Object.fromEntries(outputs.map(({ name, since }) => [name, since]));
  };

  beforeEach(async () => {
    tiercel = await startTiercel({ config: config(OUTPUTS.stays, OUTPUTS.changes), args: ['--watch'] });
    head = readFileSync(file(), 'utf8').split('journal:')[0]!;
    await until('the outputs', async () => since().catch(() => undefined));
  });
  afterEach(async () => {
    try {
      expect(await tiercel.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await tiercel.remove();
    }
  });

  test('SIGHUP takes a valid change over, restarts only what changed and loses nothing under way', async () => {
    const before = await since();
    const from = tiercel.output().length;
    let sent = 0;
    let sending = true;
    const sender = (async () => {
      while (sending) {
        const { status } = await tiercel.post('/', events[sent % events.length]!);
        expect(status).toBe(200);
        sent++;
      }
    })();
    await until(
      'events on their way',
      async () => (await expectBalance(tiercel, ['changes'])).changes!.delivered > 5,
    );
    write(
      OUTPUTS.stays,
      OUTPUTS.changes.replace('before', 'after'),
      OUTPUTS.stays.replaceAll('stays', 'added'),
    );
    tiercel.send('SIGHUP');
    await said('Configuration reloaded: 2 outputs started anew, 0 stopped', from);
    for (let i = 0; i < 5; i++) await expectBalance(tiercel, ['stays', 'changes', 'added']);
    sending = false;
    await sender;
    const after = await until('the outputs', async () => since().catch(() => undefined));
    expect(after.stays).toBe(before.stays);
    expect(after.changes).toBeGreaterThan(before.changes!);
    expect((await settled(tiercel, 'stays')).delivered).toBe(sent);
    expect((await settled(tiercel, 'changes')).delivered).toBe(sent);
    await settled(tiercel, 'added');
    expect(lines('stays.ndjson')).toHaveLength(sent);
    expect(lines('before.ndjson').length + lines('after.ndjson').length).toBe(sent);
    await expectBalance(tiercel, ['stays', 'changes', 'added']);
  });

  test('a broken file leaves the old configuration running and says what is wrong where', async () => {
    const before = await since();
    const from = tiercel.output().length;
    writeFileSync(file(), `${head}${config(OUTPUTS.stays, 'changes: { type: fil, path: ./x }')}`);
    await said('the old one keeps running', from);
    expect(tiercel.output().slice(from)).toMatch(/tiercel\.yaml:\d+:\d+/);
    expect(await since()).toEqual(before);
    expect((await tiercel.post('/', events[0]!)).status).toBe(200);
    await settled(tiercel, 'stays');
  });

  test('--watch notices a file that is put in the place of the old one, and what it took out is an orphan', async () => {
    const from = tiercel.output().length;
    const fresh = `${file()}.new`;
    writeFileSync(fresh, head + config(OUTPUTS.stays));
    renameSync(fresh, file());
    await said('Configuration reloaded: 0 outputs started anew, 1 stopped', from);
    expect(tiercel.output().slice(from)).not.toContain('The journal keeps');
    expect(Object.keys(await since())).toEqual(['stays']);
    expect(Object.keys(await expectBalance(tiercel, ['stays']))).toEqual(['stays']);
    const state = join(tiercel.directory, 'data');
    const { orphans } = JSON.parse((await askAdmin(state, '/journal')).body) as {
      orphans: { output: string }[];
    };
    expect(orphans.map(({ output }) => output)).toEqual(['changes']);
    const { body } = await askAdmin(state, '/journal/orphans/changes', { method: 'DELETE' });
    expect(JSON.parse(body)).toEqual({ output: 'changes', forgotten: 0 });
    expect((await askAdmin(state, '/journal')).body).not.toContain('changes');
  });

  test('what is kept for an output that was taken out is told', async () => {
    write(OUTPUTS.stays, 'down: { type: webhook, url: "http://127.0.0.1:1/" }');
    await said('Configuration reloaded: 1 outputs started anew', 0);
    expect((await tiercel.post('/', events[0]!)).status).toBe(200);
    const from = tiercel.output().length;
    writeFileSync(file(), `${head}shutdown: { deadline: 1s }\n${config(OUTPUTS.stays)}`);
    await said('The journal keeps 1 events for the output', from);
  });

  test('a section that only a restart takes over is named', async () => {
    const from = tiercel.output().length;
    writeFileSync(file(), `${head}dead_letters: { max_size: 2GiB }\n${config(OUTPUTS.stays)}`);
    await said('Changed, but taken over only by a restart: dead_letters', from);
  });
});

describe('exit codes of run', () => {
  let destination: Destination;
  beforeAll(async () => {
    destination = await startDestination();
  });
  afterAll(() => destination?.close());

  test('a second SIGTERM stops at once, with 1, and the next start delivers what was under way', async () => {
    destination.answer(0);
    const tiercel = await startTiercel({
      config: `journal: { path: ./data }\nshutdown: { deadline: 60s }\noutputs:\n  hook: { type: webhook, url: "${destination.url}", batch: { events: 1 } }\n`,
    });
    try {
      const event = sampleEvents()[0]!;
      expect((await tiercel.post('/', event)).status).toBe(200);
      await until('the attempt to hang', () => destination.hanging() > 0);
      tiercel.send('SIGTERM');
      await until('the stop', () => tiercel.output().includes('a second signal stops at once'));
      expect(tiercel.running()).toBe(true);
      const start = performance.now();
      expect(await tiercel.stop()).toEqual({ code: 1, signal: null });
      expect(performance.now() - start).toBeLessThan(5000);
      expect(destination.taken).toEqual([]);
      destination.answer(200);
      await tiercel.start();
      await settled(tiercel, 'hook');
      expect(destination.taken).toHaveLength(1);
      expect(destination.taken[0]).toContain(JSON.parse(event).rule);
    } finally {
      await tiercel.remove();
    }
  });

  test('2 for a broken configuration, 1 when the journal or the address is taken', async () => {
    const tiercel = await startTiercel({ config: config(OUTPUTS.stays) });
    try {
      const { directory: cwd, url } = tiercel;
      const run = (...args: string[]) => spawnCommand(['run', ...args], { cwd });
      const [broken, locked, taken] = await Promise.all([
        run('--set', 'outputs.stays.type=nothing'),
        run('--set', 'server.listen=127.0.0.1:0'),
        run('--set', 'journal.path=./other', '--set', 'outputs.stays.path=./other.ndjson'),
      ]);
      expect([broken.code, locked.code, taken.code]).toEqual([2, 1, 1]);
      expect(locked.stderr).toContain('is in use by process');
      expect(taken.stderr).toContain(
        `cannot listen on ${url.slice('http://'.length)}: another process listens there`,
      );
    } finally {
      await tiercel.remove();
    }
  });
});
