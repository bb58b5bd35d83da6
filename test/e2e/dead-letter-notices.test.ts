import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectBalance, settled } from '../support/balance.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const EVENT =
  '{"rule":"R","priority":"Notice","time":"2026-07-11T09:44:58Z","output":"o","output_fields":{}}';

let siem: Destination;
let oncall: Destination;
let tiercel: Tiercel;

beforeAll(async () => {
  siem = await startDestination(422);
  oncall = await startDestination();
  // The conditions of oncall fit neither the events nor the notices.
  tiercel = await startTiercel({
    config: `outputs:
  siem: { type: webhook, url: "${siem.url}", batch: { events: 1 }, on_dead_letter: oncall }
  oncall:
    type: webhook
    url: "${oncall.url}"
    minimum_priority: emergency
    match: { sources: [k8s_audit] }
    batch: { events: 1 }
    retry: { initial: 50ms, max: 100ms }
    breaker: { initial: 50ms, max: 100ms }
    on_dead_letter: siem
`,
  });
});
afterAll(async () => {
  await tiercel?.remove();
  await siem?.close();
  await oncall?.close();
});

const metric = async (series: string) => {
  const { body } = await tiercel.get('/metrics');
  const line = body.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ')[1] ?? 0);
};
const lettersOf = (output: string) => metric(`tiercel_dead_letters{output="${output}"}`);
const told = () => oncall.taken.flatMap((body) => JSON.parse(body) as unknown[]);

describe('dead letters of one output, told to another', { shuffle: false }, () => {
  test('dead letters are told to another output, also after the process was killed before', async () => {
    expect((await tiercel.post('/', EVENT)).status).toBe(200);
    await until('the dead letter', async () => (await lettersOf('siem')) === 1);
    await tiercel.kill();
    // Killed within the second that a notice waits for more of its kind; on a slow machine it may be out already.
    await tiercel.start();
    await until('the notice', async () => told().length > 0);
    expect(told()[0]).toMatchObject({
      rule: 'Events became dead letters',
      source: 'tiercel',
      output: expect.stringMatching(
        /^1 event became a dead letter at the output siem \(1 rejected\)\. .*422.* tiercel dlq list --output siem$/,
      ),
    });
    await settled(tiercel, 'oncall');
    const accounts = await expectBalance(tiercel, ['siem', 'oncall']);
    expect(accounts.siem).toMatchObject({ pending: 0 });
  });

  test('a notice that its target does not take waits over a kill, and is told after it', async () => {
    const before = told().length;
    oncall.answer(503);
    // Of this process the last notice may be less than a minute ago; of a new one none is.
    await tiercel.kill();
    await tiercel.start();
    expect((await tiercel.post('/', EVENT)).status).toBe(200);
    const written = 'tiercel_dead_letter_notices_total{output="siem",target="oncall"}';
    await until('the notice in the journal', async () => (await metric(written)) === 1);
    await tiercel.kill();
    await tiercel.start();
    oncall.answer(200);
    await until('the notice', async () => told().length > before);
    await settled(tiercel, 'oncall');
  });

  test('a notice that becomes a dead letter makes no notice', async () => {
    await tiercel.stop();
    oncall.answer(422);
    await tiercel.start();
    const before = await until('the count of dead letters', () => lettersOf('siem'));
    expect((await tiercel.post('/', EVENT)).status).toBe(200);
    await until('the dead letter of the notice', async () => (await lettersOf('oncall')) === 1);
    // A notice for siem would be in the journal within a second.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await metric('tiercel_dead_letter_notices_total{output="oncall",target="siem"}')).toBe(0);
    expect(await lettersOf('siem')).toBe(before + 1);
    await expectBalance(tiercel, ['siem', 'oncall']);
  });
});
