import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPoster } from '../../core/cli/post.ts';
import { expectBalance, settled } from '../support/books.ts';
import { runCommand, spawnCommand } from '../support/commands.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const CONFIG = `
journal: { path: ./data }
outputs:
  archive: { type: file, path: ./archive.ndjson, batch: { events: 1 }, flush_on_stop: true }
  grave: { type: file, path: ./grave.ndjson, minimum_priority: critical, batch: { events: 1 } }
`;

/** An event that differs from every other. */
const event = (n: number, priority = 'Notice') =>
  `{"rule":"Worker test","priority":"${priority}","time":"2026-07-11T09:44:58Z","output_fields":{"n":${n},"evt.time":1783762698682419669}}`;

if (process.platform !== 'linux') console.log('the ingest workers are looked at through /proc: skipped here');

describe.skipIf(process.platform !== 'linux')('three ingest workers on one port', () => {
  let tiercel: Tiercel;
  let next = 0;
  const acknowledged: string[] = [];
  const archived = () => readFileSync(join(tiercel.directory, 'archive.ndjson'), 'utf8').split('\n');

  /** Posts over so many connections at once; what was answered with 200 must arrive. */
  async function post(events: number, connections: number): Promise<number> {
    const senders = Array.from({ length: connections }, async () => {
      const poster = createPoster(tiercel.url);
      let answered = 0;
      for (let n = 0; n < events; n++) {
        const body = event(next++);
        const answer = await poster.post('/', body).catch(() => undefined);
        if (answer?.status !== 200) continue;
        acknowledged.push(body);
        answered++;
      }
      poster.close();
      return answered;
    });
    return (await Promise.all(senders)).reduce((sum, answered) => sum + answered, 0);
  }

  /** Waits until some more events have been answered. */
  async function underWay(): Promise<void> {
    const before = acknowledged.length;
    await until('events on their way', () => acknowledged.length >= before + 30);
  }

  const counted = async (name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await tiercel.get('/metrics')).body)![1]);
  const workers = () =>
    readFileSync(`/proc/${tiercel.pid}/task/${tiercel.pid}/children`, 'utf8').trim().split(' ').map(Number);

  beforeAll(async () => {
    tiercel = await startTiercel({ server: '  workers: 3\n', config: CONFIG });
  });
  afterAll(() => tiercel?.remove());

  test('take events in, single and in bulk, and every one is delivered with its bytes', async () => {
    expect(await post(20, 9)).toBe(180);
    const bulk = Array.from({ length: 500 }, () => event(next++));
    const answer = await tiercel.post('/events', `${bulk.join('\n')}\nnonsense\n`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      202,
      { accepted: 500, rejected: [{ index: 500, reason: expect.stringContaining('is not JSON') }] },
    ]);
    acknowledged.push(...bulk);
    await settled(tiercel, 'archive');
    expect(archived()).toEqual(expect.arrayContaining(acknowledged));
  });

  test('count together: what each counts is one number', async () => {
    const before = await counted('tiercel_events_received_total');
    await post(10, 6);
    expect((await counted('tiercel_events_received_total')) - before).toBe(60);
    expect(await counted('tiercel_events_refused_total\\{reason="invalid"\\}')).toBe(1);
    const { body } = await tiercel.get('/metrics');
    expect(body).toContain(`rule="Worker test",priority="3",priority_raw="notice"`);
  });

  test('serve everything else, as one process does', async () => {
    expect(await tiercel.get('/ping')).toEqual({ status: 200, body: 'pong\n' });
    expect((await tiercel.get('/healthz')).status).toBe(200);
    expect(JSON.parse((await tiercel.get('/readyz')).body).outputs.map(({ name }: never) => name)).toEqual([
      'archive',
      'grave',
    ]);
    expect((await tiercel.get('/nowhere')).status).toBe(404);
    expect((await tiercel.get('/')).status).toBe(405);
    expect((await tiercel.post('/', '{"rule":1}')).status).toBe(400);
    const test = await tiercel.post('/test', '');
    expect([test.status, JSON.parse(test.body).rule]).toEqual([200, 'Test rule']);
    const journal = await runCommand(tiercel.directory, 'journal', 'status', '--json');
    expect(journal.code, journal.stderr).toBe(0);
    expect(JSON.parse(journal.stdout)).toMatchObject({ state: 'ok' });
  });

  test('show what they accept to a tap', async () => {
    const tap = spawnCommand(['tap', '--json', '--count', '3'], { cwd: tiercel.directory });
    let ended = false;
    void tap.then(() => {
      ended = true;
    });
    await until('the tap', async () => {
      await post(1, 3);
      return ended;
    });
    const { stdout } = await tap;
    expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({
      outputs: ['archive'],
      event: { rule: 'Worker test' },
    });
    expect(stdout).toContain('"evt.time":1783762698682419669');
  });

  test('a worker that dies takes nothing with it that was answered, and is replaced', async () => {
    const [victim] = workers();
    const posting = post(60, 9);
    await underWay();
    process.kill(victim!, 'SIGKILL');
    await posting;
    await until('its successor', () => workers().length === 3 && !workers().includes(victim!));
    expect(tiercel.output()).toContain('an ingest worker has ended');
    expect(await post(5, 9)).toBe(45);
    await settled(tiercel, 'archive');
    expect(new Set(archived())).toEqual(new Set([...archived(), ...acknowledged]));
  });

  test('a connection that is made while a worker dies is answered or cut, and never left hanging', async () => {
    const { port } = new URL(tiercel.url);
    const body = event(next++);
    const request = `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    let killing = true;
    /** One request on a connection of its own. Anything but silence is an end of it. */
    const visit = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(request));
        const timer = setTimeout(() => resolve(false), 5000);
        socket.once('data', () => socket.destroy());
        socket.on('error', () => {});
        socket.once('close', () => {
          clearTimeout(timer);
          resolve(true);
        });
      });
    const visitor = async () => {
      let left = 0;
      while (killing) if (!(await visit())) left++;
      return left;
    };
    const visitors = Array.from({ length: 24 }, visitor);
    for (let kills = 0; kills < 4; kills++) {
      const victim = workers()[0]!;
      process.kill(victim, 'SIGKILL');
      await until('its successor', () => workers().length === 3 && !workers().includes(victim));
    }
    killing = false;
    expect((await Promise.all(visitors)).reduce((sum, left) => sum + left, 0)).toBe(0);
  });

  test('kill -9 of all, while events go in: what was answered is there after the restart', async () => {
    const orphans = workers();
    const posting = post(200, 9);
    await underWay();
    await tiercel.kill();
    await posting;
    await until('the workers to end with it', () => orphans.every((pid) => !isAlive(pid)));
    await tiercel.start();
    await settled(tiercel, 'archive');
    await expectBalance(tiercel, ['archive', 'grave']);
    const there = new Set(archived());
    expect(acknowledged.filter((body) => !there.has(body))).toEqual([]);
  });

  test('kill -9 of the program, whose workers have no time to notice: the next start waits for the port', async () => {
    const orphans = workers();
    for (const pid of orphans) process.kill(pid, 'SIGSTOP');
    const { pid } = tiercel;
    tiercel.send('SIGKILL');
    await until('it to be gone', () => !isAlive(pid));
    const starting = tiercel.start();
    // It is at the port by now, which is taken.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for (const pid of orphans) process.kill(pid, 'SIGCONT');
    await starting;
    expect(await post(5, 3)).toBe(15);
  });

  test('a reload reaches every worker before it is said to be done', async () => {
    const file = join(tiercel.directory, 'tiercel.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('minimum_priority: critical', 'minimum_priority: notice'),
    );
    tiercel.send('SIGHUP');
    await until('the reload', () => tiercel.output().includes('Configuration reloaded'));
    const before = (await expectBalance(tiercel, ['grave'])).grave!.accepted;
    await post(2, 9);
    expect((await expectBalance(tiercel, ['grave'])).grave!.accepted - before).toBe(18);
  });

  test('stop in order: what is under way is answered, and the program ends with 0', async () => {
    const posting = post(300, 6);
    await underWay();
    const { code } = await tiercel.stop();
    expect(code, tiercel.output()).toBe(0);
    await posting;
    await tiercel.start();
    await settled(tiercel, 'archive');
    const there = new Set(archived());
    expect(acknowledged.filter((body) => !there.has(body))).toEqual([]);
  });
});

