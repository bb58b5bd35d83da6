// Proves that an installed Tiercel works on a runtime: plain JavaScript, no test framework.
//
//   node smoke.mjs COMMAND [ARGUMENT...]
//
// COMMAND is what runs Tiercel, up to its subcommand: `npx --no-install tiercel`, `deno run -A npm:tiercel`, ...
// It is started with a local lake, a file and a webhook in a new folder, gets the sample events over HTTP, one POST each, and
// a SIGTERM; it must exit with 0, and every event must be in the file, in the lake and at the webhook exactly once. The
// webhook's first answer is a failure too long to be read to its end. An output loads a package that is installed beside the
// configuration only. Meanwhile commands on the same runtime reach it by its admin socket. An output of a user, a plugin,
// leaves a rejected promise unhandled after it has delivered: it is counted and logged at that output, and nothing else notices.
// It is copied into the folder where Tiercel is installed and run there: what it imports is Tiercel's own reader.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const READY_MS = 60_000;
const STOP_MS = 60_000;

const command = process.argv.slice(2);
assert(command.length > 0, 'usage: node smoke.mjs COMMAND [ARGUMENT...]');
const samples = new URL('node_modules/tiercel/samples/events.ndjson', import.meta.url);

const directory = mkdtempSync(join(tmpdir(), 'tiercel-smoke-'));
const events = readFileSync(samples, 'utf8').split('\n').filter(Boolean);
const sent = [...events];
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const hooked = [];
const hook = await startHook();
writeFileSync(
  join(directory, 'tiercel.yaml'),
  `server: { listen: "127.0.0.1:${port}" }
journal: { path: ./journal }
outputs:
  lake:
    type: aws_security_lake
    directory: ./lake
    source: falco
    region: us-east-1
    account_id: "123456789012"
    flush_on_stop: true
  log: { type: file, path: ./events.ndjson }
  bus: { type: nats, servers: ["nats://127.0.0.1:9"], jetstream: false }
  careless: { type: ./careless.mjs, breaker: { initial: 100ms, max: 100ms } }
  hook:
    type: webhook
    url: http://127.0.0.1:${hook.address().port}/
    batch: { events: 10, every: 100ms }
    retry: { initial: 50ms, max: 100ms }
`,
);

// As much of the NATS client as the output uses. Tiercel's own folder has no NATS client, so this one is loaded.
const client = join(directory, 'node_modules', '@nats-io', 'transport-node');
mkdirSync(join(client, 'lib'), { recursive: true });
writeFileSync(
  join(client, 'package.json'),
  JSON.stringify({
    name: '@nats-io/transport-node',
    version: '3.0.0',
    exports: { '.': { types: './none.d.ts', require: './none.cjs', import: './lib/index.mjs' } },
  }),
);
writeFileSync(
  join(client, 'lib', 'index.mjs'),
  `import { appendFileSync } from 'node:fs';
export const connect = async () => ({
  publish: (subject, text) => appendFileSync(new URL('../published', import.meta.url), text + '\\n'),
  async flush() {},
  isClosed: () => false,
  async close() {},
});
`,
);

// Once, and from two functions down: what a runtime knows of it then is its context, or the stack.
writeFileSync(
  join(directory, 'careless.mjs'),
  `let first = true;
const later = () => new Promise((resolve) => setTimeout(resolve, 20));
async function refresh() { await later(); throw new Error('left behind'); }
export default {
  apiVersion: 1, type: 'careless', summary: 'Leaves a promise.', batch: { events: 10, every: 100 },
  options: { type: 'object', properties: {}, additionalProperties: false }, examples: [{ title: 'Minimal', options: {} }],
  create: () => ({
    async deliver() {
      if (first) refresh();
      first = false;
      return { status: 'delivered' };
    },
  }),
};
`,
);

