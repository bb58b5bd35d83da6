import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MAIN, startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

/** An output that delivers well, and whose code goes wrong beside it: once at each event, in the way that its rule names. */
const PLUGIN = `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const options = { type: 'object', properties: {}, additionalProperties: false };
const ways = {
  reject: () => void sleep(5).then(() => { throw new Error('left behind with hidden-s3cret-0001'); }),
  throw() {
    if (existsSync('thrown')) return;
    writeFileSync('thrown', '');
    setTimeout(() => { throw new Error('out of a timer'); }, 5);
  },
};
export default {
  apiVersion: 1, type: 'careless', summary: 'Leaves a promise.', options, batch: { events: 1, every: 1 },
  examples: [{ title: 'Minimal', options: {} }],
  create: () => ({
    async deliver({ records }) {
      for (const record of records) ways[JSON.parse(record).rule]?.();
      return { status: 'delivered' };
    },
  }),
};
`;

const event = (rule: string) =>
  JSON.stringify({ output: 'x', priority: 'Warning', rule, time: '2026-01-02T03:04:05Z', output_fields: {} });

let tiercel: Tiercel | undefined;
afterEach(async () => {
  await tiercel?.remove();
  tiercel = undefined;
});

async function start(command?: readonly string[]): Promise<Tiercel> {
  const directory = await mkdtemp(join(tmpdir(), 'tiercel-'));
  writeFileSync(join(directory, 'careless.mjs'), PLUGIN);
  tiercel = await startTiercel({
    directory,
    ...(command && { command }),
    config: `
log: { format: json }
outputs:
  careless: { type: ./careless.mjs, breaker: { initial: 200ms, max: 200ms } }
  archive: { type: file, path: ./archive.ndjson }
  hook: { type: webhook, url: "http://127.0.0.1:9/", auth: { bearer: { token: hidden-s3cret-0001 } }, when: 'rule == "none"' }
`,
  });
  return tiercel;
}

test('a rejection that an output leaves unhandled is its own affair: it is counted and logged, its breaker opens', async () => {
  const { post, get, output, directory, stop } = await start();
  await post('/', event('reject'));
  await until('the rejection to be counted', async () =>
    (await get('/metrics')).body.includes('tiercel_output_unhandled_rejections_total{output="careless"} 1'),
  );
  const { outputs } = JSON.parse((await get('/outputs')).body);
  expect(outputs.find(({ name }: { name: string }) => name === 'archive').state).toBe('ok');
  const lines = output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  expect(lines.find(({ msg }) => msg.startsWith('unhandled promise rejection'))).toMatchObject({
    level: 'error',
    output: 'careless',
    reason: 'left behind with [redacted]',
    stack: expect.stringContaining('careless.mjs'),
  });
  expect(
    lines.some(({ msg, output: name }) => msg.startsWith('circuit breaker open') && name === 'careless'),
  ).toBe(true);
  expect(output()).not.toContain('hidden-s3cret');
  // It probes, and goes on.
  for (let n = 0; n < 3; n++) await post('/', event('fine'));
  await until('the output to have recovered', async () => {
    const { body } = await get('/metrics');
    return body.includes('tiercel_events_delivered_total{output="careless",confirmed="true"} 4');
  });
  await until('all events to be in the archive', async () => {
    const archive = await readFile(join(directory, 'archive.ndjson'), 'utf8');
    return archive.trim().split('\n').length === 4;
  });
  expect(await stop()).toMatchObject({ code: 0 });
}, 60_000);

test('an exception from a timer of an output ends the process, and no event is lost by it', async () => {
  const started = await start();
  await started.post('/', event('throw'));
  await until('the process to have ended', () => !started.running());
  expect(started.output()).toContain('out of a timer');
  await started.start();
  await until('the event to be in the archive', async () =>
    (await readFile(join(started.directory, 'archive.ndjson'), 'utf8')).includes('"throw"'),
  );
}, 60_000);

test('a rejection outside of every output ends the process', async () => {
  // Not in a context of an output, and with no frame of a plugin.
  const outside = "process.on('SIGUSR2', () => void Promise.reject(new Error('not hidden-s3cret-0001')))";
  const started = await start([process.execPath, '--import', `data:text/javascript,${outside}`, MAIN]);
  started.send('SIGUSR2');
  await until('the process to have ended', () => !started.running());
  expect(started.output()).toContain('unhandled promise rejection outside of every output: the process ends');
  expect(started.output()).toContain('not [redacted]');
  expect(started.output()).not.toContain('hidden-s3cret');
  expect(await started.stop()).toMatchObject({ code: 1 });
}, 60_000);
