import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { accountOf, imbalance } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import { watchArchive } from './archive.ts';
import { checkBalance } from './balance.ts';
import { faultsOf, SWITCHES } from './faults/list.ts';
import { createFindings } from './findings.ts';
import { createOracle } from './oracle.ts';
import { createPace } from './pace.ts';
import { eventOf, idOf } from './payload.ts';
import { createPlace } from './place.ts';
import { createProgramLog } from './program-log.ts';
import { createRandom, randomOf } from './random.ts';
import { settingsOf } from './settings.ts';
import { createTally } from './tally.ts';
import { startObjectStore, unchunk } from './targets/s3.ts';
import { startWebhook } from './targets/webhook.ts';
import { createTimeline } from './timeline.ts';

// A chaos run that cannot fail proves nothing: its instruments are tested first.

const folder = mkdtempSync(join(tmpdir(), 'tiercel-chaos-tools-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run with acknowledged events and a clock that is set by hand. */
function run(events: number) {
  const clock = { now: 0 };
  const timeline = createTimeline(() => clock.now);
  const oracle = createOracle(1, timeline.now);
  for (let n = 0; n < events; n += 1) oracle.acknowledged(oracle.issue().id);
  const findings = createFindings(timeline, () => oracle);
  const place = createPlace({ name: 'there', seed: 1, oracle, findings });
  return { clock, timeline, oracle, findings, place };
}

it('gives the same event for the same number, and another for another', () => {
  expect(eventOf(7, 3)).toBe(eventOf(7, 3));
  expect(new Set(Array.from({ length: 500 }, (_, id) => eventOf(7, id))).size).toBe(500);
  for (let id = 0; id < 500; id += 1) {
    const event = JSON.parse(eventOf(7, id)) as { time: string };
    expect(Date.parse(event.time)).toBeGreaterThan(0);
    expect(idOf(eventOf(7, id))).toBe(id);
  }
});

it('gives each part of a run choices of its own', () => {
  const choices = (name: string) => Array.from({ length: 5 }, randomOf(3, name).next);
  expect(choices('disk')).toEqual(choices('disk'));
  expect(choices('disk')).not.toEqual(choices('clock'));
});

it('counts each event as absent, once or more often, in a quarter of a byte', () => {
  const tally = createTally();
  const ids = [0, 1, 2, 3, 4, 100_000, 9_999_999];
  for (const id of ids) expect(tally.add(id)).toBe(0);
  expect([tally.add(2), tally.add(2), tally.add(2)]).toEqual([1, 2, 2]);
  expect([...ids, 5, 20_000_000].map(tally.count)).toEqual([1, 1, 2, 1, 1, 1, 1, 0, 0]);
  expect(tally.size).toBe(ids.length);
});

describe('a place', () => {
  it('reports lost, invented and altered events by their numbers', () => {
    const { oracle, findings, place } = run(30);
    const unheard = oracle.issue().id;
    for (let id = 13; id < 30; id += 1) expect(place.take(id, eventOf(1, id), 'here')).toBe(0);
    place.take(unheard, eventOf(1, unheard), 'here');
    place.finish((id) => id === 0);
    expect(findings.sentences()).toEqual([
      'there: an accepted event never arrived (12 times): 1; 2; 3; 4; 5; 6; 7; 8; 9; 10',
    ]);
    place.take(99, undefined, 'byte 7');
    place.take(undefined, 'what is this', 'byte 8');
    place.take(20, eventOf(1, 21), 'byte 9');
    expect(findings.sentences().slice(1)).toEqual([
      'there: an event that was never sent (2 times): 99, byte 7; what is this, byte 8',
      expect.stringMatching(/^there: an event was altered: 20 byte 9: \{"hostname"/),
    ]);
  });

  it('says nothing when each accepted event arrived', () => {
    const { findings, place } = run(3);
    for (const id of [0, 1, 1, 2]) place.take(id, eventOf(1, id), 'here');
    place.finish();
    expect(findings.empty).toBe(true);
  });
});

it('names the faults that were active when an event was sent', () => {
  const { clock, timeline, oracle, findings } = run(0);
  timeline.begin('long ago')();
  clock.now = 50_000;
  const end = timeline.begin('hook_a: hang');
  clock.now = 51_000;
  const { id } = oracle.issue();
  clock.now = 51_500;
  oracle.acknowledged(id);
  end();
  timeline.begin('kill -9');
  clock.now = 100_000;
  timeline.begin('later')();
  findings.add('hook_a: an accepted event never arrived', '', id);
  const [head, , times, ...faults] = findings.explain().split('\n');
  expect(head).toBe('hook_a: an accepted event never arrived (1 times)');
  expect(times).toContain('sent at 51.000 s, acknowledged between 51.500 s and 51.500 s');
  expect(faults.slice(0, 3).map((line) => line.trim())).toEqual([
    '50.000 s to 51.500 s: hook_a: hang',
    '51.500 s to still active: kill -9',
    'found at 100.000 s; faults before:',
  ]);
});

it('keeps the last faults only, and says so', () => {
  const clock = { now: 0 };
  const timeline = createTimeline(() => clock.now, 4);
  for (let n = 0; n < 10; n += 1) {
    clock.now = n * 1000;
    timeline.begin(`fault ${n}`)();
  }
  expect(timeline.around(0, 6500)).toEqual([
    '(older faults are no longer recorded)',
    '6.000 s to 6.000 s: fault 6',
  ]);
  expect(timeline.counts().size).toBe(10);
});

it('sees an altered event at a webhook, and refuses poison as a whole', async () => {
  const { findings, place } = run(6);
  const poison = (id: number) => id === 2;
  const hook = await startWebhook({ seed: 1, random: createRandom(1), place, findings, poison });
  const send = async (...events: string[]): Promise<number> =>
    (await fetch(hook.url, { method: 'POST', body: `[${events.join(',')}]` })).status;
  expect(await send(eventOf(1, 0), eventOf(1, 1))).toBe(200);
  expect(findings.empty).toBe(true);
  expect(await send(eventOf(1, 1).replace('18446744073709551615', '18446744073709552000'))).toBe(200);
  expect(findings.sentences()).toEqual(['there: an event was altered: 1 request 2, element 0']);
  expect(await send(eventOf(1, 2), eventOf(1, 3))).toBe(422);
  expect([0, 1, 2, 3].map(place.arrived.count)).toEqual([1, 2, 0, 0]);
  hook.setFault('forget');
  await expect(send(eventOf(1, 4))).rejects.toThrow();
  expect(place.arrived.count(4)).toBe(1);
  hook.setFault('reset');
  await expect(send(eventOf(1, 5))).rejects.toThrow();
  expect(place.arrived.count(5)).toBe(0);
  hook.close();
});

it('sees an event that a webhook accepted twice, and whether an answer was not heard', async () => {
  const { findings, place } = run(6);
  const poison = (id: number) => id === 2;
  const hook = await startWebhook({ seed: 1, random: createRandom(1), place, findings, poison });
  const send = async (id: number): Promise<number> =>
    (await fetch(hook.url, { method: 'POST', body: `[${eventOf(1, id)}]` })).status;
  const first = hook.accept();
  expect(await send(2)).toBe(200);
  first.pause();
  expect(await send(2)).toBe(422);
  first.resume();
  expect([await send(2), await send(3), await send(3)]).toEqual([200, 200, 200]);
  expect(first.close()).toEqual({ taken: 1, twice: [2], unheard: 0 });
  expect(await send(2)).toBe(422);
  const second = hook.accept();
  hook.setFault('forget');
  await expect(send(2)).rejects.toThrow();
  await until('the cut connection', () => second.close().unheard === 1);
  hook.close();
});

it('keeps the first object under a name and reports another', async () => {
  const { findings } = run(0);
  const seen: string[] = [];
  const store = await startObjectStore({
    random: createRandom(1),
    findings,
    onObject: async (key, bytes) => {
      seen.push(`${key}: ${bytes}`);
    },
  });
  const put = async (body: string): Promise<number> => {
    const headers = { 'if-none-match': '*' };
    return (await fetch(`${store.url}/lake/ext/a%3Db`, { method: 'PUT', body, headers })).status;
  };
  expect([await put('one'), await put('one')]).toEqual([200, 412]);
  expect(findings.empty).toBe(true);
  expect(await put('two')).toBe(412);
  expect(findings.sentences()).toEqual([
    'the lake: other bytes under the name of an object that exists: ext/a=b',
  ]);
  expect(seen).toEqual(['ext/a=b: one']);
  expect(store.objects()).toBe(1);
  store.close();
});

it('reads aws-chunked bodies', () => {
  const body = 'a;chunk-signature=x\r\n0123456789\r\n3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
  expect(unchunk(Buffer.from(body)).toString()).toBe('0123456789abc');
});

it('reads an archive as it is rotated, and tells a torn line from an altered one', async () => {
  const { findings, place } = run(8);
  const path = join(folder, 'archive.ndjson');
  const archive = watchArchive({ path, seed: 1, place, findings, rotateAt: 1 });
  const line = (id: number) => `${eventOf(1, id)}\n`;
  writeFileSync(path, `${line(0)}${line(1)}${line(2).slice(0, 50)}\n${line(2)}`);
  await until('the rotation', () => readFileSync(`${path}.1`).length > 0);
  writeFileSync(path, `${line(3)}${line(4).replace('"huge":1', '"huge":2')}${line(5).slice(0, 12)}`);
  await until('the rotated file to be read', () => place.arrived.count(2) === 1);
  await archive.finish();
  expect([0, 1, 2, 3, 4, 5].map(place.arrived.count)).toEqual([1, 1, 1, 1, 1, 0]);
  expect(archive.torn()).toBe(2);
  const at = [0, 1, 2, 3].reduce((sum, id) => sum + Buffer.byteLength(line(id)), 51);
  const [altered, ...others] = findings.sentences();
  expect(altered).toContain(`there: an event was altered: 4 byte ${at}: `);
  expect(others).toEqual([]);
});

it('keeps the end of a log in memory and waits for what comes after a mark', async () => {
  const log = createProgramLog(join(folder, 'program.log'), 1000);
  log.write(Buffer.from('ready\n'));
  const mark = log.length();
  expect(await log.waitFor(/ready/, mark, 100)).toBe(false);
  const waiting = log.waitFor(/reloaded/, mark, 5000);
  for (let n = 0; n < 100; n += 1) log.write(Buffer.alloc(10_000, '.'));
  log.write(Buffer.from('reloaded\n'));
  expect(await waiting).toBe(true);
  log.close();
  expect(log.tail().length).toBeLessThan(300_000);
  expect(readFileSync(join(folder, 'program.log')).length).toBeLessThan(20_000);
});

it('lets no more events pass than the rate allows, and catches up a second at most', async () => {
  const clock = { now: 0 };
  const pace = createPace(100_000, () => clock.now);
  const waits = async (events: number) => {
    const began = performance.now();
    await pace.take(events);
    return performance.now() - began;
  };
  expect(await waits(5000)).toBeLessThan(20);
  expect(await waits(1)).toBeGreaterThan(40);
  clock.now = 100_000;
  for (let n = 0; n < 10; n += 1) expect(await waits(9999)).toBeLessThan(20);
  await waits(5000);
  expect(await waits(1)).toBeGreaterThan(40);
});

it('bounds the dead letters of a run of any length', () => {
  expect(settingsOf({ CHAOS_SECONDS: '60', CHAOS_SEED: '5' })).toMatchObject({ seconds: 60, seed: 5 });
  const { seconds, rate, poisonEvery } = settingsOf({ CHAOS_SECONDS: '36000', CHAOS_RATE: '5000' });
  expect((seconds * rate) / poisonEvery).toBeLessThan(5000);
  expect(() => settingsOf({ CHAOS_RATE: 'fast' })).toThrow('CHAOS_RATE: fast');
});

it('makes every fault but those that are switched off with a reason', () => {
  const names = faultsOf(['a']).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['kill -9', 'a: hang', 'nested JSON']));
  for (const { fault, enabled, reason } of SWITCHES) {
    expect(names.includes(fault.name)).toBe(enabled);
    expect(reason).not.toBe('');
  }
});

const METRICS = `tiercel_events_accepted_total{output="a"} 10
tiercel_events_delivered_total{output="a",confirmed="true"} 3
tiercel_events_delivered_total{output="a",confirmed="false"} 2
tiercel_events_dead_lettered_total{output="a",cause="rejected"} 1
tiercel_events_dead_lettered_total{output="a",cause="expired"} 2
tiercel_events_lost_total{output="a",exact="true"} 1
tiercel_events_pending{output="a"} 1
tiercel_events_accepted_total{output="b"} 4
tiercel_events_pending{output="b"} 5
`;

it('adds up the account of an output', () => {
  expect(imbalance('a', accountOf(METRICS, 'a'))).toBeUndefined();
  expect(imbalance('b', accountOf(METRICS, 'b'))).toContain('pending 5');
  expect(() => accountOf(METRICS, 'c')).toThrow('has no tiercel_events_accepted_total of c');
});

it('demands that nothing is lost', () => {
  const { findings } = run(0);
  checkBalance(METRICS, ['a', 'b'], findings);
  expect(findings.sentences()).toEqual([
    'a lost events: tiercel_events_lost_total is 1',
    expect.stringContaining('the balance of b does not hold: b: accepted 4 is not'),
  ]);
});
