import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reportingTo } from '../support/diagnose.ts';
import { drain } from '../support/drain.ts';
import { accountOf, imbalance } from '../support/metrics.ts';
import { createPatience } from '../support/patience.ts';
import { freePort } from '../support/port.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';
import { chaosConfig } from './config.ts';
import { createDisk } from './disk.ts';
import { readLake } from './lake.ts';
import { verifyLetters } from './letters.ts';
import { watchMemory } from './memory.ts';
import { createOracle } from './oracle.ts';
import { eventOf, idOf } from './payload.ts';
import { createRandom } from './random.ts';
import { startSenders } from './senders.ts';
import { startObjectStore } from './targets/s3.ts';
import { startWebhook } from './targets/webhook.ts';
import { startTroubles } from './troubles.ts';
import { createWallClock } from './wall-clock.ts';

const SECONDS = Number(process.env.CHAOS_SECONDS || 60);
const SEED = Number(process.env.CHAOS_SEED || Date.now() % 2 ** 31);
const CLIENTS = 8;
/** How long a drain, or a start, may stand still, milliseconds of the time the program had: longer than any backoff. */
const STALL = 60_000;
/** Nothing is measured by it: what hangs is found by standing still. */
const AT_MOST = SECONDS * 10_000 + 3_600_000;
/** What the process may grow to at most, MiB: the backlog of all outages lies on the disk. */
const MAX_MEMORY = 384;
/** Refused by one of the webhooks for what it is. */
const poison = (id: number): boolean => id % 211 === 5;

/** How often each event stands in an NDJSON file, and which stand there otherwise than they were sent. */
async function readLines(file: string): Promise<{ arrived: Map<number, number>; altered: number[] }> {
  const arrived = new Map<number, number>();
  const altered: number[] = [];
  for (const line of (await readFile(file, 'utf8')).split('\n').filter(Boolean)) {
    const id = idOf(line) ?? -1;
    arrived.set(id, (arrived.get(id) ?? 0) + 1);
    if (line !== eventOf(SEED, id)) altered.push(id);
  }
  return { arrived, altered };
}

