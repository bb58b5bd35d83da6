import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { reportingTo } from '../support/diagnose.ts';
import { drain } from '../support/drain.ts';
import { accountOf } from '../support/metrics.ts';
import { createPatience } from '../support/patience.ts';
import { freePort } from '../support/port.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';
import { watchArchive } from './archive.ts';
import { checkBalance, watchBalance } from './balance.ts';
import { chaosConfig } from './config.ts';
import { createDisk } from './disk.ts';
import { faultsOf } from './faults/list.ts';
import { createFindings } from './findings.ts';
import { createLake } from './lake.ts';
import { checkLetters } from './letters.ts';
import { watchMemory } from './memory.ts';
import { createOracle } from './oracle.ts';
import { createPlace } from './place.ts';
import { createProgramLog } from './program-log.ts';
import { randomOf } from './random.ts';
import { startSenders } from './senders.ts';
import { settingsOf } from './settings.ts';
import { startObjectStore } from './targets/s3.ts';
import { startWebhook } from './targets/webhook.ts';
import { createTimeline } from './timeline.ts';
import { startTroubles } from './troubles.ts';
import { createWallClock } from './wall-clock.ts';

const { seconds, seed, rate, only, evidence, poisonEvery } = settingsOf(process.env);
/** Each waits for its answer before it sends on. */
const CLIENTS = Math.max(8, Math.ceil(rate / 100));
/** How long a drain, or a start, may stand still, milliseconds of the time the program had: longer than any backoff. */
const STALL = 60_000;
/** Nothing is measured by it: what hangs is found by standing still. */
const AT_MOST = seconds * 10_000 + 3_600_000;
/** What the program, and this harness, may grow to at most, MiB: the backlog of all outages lies on the disk. */
const MAX_MEMORY = { program: 384, harness: 768 };
const ARCHIVE = 32 << 20;
/** How often a long run says how it gets on, milliseconds. */
const SAY_EVERY = 60_000;
/** Refused by one of the webhooks for what it is. */
const poison = (id: number): boolean => id % poisonEvery === 5;
const OUTPUTS = ['lake', 'hook_a', 'hook_b', 'picky', 'log'];
/** All but the lake, whose open batches are closed by a stop. */
const DRAINED = OUTPUTS.filter((output) => output !== 'lake');

