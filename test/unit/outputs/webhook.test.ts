import { describe, expect, it } from 'vitest';
import { requestLimitsOf } from '../../../core/sdk/contract/facts.ts';
import webhook from '../../../outputs/webhook.ts';
import { decoded } from '../../support/decoded.ts';
import { batchOf, inRequests, jsonTextMapper, made, misbehaving, neverAborts } from './support.ts';

describe('webhook', () => {
  it('posts the records as an array, with the exact numbers and the batch id', async () => {
    const server = await misbehaving();
    const output = made(webhook, { url: `${server.url}/in` }, jsonTextMapper);
    const records = ['{"evt.time":1783762698682419669}', '{"n":0.0}'];
    expect(await output.deliver(batchOf(records), neverAborts())).toEqual({ status: 'delivered' });
    expect(server.received[0]?.body).toBe('[{"evt.time":1783762698682419669},{"n":0.0}]');
    expect(server.received[0]?.headers['idempotency-key']).toBe('batch-1');
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('posts one request an event to those who take one, as Falcosidekick does', async () => {
    const server = await misbehaving();
    const options = decoded(webhook, { url: server.url, body: 'event' });
    const output = made(webhook, options, jsonTextMapper);
    const records = ['{"n":1}', '{"n":2}'];
    const deliver = inRequests(output, requestLimitsOf(webhook, options));
    for (let i = 0; i < 2; i++) {
      expect(await deliver(batchOf(records), neverAborts())).toEqual({ status: 'delivered', rejected: [] });
    }
    expect(server.received.map(({ body }) => body)).toEqual([...records, ...records]);
    const [first, second, again] = server.received.map(({ headers }) => headers['idempotency-key']);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('encodes records of any other mapper', async () => {
    const server = await misbehaving();
    const mapper = { map: () => ({ ok: true, record: null }) as const };
    const output = made<unknown>(webhook, { url: server.url }, mapper);
    await output.deliver(batchOf<unknown>([{ a: 10n ** 20n }, 'text']), neverAborts());
    expect(server.received[0]?.body).toBe('[{"a":100000000000000000000},"text"]');
    await output.stop?.(neverAborts());
    await server.stop();
  });
});