test('workers demand a client certificate for all but health, and of the authority that is named now', async () => {
  const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
  const tls = `{ cert: ${pem('server.crt')}, key: ${pem('server.key')}, client_ca: ./clients.crt }`;
  const directory = mkdtempSync(join(tmpdir(), 'tiercel-'));
  copyFileSync(pem('ca.crt'), join(directory, 'clients.crt'));
  const tiercel = await startTiercel({
    directory,
    config: CONFIG,
    server: `  workers: 2\n  tls: ${tls}\n`,
    ready: /up and listening/,
  });
  const url = tiercel.url.replace('http:', 'https:');
  const ask = async (who: { cert?: string; key?: string }, method: string, path: string) => {
    const [ca, cert, key] = [pem('ca.crt'), who.cert, who.key].map(
      (file) => file && readFileSync(file, 'utf8'),
    );
    const caller = createPoster(url, {}, { ca, cert, key });
    const { status } = await (method === 'GET' ? caller.get(path) : caller.post(path, event(0)));
    caller.close();
    return status;
  };
  const client = { cert: pem('client.crt'), key: pem('client.key') };
  /** Several connections each, so that both workers are met. */
  const expectAll = async (who: object, method: string, path: string, status: number) => {
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(who, method, path)));
    expect(all, `${method} ${path}`).toEqual(Array(8).fill(status));
  };
  try {
    for (const path of ['/healthz', '/readyz']) await expectAll({}, 'GET', path, 200);
    for (const path of ['/metrics', '/outputs']) await expectAll({}, 'GET', path, 403);
    await expectAll({}, 'POST', '/', 403);
    await expectAll({ cert: pem('expired.crt'), key: pem('expired.key') }, 'POST', '/', 403);
    await expectAll(client, 'POST', '/', 200);
    await expectAll(client, 'GET', '/outputs', 200);
    const scrape = createPoster(
      url,
      {},
      {
        ca: readFileSync(pem('ca.crt'), 'utf8'),
        cert: readFileSync(client.cert, 'utf8'),
        key: readFileSync(client.key, 'utf8'),
      },
    );
    // All workers' strangers: two paths of eight, and twice eight events.
    expect((await scrape.get('/metrics')).body).toContain(
      'tiercel_events_refused_total{reason="unauthorized"} 32',
    );
    scrape.close();
    expect(tiercel.output()).toContain('"reason":"no client certificate');
    // Another authority takes over: whoever the first one signed for is a stranger now.
    copyFileSync(pem('server.crt'), join(directory, 'clients.crt'));
    tiercel.send('SIGHUP');
    await until('the reload', () => tiercel.output().includes('Configuration reloaded'));
    await expectAll(client, 'POST', '/', 403);
    await expectAll({}, 'GET', '/healthz', 200);
  } finally {
    await tiercel.remove();
  }
});

test('a port that is taken is said in one line, and nothing stays behind', async () => {
  const first = await startTiercel({ config: CONFIG });
  try {
    const port = new URL(first.url).port;
    const args = ['run', '-c', 'tiercel.yaml', '--set', 'server.workers=2', '--set', 'journal.path=./other'];
    const { code, stderr } = await spawnCommand(args, { cwd: first.directory });
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}: another process listens there`);
  } finally {
    await first.remove();
  }
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
