import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { accountOf, imbalance } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

/** How the store answers a PUT: as it should, not at all, or by cutting the connection behind what it has taken. */
type Mode = 'take' | 'hang' | 'forget';

/** The part of S3 that a Security Lake source may use: conditional PUT. It notes every one. */
async function startStore() {
  let mode: Mode = 'take';
  const puts: { key: string; digest: string }[] = [];
  const objects = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const key = decodeURIComponent(request.url!.split('?')[0]!).replace(/^\/lake\//, '');
    const digest = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    puts.push({ key, digest });
    if (mode === 'hang') return;
    const there = objects.has(key);
    if (!there) objects.set(key, digest);
    if (mode === 'forget') return request.socket.destroy();
    response.writeHead(there ? 412 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    puts,
    objects,
    be: (next: Mode) => {
      mode = next;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let store: Awaited<ReturnType<typeof startStore>>;
let tiercel: Tiercel;
beforeEach(async () => {
  store = await startStore();
  tiercel = await startTiercel({
    env: {
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED',
    },
    config: `
journal: { path: ./data }
outputs:
  lake:
    type: aws_security_lake
    bucket: lake
    source: falco
    region: us-east-1
    account_id: "123456789012"
    endpoint: ${store.url}
    force_path_style: true
    batch: { events: 20 }
    retry: { initial: 100ms, max: 100ms }
    breaker: { initial: 100ms, max: 100ms }
`,
  });
});
afterEach(async () => {
  await tiercel?.remove();
  store?.close();
});

async function post(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const event = { output: 'x', priority: 'Notice', rule: `r${n}`, time: '2026-01-02T03:04:05Z' };
    expect((await tiercel.post('/', JSON.stringify(event))).status).toBe(200);
  }
}

/** The ids of the batches that were ever sealed, as they stand on the disk. */
const sealed = (): string[] => {
  const text = readFileSync(join(tiercel.directory, 'data/journal/manifests'), 'latin1');
  return [...new Set([...text.matchAll(/"id":"([0-9a-z-]+)"/g)].map(([, id]) => id!))];
};

/** Kills the program, and starts it with other limits: batches that are cut again would be others. */
async function killAndRestart(events: number, replace = '', by = ''): Promise<void> {
  await tiercel.kill();
  const file = join(tiercel.directory, 'tiercel.yaml');
  const config = readFileSync(file, 'utf8').replace('events: 20', `events: ${events}`);
  writeFileSync(file, config.replace(replace, by));
  store.be('take');
  await tiercel.start();
}

const settled = (accepted: number) =>
  until('all to be settled', async () => {
    const account = accountOf((await tiercel.get('/metrics')).body, 'lake');
    expect(imbalance('lake', account)).toBeUndefined();
    return account.pending === 0 && account.accepted === accepted;
  });

/** One batch, one name, one object, whatever was tried how often. */
function expectOne(id: string): void {
  expect([...store.objects.keys()].map((key) => key.slice(key.lastIndexOf('/') + 1))).toEqual([
    `${id}.parquet`,
  ]);
  expect(new Set(store.puts.map(({ key, digest }) => `${key} ${digest}`)).size).toBe(1);
}

it('cuts anew what was not sealed', async () => {
  await post(10);
  await killAndRestart(10);
  await settled(10);
  expect(sealed()).toHaveLength(1);
  expectOne(sealed()[0]!);
});

it('delivers a sealed batch under its name when killed before its file was made', async () => {
  await post(20);
  const [id] = await until('the seal', () => sealed().length === 1 && sealed(), { interval: 1 });
  await killAndRestart(7);
  await settled(20);
  expectOne(id!);
});

it('delivers it under its name when killed with the file made and half-way to the store', async () => {
  store.be('hang');
  await post(20);
  await until('the PUT', () => store.puts.length === 1, { interval: 5 });
  const files = () => readdirSync(join(tiercel.directory, 'data/outputs/lake'));
  expect(files()).toHaveLength(1);
  const [id] = sealed();
  await killAndRestart(7);
  await settled(20);
  expectOne(id!);
  expect(store.puts).toHaveLength(2);
  // What the crash left on the disk is gone.
  expect(files()).toEqual([]);
});

it('writes it to the folder that it was sealed for when the configuration names another one after the restart', async () => {
  store.be('forget');
  await post(20);
  await until('the object', () => store.objects.size === 1, { interval: 5 });
  const [id] = sealed();
  await killAndRestart(7, 'source: falco', 'source: falco\n    source_version: "2.0"');
  await settled(20);
  expectOne(id!);
  expect(store.puts.length).toBeGreaterThan(1);
});

it('writes no second object when killed between the store and the cursor', async () => {
  store.be('forget');
  await post(20);
  await until('the object', () => store.objects.size === 1, { interval: 5 });
  const [id] = sealed();
  await killAndRestart(7);
  await settled(20);
  expectOne(id!);
  expect(store.puts.length).toBeGreaterThan(1);
});

it('delivers nothing again when killed behind the cursor', async () => {
  await post(20);
  await settled(20);
  // Acknowledgements are durable within 200 ms.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [id] = sealed();
  await killAndRestart(7);
  await settled(0);
  expectOne(id!);
  expect(store.puts).toHaveLength(1);
});