it(`loses, invents and alters nothing in ${SECONDS} s of chaos with seed ${SEED}`, {
  timeout: AT_MOST,
}, async () => {
  console.log(
    `chaos: seed ${SEED}, ${SECONDS} s; again: npm run test:chaos -- --seed ${SEED} --seconds ${SECONDS}`,
  );
  const random = createRandom(SEED);
  const oracle = createOracle(SEED);
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-chaos-'));
  const disk = createDisk(64);
  const clock = createWallClock(join(folder, 'clock'));
  if (!disk.small) console.log('chaos: no small disk can be mounted: only journal.max_size is met');
  const s3 = await startObjectStore(random);
  const hookA = await startWebhook({ seed: SEED, random });
  const hookB = await startWebhook({ seed: SEED, random });
  const picky = await startWebhook({ seed: SEED, random, poison });
  const file = join(folder, 'events.ndjson');
  const tiercel = await startTiercel({
    directory: folder,
    config: chaosConfig({
      journal: join(disk.folder, 'journal'),
      objectStore: s3.url,
      hooks: { hook_a: hookA.url, hook_b: hookB.url, picky: picky.url },
      file,
    }),
    server: '  max_wait: 5s',
    ready: STALL,
    reports: folder,
    env: {
      ...clock.env,
      NODE_OPTIONS: `${clock.env.NODE_OPTIONS} ${reportingTo(folder, await freePort())}`,
      AWS_ACCESS_KEY_ID: 'chaos',
      AWS_SECRET_ACCESS_KEY: 'chaos',
    },
  }).catch((error) => {
    disk.remove();
    throw error;
  });
  const memory = watchMemory(() => tiercel.pid);

  const waiting = () => ({
    timeout: STALL,
    patience: createPatience(() => tiercel.pid),
    diagnose: tiercel.diagnose,
  });

  try {
    const senders = startSenders(tiercel.url, oracle, random, CLIENTS);
    const targets = { lake: s3, hook_a: hookA, hook_b: hookB, picky };
    const troubles = startTroubles({ tiercel, disk, clock, targets, random });
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    await troubles.heal();
    await senders.stop();

    // After all that, a fresh event still passes.
    const fresh = oracle.issue();
    await until(
      'a fresh event to be accepted',
      async () => (await tiercel.post('/', fresh.text)).status === 200,
      { ...waiting(), timeout: 15_000, interval: 500 },
    );
    oracle.acknowledged(fresh.id);
    for (const [name, hook] of Object.entries({ hookA, hookB, picky })) {
      await until(`${name} to get the fresh event`, () => hook.arrived.has(fresh.id) || poison(fresh.id), {
        ...waiting(),
        progress: () => hook.arrived.size,
      });
    }

    const drained = ['hook_a', 'hook_b', 'picky', 'log'];
    let pending = Number.POSITIVE_INFINITY;
    const metrics = await until(
      'webhooks and file to have no pending events',
      async () => {
        const { body } = await tiercel.get('/metrics');
        pending = drained.reduce((sum, output) => sum + accountOf(body, output).pending, 0);
        return pending === 0 && body;
      },
      { ...waiting(), progress: () => -pending, interval: 250 },
    );
    const unbalanced = [...drained, 'lake'].map((output) => imbalance(output, accountOf(metrics, output)));

    // Its open batches are closed and delivered by polite stops.
    const exits = await drain(tiercel, 'lake');
    const lake = await readLake(SEED, s3);
    const lines = await readLines(file);
    const letters = await verifyLetters(
      SEED,
      join(disk.folder, 'journal', 'dead-letters'),
      oracle.obligations,
      {
        output: 'picky',
        poison,
      },
    );
    const atLeastOnce = { times: 'at-least-once' } as const;
    const summary = {
      seed: SEED,
      issued: oracle.issued,
      accepted: oracle.obligations.size,
      answers: Object.fromEntries(senders.answers),
      troubles: Object.fromEntries([...troubles.happened].sort()),
      objects: s3.objects.size,
      rows: lake.rows,
      deadLetters: letters.count,
      memory: memory.peak(),
    };
    console.log(`chaos: ${JSON.stringify(summary, null, 1)}`);

    const altered = [...hookA.altered, ...hookB.altered, ...picky.altered, ...lines.altered];
    const violations = [
      ...oracle.verify('the lake', lake.arrived, { times: 'once' }),
      ...oracle.verify('hook_a', hookA.arrived, atLeastOnce),
      ...oracle.verify('hook_b', hookB.arrived, atLeastOnce),
      ...oracle.verify('picky', picky.arrived, { ...atLeastOnce, excused: poison }),
      ...oracle.verify('the file', lines.arrived, atLeastOnce),
      ...lake.violations,
      ...letters.violations,
      ...(memory.peak() > MAX_MEMORY ? [`it grew to ${memory.peak()} MiB`] : []),
      ...(altered.length ? [`altered on the way: ${altered.slice(0, 10).join(', ')}`] : []),
      ...senders.violations,
      ...troubles.violations,
      ...unbalanced.filter((sentence) => sentence !== undefined),
      ...exits
        .filter(({ code }) => code !== 0)
        .map((exit) => `a stop ended with ${exit.code ?? exit.signal}`),
    ];
    if (violations.length) console.log(tiercel.output().slice(-8000));
    expect(violations, `seed ${SEED}`).toEqual([]);
    expect(oracle.obligations.size).toBeGreaterThan(100);
  } catch (error) {
    console.log(tiercel.output().slice(-8000));
    throw error;
  } finally {
    memory.stop();
    await tiercel.remove();
    for (const target of [s3, hookA, hookB, picky]) target.close();
    disk.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
