import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accountOf, imbalance } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

// A journal that is full, because its only output hangs.

const MAX_WAIT = 2000;

let tiercel: Tiercel;
let hanging = true;
const unanswered: ServerResponse[] = [];
const hook = createServer((request, response) => {
  request.resume();
  if (hanging) unanswered.push(response);
  else response.end('{}');
});

const event = (n: number, bytes = 3000) =>
  JSON.stringify({
    rule: `rule ${n}`,
    priority: 'Warning',
    time: '2026-07-10T20:15:00Z',
    output: 'x'.repeat(bytes),
  });

const bulk = (events: number) => Array.from({ length: events }, (_, i) => event(i)).join('\n');

beforeAll(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const { port } = hook.address() as AddressInfo;
  tiercel = await startTiercel({
    config: `journal: { path: ./data, max_size: 2MiB, segment_size: 64KiB }
outputs:
  hook: { type: webhook, url: "http://127.0.0.1:${port}/", timeout: 10m }
`,
    server: `  max_body: 1MiB\n  max_wait: ${MAX_WAIT}ms\n`,
  });
}, 30_000);

afterAll(async () => {
  for (const response of unanswered) response.destroy();
  hook.close();
  await tiercel?.remove();
});

test('a large bulk that is refused makes small ones no less welcome; a full journal stays ready and answers late', async () => {
  let accepted = 0;
  const post = async (events: number) => {
    const { status } = await tiercel.post('/events', bulk(events));
    if (status === 202) accepted += events;
    return status;
  };
  while ((await post(250)) === 202) {}
  // A large one had no room: there is still some for small ones.
  expect(await post(1)).toBe(202);
  const metrics = async () => (await tiercel.get('/metrics')).body;
  const refused = async (reason: string) =>
    Number(
      new RegExp(`tiercel_events_refused_total\\{reason="${reason}"\\} (\\d+)`).exec(await metrics())?.[1],
    );
  expect(await refused('full')).toBe(250);
  while ((await post(1)) === 202) {}

  const before = performance.now();
  const late = tiercel.post('/', event(0, 70_000));
  const ready = await tiercel.get('/readyz');
  expect([ready.status, JSON.parse(ready.body)]).toMatchObject([200, { status: 'ready', reasons: [] }]);
  expect((await tiercel.get('/healthz')).status).toBe(200);
  expect((await late).status).toBe(503);
  expect(performance.now() - before).toBeGreaterThanOrEqual(MAX_WAIT - 100);
  expect((await tiercel.get('/readyz')).status).toBe(200);
  expect(tiercel.output()).toMatch(/events were refused: send again later/);

  const waiting = tiercel.post('/', event(1, 70_000));
  hanging = false;
  for (const response of unanswered.splice(0)) response.end('{}');
  expect((await waiting).status).toBe(200);
  accepted++;
  const account = await until('everything to be delivered', async () => {
    const found = accountOf(await metrics(), 'hook');
    return found.pending === 0 && found;
  });
  expect(imbalance('hook', account)).toBeUndefined();
  expect(account.accepted).toBe(accepted);
}, 60_000);
