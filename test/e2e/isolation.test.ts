import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAdmin } from '../support/admin.ts';
import { accountOf, imbalance } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

/** A webhook that notes what arrives; while it hangs it reads everything and answers nothing. */
async function startHook() {
  const arrived = new Map<number, number>();
  let hanging = false;
  let under = 0;
  const seen = { most: 0, attempts: 0 };
  const server = createServer(async (request, response) => {
    under++;
    seen.attempts++;
    seen.most = Math.max(seen.most, under);
    response.on('close', () => under--);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (hanging) return;
    const events = [JSON.parse(Buffer.concat(parts).toString('utf8'))].flat() as {
      output_fields: { n: number };
    }[];
    for (const { output_fields } of events) arrived.set(output_fields.n, performance.now());
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrived,
    seen,
    hang: (yes: boolean) => {
      hanging = yes;
      if (!yes) server.closeAllConnections();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const eventText = (n: number, output = 'x') =>
  JSON.stringify({
    output,
    priority: 'Warning',
    rule: 'A rule',
    time: '2026-01-02T03:04:05.000000001Z',
    output_fields: { n },
  });

/** Longer than the whole test: whoever waited for the hung one would be seen. */
const HANG = '10m';
const ONES = 40;
const BULK = 3000;
/** 3000 events of 16 KB: far more than may be held in memory for an output that hangs. */
const FAT = 'f'.repeat(16_000);
/** About 150 MB it has without; three copies of what is pending would be as much again. */
const MAX_RSS = 256 << 20;

// One life of a program in steps, each of which begins where the one before it ended.
describe('an output whose destination hangs, beside others', { shuffle: false }, () => {
  let tiercel: Tiercel;
  let hooks: Record<
    'healthy' | 'hung' | 'failing' | 'lagging' | 'limited',
    Awaited<ReturnType<typeof startHook>>
  >;
  let n = 0;

  beforeAll(async () => {
    const make = async <K extends string>(...names: K[]) =>
      Object.fromEntries(await Promise.all(names.map(async (name) => [name, await startHook()]))) as Record<
        K,
        Awaited<ReturnType<typeof startHook>>
      >;
    hooks = await make('healthy', 'hung', 'failing', 'lagging', 'limited');
    tiercel = await startTiercel({
      config: `
journal: { path: ./data }
shutdown: { deadline: 2s }
outputs:
  healthy: { type: webhook, url: "${hooks.healthy.url}", batch: { events: 100, every: 20ms }, retry: { initial: 10ms } }
  hung:
    type: webhook
    url: "${hooks.hung.url}"
    timeout: ${HANG}
    batch: { events: 1 }
    retry: { initial: 10ms, max: 100ms }
    breaker: { failures: 3, initial: 200ms, max: 200ms }
  failing:
    type: webhook
    url: "${hooks.failing.url}"
    timeout: 100ms
    batch: { events: 100, every: 20ms }
    retry: { initial: 10ms, max: 100ms }
    breaker: { failures: 3, initial: 200ms, max: 200ms }
  lagging:
    type: webhook
    url: "${hooks.lagging.url}"
    timeout: ${HANG}
    batch: { events: 100, every: 20ms }
    max_lag: { events: 500, action: dead_letter }
    retry: { initial: 10ms, max: 100ms }
    breaker: { failures: 3, initial: 200ms, max: 200ms }
  limited:
    type: webhook
    url: "${hooks.limited.url}"
    when: "fields.n < ${2 * ONES}"
    batch: { events: 1 }
    concurrency: 2
    rate_limit: 40
`,
    });
  }, 60_000);

  afterAll(async () => {
    await tiercel?.remove();
    for (const hook of Object.values(hooks ?? {})) hook.close();
  });

  /** Posts events one by one and says how long each took from its answer to its arrival at the healthy one. */
  async function latencies(count: number): Promise<number[]> {
    const all: number[] = [];
    for (let i = 0; i < count; i++) {
      const id = n++;
      expect((await tiercel.post('/', eventText(id))).status).toBe(200);
      const answered = performance.now();
      const at = await until(`event ${id} to arrive`, () => hooks.healthy.arrived.get(id), { interval: 5 });
      all.push(Math.max(0, at - answered));
    }
    return all.sort((a, b) => a - b);
  }

  const state = () => join(tiercel.directory, 'data');
  const statusOf = async (name: string) => {
    const { outputs } = JSON.parse((await askAdmin(state(), '/outputs')).body) as {
      outputs: { name: string; state: string; reason?: string; since: unknown; pending: number }[];
    };
    return outputs.find((output) => output.name === name)!;
  };
  const accounts = async () => {
    const { body } = await tiercel.get('/metrics');
    return Object.fromEntries(Object.keys(hooks).map((name) => [name, accountOf(body, name)]));
  };

  it('delays no other, holds no memory, and is told of; the accounts balance all the time', async () => {
    const before = await latencies(ONES);
    for (const name of ['hung', 'failing', 'lagging'] as const) hooks[name].hang(true);
    const after = await latencies(ONES);
    const median = (sorted: number[]) => sorted[Math.floor(sorted.length / 2)]!;
    console.log(
      `answer to arrival, median: ${median(before).toFixed(1)} ms before, ${median(after).toFixed(1)} ms beside three that hang`,
    );
    // Ratios within one run, with room for a busy machine; who waits for a hung one waits ten minutes.
    expect(median(after)).toBeLessThan(10 * median(before) + 250);

    for (let sent = 0; sent < BULK; sent += 50) {
      const body = Array.from({ length: 50 }, () => eventText(n++, FAT)).join('\n');
      expect((await tiercel.post('/events', body)).status).toBe(202);
    }
    await until('the healthy one to have all', () => hooks.healthy.arrived.size === n);
    const rss =
      Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${tiercel.pid}/status`, 'utf8'))![1]) * 1024;
    console.log(`most memory: ${(rss / 2 ** 20).toFixed(0)} MiB, with ${(BULK * 16) / 1000} MB pending`);
    expect(rss).toBeLessThan(MAX_RSS);

    const all = await accounts();
    for (const [name, account] of Object.entries(all)) expect(imbalance(name, account)).toBeUndefined();
    expect(all.healthy).toMatchObject({ accepted: n, delivered: n, pending: 0 });
    expect(all.hung!.pending).toBeGreaterThanOrEqual(n - 2 * ONES);
    // Four attempts under way, all of them hanging: and no more are begun.
    expect(hooks.hung.seen.most).toBeLessThanOrEqual(4);

    const syncs = /^tiercel_journal_fsync_seconds_count (\d+)/m.exec((await tiercel.get('/metrics')).body)!;
    expect(Number(syncs[1])).toBeGreaterThan(2 * ONES);

    expect(await statusOf('healthy')).toMatchObject({ state: 'ok', pending: 0 });
    const failing = await until('the breaker to open', async () => {
      const status = await statusOf('failing');
      return status.state === 'open' && status;
    });
    expect(failing.reason).toMatch(/no answer/);
    const ready = await askAdmin(state(), '/readyz');
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body).outputs).toContainEqual(
      expect.objectContaining({ name: 'failing', state: 'open', reason: failing.reason }),
    );
    // Anyone may ask the port of the events: what a destination answered is not for them.
    const open = await tiercel.get('/readyz');
    expect(JSON.parse(open.body).outputs).toContainEqual({
      name: 'failing',
      state: 'open',
      since: failing.since,
    });
  }, 120_000);

  it('gives up no more of one that lags than it may, as dead letters', async () => {
    const { lagging } = await until('the lag to be shed', async () => {
      const all = await accounts();
      return all.lagging!.pending <= 500 && all;
    });
    expect(imbalance('lagging', lagging!)).toBeUndefined();
    expect(lagging).toMatchObject({ accepted: n, dropped: 0 });
    expect(lagging!.deadLettered).toBe(n - lagging!.delivered - lagging!.pending);
  }, 60_000);

  it('keeps to the rate and the places of one that is limited', async () => {
    await until('all it wants', () => hooks.limited.arrived.size === 2 * ONES);
    expect(hooks.limited.seen.most).toBeLessThanOrEqual(2);
    const times = [...hooks.limited.arrived.values()].sort((a, b) => a - b);
    // One second's worth at once, and then 40 a second; the clocks of two processes may differ by a hair.
    for (const [i, at] of times.entries()) {
      const first = times[i - 80];
      if (first !== undefined) expect(at - first).toBeGreaterThan(900);
    }
  }, 60_000);

  it('delivers what waited as soon as the destinations answer', async () => {
    for (const hook of Object.values(hooks)) hook.hang(false);
    const all = await until(
      'everything to be settled',
      async () => {
        const current = await accounts();
        return Object.values(current).every(({ pending }) => pending === 0) && current;
      },
      { timeout: 90_000, interval: 200 },
    );
    expect(hooks.failing.arrived.size).toBe(n);
    expect(hooks.hung.arrived.size).toBe(n);
    for (const [name, account] of Object.entries(all)) expect(imbalance(name, account)).toBeUndefined();
    expect(all.hung).toMatchObject({ accepted: n, delivered: n, deadLettered: 0 });
    expect((await statusOf('hung')).state).toBe('ok');
    expect((await tiercel.stop(10_000)).code).toBe(0);
  }, 120_000);
});