let printed = '';
const child = spawn(command[0], [...command.slice(1), 'run', '-c', join(directory, 'tiercel.yaml')], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
const ended = new Promise((resolve) => {
  child.once('error', (error) => resolve({ code: error.message, signal: null }));
  child.once('exit', (code, signal) => resolve({ code, signal }));
});
for (const stream of [child.stdout, child.stderr]) {
  stream.on('data', (chunk) => {
    printed += chunk;
  });
}

try {
  await ready();
  for (const event of events) {
    const response = await fetch(`${url}/`, { method: 'POST', body: event });
    assert.equal(response.status, 200, `POST / answered ${response.status}: ${await response.text()}`);
  }
  const file = join(directory, 'events.ndjson');
  await until(() => lines(file).length >= events.length, 'every event to be in the file');
  await until(() => hooked.length >= events.length, 'every event to be at the webhook');
  const published = join(client, 'published');
  await until(
    () => existsSync(published) && lines(published).length >= events.length,
    'every event to be at the client of NATS beside the configuration',
  );
  await until(async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return (
      metrics.includes('tiercel_output_unhandled_rejections_total{output="careless"} 1') &&
      metrics.includes(`tiercel_events_delivered_total{output="careless",confirmed="true"} ${events.length}`)
    );
  }, 'the rejection that the plugin left to be counted, and the plugin to go on');
  assert.match(
    printed,
    /unhandled promise rejection in the code of the output.*left behind|left behind.*unhandled/s,
  );

  const socket = join(directory, 'journal', 'admin.sock');
  const status = await tiercel('journal', 'status', '--json');
  const journal = JSON.parse(status.stdout || '{}');
  assert.equal(journal.state, 'ok', `journal status through the admin socket: ${status.stderr}`);
  assert.equal(statSync(socket).mode & 0o777, 0o600, 'mode of the admin socket');
  assert.deepEqual(await tiercel('health'), { code: 0, stdout: `${socket} is healthy.\n`, stderr: '' });
  const dropped = await tiercel('dlq', 'drop', '--yes', '--json');
  assert.equal(dropped.stdout, '{"dropped":0}\n', `a change through the admin socket: ${dropped.stderr}`);
  const tap = tiercel('tap', '--json', '--count', '1');
  // Nothing tells when a tap has begun: events are sent until it has shown one.
  await until(async () => {
    const event = JSON.stringify({ ...JSON.parse(events[0]), rule: `Tapped ${sent.length}` });
    await fetch(`${url}/`, { method: 'POST', body: event });
    sent.push(event);
    return Promise.race([tap, sleep(200)]);
  }, 'an event in the tap');
  await until(
    () => hooked.length >= sent.length && lines(file).length >= sent.length,
    'every further event to be in the file and at the webhook',
  );
  assert.match(
    (await tap).stdout,
    /^\{"outputs":\["lake","log","bus","careless","hook"\],"event":/,
    'the tap',
  );
  assert.equal((await fetch(`${url}/journal`)).status, 404, 'no operation at the port of the events');

  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  assert.deepEqual(await ended, { code: 0, signal: null }, 'SIGTERM must end it with exit code 0');
  clearTimeout(timer);

  assert(!existsSync(socket), 'the admin socket must be gone after a stop');
  assert.equal(lines(file).length, sent.length, 'events in the file');
  assert.deepEqual(hooked.sort(), sent.map(canonical).sort(), 'events at the webhook');
  const rows = await readLake(join(directory, 'lake'));
  assert.deepEqual(
    rows.map(({ raw_data }) => raw_data).sort(),
    [...sent].sort(),
    'raw_data of the rows in the lake',
  );
  console.log(
    `ok: ${sent.length} events over HTTP came in and are in the file, in the lake and at the webhook, once and unchanged; commands reach the instance; a rejection left by a plugin was counted at it`,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`--- what ${command.join(' ')} printed\n${printed}`);
  process.exitCode = 1;
} finally {
  child.kill('SIGKILL');
  hook.closeAllConnections();
  hook.close();
  rmSync(directory, { recursive: true, force: true });
}

/** Runs one command beside the instance, on the same runtime. */
function tiercel(...args) {
  const config = ['-c', join(directory, 'tiercel.yaml')];
  return new Promise((resolve, reject) => {
    const one = spawn(command[0], [...command.slice(1), ...args, ...config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const result = { code: null, stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      one[name].on('data', (chunk) => {
        result[name] += chunk;
      });
    }
    one.once('error', reject);
    one.once('close', (code) => resolve({ ...result, code }));
  });
}

/** What tells events apart, as the webhook sends them with its own spaces and commas. */
function canonical(event) {
  return JSON.stringify(typeof event === 'string' ? JSON.parse(event) : event);
}

/** Answers 500 at first, at length, and 204 from then on. */
function startHook() {
  let requests = 0;
  const server = createHttpServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (++requests === 1) {
        response.statusCode = 500;
        return response.end('x'.repeat(200_000));
      }
      hooked.push(...JSON.parse(Buffer.concat(chunks).toString()).map(canonical));
      response.statusCode = 204;
      response.end();
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

async function ready() {
  let over;
  ended.then((exit) => {
    over = exit;
  });
  await until(async () => {
    assert(!over, `it ended before it was ready: ${JSON.stringify(over)}`);
    return (await fetch(`${url}/readyz`)).ok;
  }, 'it to be ready');
}

async function until(check, what) {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const done = await Promise.resolve()
      .then(check)
      .catch((error) => {
        if (error instanceof assert.AssertionError) throw error;
        return false;
      });
    if (done) return;
    assert(performance.now() < deadline, `waited ${READY_MS} ms for ${what}`);
    await sleep(50);
  }
}

function lines(file) {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Rows of all Parquet files below a folder, after a look at their paths. */
async function readLake(root) {
  const rows = [];
  for (const name of readdirSync(root, { recursive: true }).filter((path) => path.endsWith('.parquet'))) {
    const key = name.replaceAll('\\', '/');
    assert.match(
      key,
      /^ext\/falco\/region=us-east-1\/accountId=123456789012\/eventDay=\d{8}\/[^/]+\.parquet$/,
    );
    const bytes = readFileSync(join(root, name));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    rows.push(...(await parquetReadObjects({ file, compressors })));
  }
  return rows;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}