it(`loses, invents and alters nothing in ${seconds} s of chaos with seed ${seed}`, {
  timeout: AT_MOST,
}, async () => {
  const again = `npm run test:chaos -- --seed ${seed} --seconds ${seconds} --rate ${rate}`;
  console.log(`chaos: seed ${seed}, ${seconds} s, at most ${rate} events per second; again: ${again}`);
  const timeline = createTimeline();
  const oracle = createOracle(seed, timeline.now);
  const findings = createFindings(timeline, () => oracle);
  // The guard deletes its folder. It is the TMPDIR of the tests that follow, too.
  const guarded = process.env.CHAOS_FOLDER;
  const folder = guarded || mkdtempSync(join(tmpdir(), 'tiercel-chaos-'));
  const closing: (() => unknown)[] = [];
  if (!guarded) closing.push(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const disk = createDisk(join(folder, 'disk'), 64);
    closing.push(() => disk.remove());
    if (!disk.small) console.log('chaos: no small disk can be mounted: only journal.max_size is met');
    const log = createProgramLog(join(folder, 'program.log'));
    closing.push(() => log.close());
    const clock = createWallClock(join(folder, 'clock'));

    const place = (name: string) => createPlace({ name, seed, oracle, findings });
    const lake = createLake({ place: place('lake'), findings, index: join(folder, 'lake-index') });
    const s3 = await startObjectStore({ random: randomOf(seed, 's3'), findings, onObject: lake.check });
    closing.push(() => s3.close());
    const hook = async (name: string, refuses?: (id: number) => boolean) => {
      const random = randomOf(seed, name);
      const options = { seed, random, place: place(name), findings, ...(refuses && { poison: refuses }) };
      const started = await startWebhook(options);
      closing.push(() => started.close());
      return started;
    };
    const hooks = {
      hook_a: await hook('hook_a'),
      hook_b: await hook('hook_b'),
      picky: await hook('picky', poison),
    };
    const path = join(folder, 'events.ndjson');
    const file = place('log');
    const archive = watchArchive({ path, seed, place: file, findings, rotateAt: ARCHIVE });
    closing.push(() => archive.stop());

    const state = join(disk.folder, 'journal');
    const urls = Object.fromEntries(Object.entries(hooks).map(([name, { url }]) => [name, url]));
    const tiercel = await startTiercel({
      directory: folder,
      config: chaosConfig({ journal: state, objectStore: s3.url, hooks: urls, file: path }),
      server: '  max_wait: 5s',
      ready: STALL,
      reports: folder,
      onOutput: log.write,
      env: {
        ...clock.env,
        NODE_OPTIONS: `${clock.env.NODE_OPTIONS} ${reportingTo(folder, await freePort())}`,
        AWS_ACCESS_KEY_ID: 'chaos',
        AWS_SECRET_ACCESS_KEY: 'chaos',
      },
    });
    const memory = watchMemory(() => tiercel.pid);
    const own = watchMemory(() => process.pid);
    const balance = watchBalance(tiercel, OUTPUTS, findings);
    closing.push(memory.stop, own.stop, balance.stop, () => tiercel.remove());
    const waiting = () => ({
      timeout: STALL,
      patience: createPatience(() => tiercel.pid),
      diagnose: tiercel.diagnose,
    });
    const progress = () =>
      `${Math.round(timeline.now() / 1000)} s, ${oracle.obligations} events accepted, ${s3.objects()} objects, program ${memory.peak()} MiB, harness ${own.peak()} MiB`;
    const saying = setInterval(() => console.log(`chaos: ${progress()}`), SAY_EVERY);
    closing.push(() => clearInterval(saying));

    try {
      const senders = startSenders({ url: tiercel.url, seed, oracle, findings, clients: CLIENTS, rate });
      closing.push(senders.stop);
      const targets = { lake: s3, ...hooks };
      const { picky } = hooks;
      const stage = { tiercel, log, disk, clock, targets, picky, state, seed, oracle, findings };
      const troubles = startTroubles(stage, faultsOf(Object.keys(targets), only), timeline);
      closing.push(troubles.heal);
      await Promise.race([sleep(seconds * 1000), troubles.broken]);
      await troubles.heal();
      await senders.stop();
      const accepted = oracle.obligations;
      const sending = timeline.now() / 1000;

      // After all that, a fresh event still passes.
      const fresh = oracle.issue();
      await until(
        'a fresh event to be accepted',
        async () => (await tiercel.post('/', fresh.text)).status === 200,
        { ...waiting(), timeout: 15_000, interval: 500 },
      );
      oracle.acknowledged(fresh.id);
      for (const [name, { place }] of Object.entries(hooks)) {
        await until(
          `${name} to get the fresh event`,
          () => place.arrived.count(fresh.id) > 0 || poison(fresh.id),
          { ...waiting(), progress: () => place.arrived.size },
        );
      }
      let pending = Number.POSITIVE_INFINITY;
      const metrics = await until(
        'webhooks and file to have no pending events',
        async () => {
          const { body } = await tiercel.get('/metrics');
          pending = DRAINED.reduce((sum, output) => sum + accountOf(body, output).pending, 0);
          return pending === 0 && body;
        },
        { ...waiting(), progress: () => -pending, interval: 250 },
      );
      checkBalance(metrics, OUTPUTS, findings);
      await balance.stop();

      for (const { code, signal } of await drain(tiercel, 'lake'))
        if (code !== 0) findings.add('a stop does not end with 0', `code ${code}, signal ${signal}`);
      await archive.finish();
      await lake.finish();
      const letters = await checkLetters({
        seed,
        directory: join(state, 'dead-letters'),
        oracle,
        findings,
        refused: { place: picky.place, poison },
      });
      for (const arrivals of [lake.place, hooks.hook_a.place, hooks.hook_b.place, file]) arrivals.finish();
      picky.place.finish(poison);

      const counts = timeline.counts();
      const kills = [...counts].reduce((sum, [name, n]) => sum + (/kill|restart/.test(name) ? n : 0), 0);
      if (archive.torn() > kills) findings.add('log: torn lines', `${archive.torn()}, and ${kills} kills`);
      const peaks = { program: memory.peak(), harness: own.peak() };
      for (const [who, limit] of Object.entries(MAX_MEMORY)) {
        const peak = peaks[who as keyof typeof peaks];
        if (peak > limit) findings.add(`the ${who} uses too much memory`, `${peak} MiB of ${limit} MiB`);
      }
      const summary = {
        seed,
        issued: oracle.issued,
        accepted: oracle.obligations,
        acceptedPerSecond: Math.round(accepted / sending),
        answers: Object.fromEntries([...senders.answers].sort()),
        faults: Object.fromEntries(counts),
        objects: s3.objects(),
        rows: lake.rows(),
        deadLetters: letters.count,
        deliveredAfterReplay: letters.delivered,
        tornLines: archive.torn(),
        readingsOfMetrics: balance.readings(),
        memory: peaks,
      };
      console.log(`chaos: ${JSON.stringify(summary, null, 1)}`);
      expect(oracle.obligations).toBeGreaterThan(100);
    } catch (error) {
      findings.add('the run did not come to its end', (error as Error).message);
    }
    if (!findings.empty) {
      console.log(`chaos: the end of the program's log\n${log.tail().slice(-8000)}`);
      console.log(`chaos: what is wrong, after ${progress()}\n${findings.explain()}`);
      if (evidence !== undefined && existsSync(folder)) {
        cpSync(folder, evidence, { recursive: true, filter: (source) => !source.endsWith('.sock') });
        console.log(`chaos: the folder of the run is copied to ${evidence}`);
      }
    }
    expect(findings.sentences(), `seed ${seed}; again: ${again}`).toEqual([]);
  } finally {
    // What cannot be closed is removed by the guard; it must not hide what is wrong.
    for (const close of closing.reverse()) await Promise.resolve().then(close).catch(console.error);
  }
});
