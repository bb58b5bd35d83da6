import { expect, it } from 'vitest';
import { accountOf, imbalance } from '../support/metrics.ts';
import { createOracle } from './oracle.ts';
import { eventOf, idOf } from './payload.ts';
import { createRandom } from './random.ts';
import { startObjectStore, unchunk } from './targets/s3.ts';
import { startWebhook } from './targets/webhook.ts';

// A chaos run that cannot fail proves nothing: its instruments are tested first.

it('gives the same event for the same number, and another for another', () => {
  expect(eventOf(7, 3)).toBe(eventOf(7, 3));
  expect(new Set(Array.from({ length: 500 }, (_, id) => eventOf(7, id))).size).toBe(500);
  for (let id = 0; id < 500; id += 1) {
    const event = JSON.parse(eventOf(7, id)) as { time: string };
    expect(Date.parse(event.time)).toBeGreaterThan(0);
    expect(idOf(eventOf(7, id))).toBe(id);
  }
});

it('sees lost, invented and repeated events', () => {
  const oracle = createOracle(1);
  for (let n = 0; n < 4; n += 1) oracle.acknowledged(oracle.issue().id);
  const unheard = oracle.issue().id;
  const verify = (arrived: [number, number][], times: 'once' | 'at-least-once' = 'once') =>
    oracle.verify('there', new Map(arrived), { times });
  const all: [number, number][] = [0, 1, 2, 3].map((id) => [id, 1]);
  expect(verify(all)).toEqual([]);
  expect(verify([...all, [unheard, 1]])).toEqual([]);
  expect(verify(all.slice(1))).toEqual(['there: 1 accepted events never arrived: 0']);
  expect(verify([...all, [99, 1]])).toEqual(['there: 1 events nobody sent: 99']);
  expect(verify([...all.slice(1), [0, 2]])).toEqual(['there: 1 events arrived twice: 0']);
  expect(verify([...all.slice(1), [0, 2]], 'at-least-once')).toEqual([]);
});

it('sees an altered event at a webhook, and refuses poison as a whole', async () => {
  const hook = await startWebhook({ seed: 1, random: createRandom(1), poison: (id) => id === 2 });
  const send = async (...events: string[]): Promise<number> =>
    (await fetch(hook.url, { method: 'POST', body: `[${events.join(',')}]` })).status;
  expect(
    await send(eventOf(1, 0), eventOf(1, 1).replace('18446744073709551615', '18446744073709552000')),
  ).toBe(200);
  expect([...hook.altered]).toEqual([1]);
  expect(await send(eventOf(1, 2), eventOf(1, 3))).toBe(422);
  expect([...hook.arrived.keys()]).toEqual([0, 1]);
  hook.setFault('forget');
  await expect(send(eventOf(1, 4))).rejects.toThrow();
  expect(hook.arrived.get(4)).toBe(1);
  hook.setFault('reset');
  await expect(send(eventOf(1, 5))).rejects.toThrow();
  expect(hook.arrived.has(5)).toBe(false);
  hook.close();
});

it('keeps the first object under a name and tells on who sends another', async () => {
  const store = await startObjectStore(createRandom(1));
  const put = async (body: string): Promise<number> => {
    const headers = { 'if-none-match': '*' };
    return (await fetch(`${store.url}/lake/ext/a%3Db`, { method: 'PUT', body, headers })).status;
  };
  expect([await put('one'), await put('one')]).toEqual([200, 412]);
  expect(store.violations).toEqual([]);
  expect(await put('two')).toBe(412);
  expect(store.violations).toEqual(['other bytes under the name ext/a=b']);
  expect(store.objects.get('ext/a=b')?.toString()).toBe('one');
  store.close();
});

it('reads aws-chunked bodies', () => {
  const body = 'a;chunk-signature=x\r\n0123456789\r\n3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
  expect(unchunk(Buffer.from(body)).toString()).toBe('0123456789abc');
});

it('adds up the account of an output', () => {
  const metrics = `tiercel_events_accepted_total{output="a"} 10
tiercel_events_delivered_total{output="a"} 6
tiercel_events_dead_lettered_total{output="a",cause="rejected"} 1
tiercel_events_dead_lettered_total{output="a",cause="expired"} 2
tiercel_events_pending{output="a"} 1
tiercel_events_accepted_total{output="b"} 4
tiercel_events_pending{output="b"} 5
`;
  expect(imbalance('a', accountOf(metrics, 'a'))).toBeUndefined();
  expect(imbalance('b', accountOf(metrics, 'b'))).toContain('pending 5');
  expect(() => accountOf(metrics, 'c')).toThrow('has no tiercel_events_accepted_total of c');
});
