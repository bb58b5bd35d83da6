import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { factsOf, requestLimitsOf } from '../../../core/sdk/contract/facts.ts';
import type { Event } from '../../../core/sdk/index.ts';
import type { EventMembers } from '../../../core/testing/event-of.ts';
import { examine } from '../../../core/testing/examine.ts';
import gcpPubsub from '../../../outputs/gcp-pubsub.ts';
import { startFakePubsub } from '../../support/fake-pubsub.ts';
import { goldenOf } from '../../support/golden.ts';
import { startFakeCloud } from '../core/sdk/http/auth/fake-cloud.ts';
import { batchOf, eventOf, inRequests, jsonTextMapper, made, misbehaving, neverAborts } from './support.ts';

const BASE = { project: 'p', topic: 'falco', auth: { bearer: { token: 'the-token' } } };
/** The records of the test: the members of an event that Falco does not define, so that records are short. */
const recordsOf = (events: readonly Event[]) => events.map(({ extra }) => JSON.stringify(extra));
const numbered = (n: number, members: EventMembers = {}) =>
  eventOf({ ...members, extra: { n, ...members.extra } });

async function setUp(options: object = {}, topics?: readonly string[]) {
  const server = await startFakePubsub(topics);
  const output = made(gcpPubsub, { ...BASE, url: server.url, ...options }, jsonTextMapper);
  onTestFinished(async () => {
    await output.stop?.(neverAborts());
    await server.stop();
  });
  const limits = requestLimitsOf(gcpPubsub, {});
  const deliver = (events: readonly Event[], records = recordsOf(events)) =>
    inRequests(output, limits)(batchOf(records, { events }), neverAborts());
  return { server, output, deliver };
}

afterEach(() => vi.unstubAllEnvs());

describe('gcp_pubsub', () => {
  it('publishes each record, with its attributes', async () => {
    const { server, deliver } = await setUp();
    expect(await deliver([numbered(1), numbered(2, { source: '', rule: 'é'.repeat(600) })])).toEqual({
      status: 'delivered',
    });
    expect(server.published).toEqual([
      {
        topic: 'projects/p/topics/falco',
        data: '{"n":1}',
        attributes: { rule: 'Test rule', priority: 'Warning', source: 'syscall' },
        orderingKey: '',
      },
      {
        topic: 'projects/p/topics/falco',
        data: '{"n":2}',
        attributes: { rule: 'é'.repeat(512), priority: 'Warning' },
        orderingKey: '',
      },
    ]);
    expect(server.authorizations).toEqual(['Bearer the-token']);
  });

  it.each(goldenOf('payload re-serialised'))(
    'publishes the event of input $id as it came',
    async ({ event }) => {
      const { server, deliver } = await setUp();
      const text = Buffer.from(event.raw).toString();
      await deliver([event], [text]);
      expect(server.published[0]?.data).toBe(text);
    },
  );

  it('takes attributes of the user, which replace and remove those of the output', async () => {
    const { server, deliver } = await setUp({
      attributes: { cluster: 'prod', rule: '', priority: '{{ priority | downcase }}' },
    });
    await deliver([numbered(1)]);
    expect(server.published[0]?.attributes).toEqual({
      source: 'syscall',
      cluster: 'prod',
      priority: 'warning',
    });
  });

  it('publishes a record that is no text as JSON', async () => {
    const server = await startFakePubsub();
    const output = made(gcpPubsub, { ...BASE, url: server.url }, { map: () => ({ ok: true, record: {} }) });
    await output.deliver(batchOf([{ a: 'ä' }]), neverAborts());
    expect(server.published[0]?.data).toBe('{"a":"ä"}');
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('keeps within what a request takes, whatever the batch', async () => {
    const { server, deliver } = await setUp();
    expect(await deliver(Array.from({ length: 1_001 }, (_, n) => numbered(n)))).toMatchObject({
      rejected: [],
    });
    expect(server.requests).toEqual([1_000, 1]);
    const large = Array.from({ length: 8 }, (_, n) => numbered(n, { extra: { x: 'x'.repeat(999_980) } }));
    expect(await deliver(large)).toMatchObject({ status: 'delivered', rejected: [] });
    expect(server.requests.slice(2)).toEqual([7, 1]);
  });

  it('sets aside the message that Pub/Sub refuses, and publishes each other one once', async () => {
    const { server, deliver } = await setUp();
    const invalid = { code: 400, status: 'INVALID_ARGUMENT', message: 'The message does not fit the schema' };
    server.fail((data) => (data.includes('{"n":2}') ? invalid : undefined));
    expect(await deliver(Array.from({ length: 5 }, (_, n) => numbered(n)))).toMatchObject({
      status: 'delivered',
      rejected: [{ index: 2, reason: expect.stringContaining('schema') }],
    });
    expect(server.published.map(({ data }) => data)).toEqual(['{"n":0}', '{"n":1}', '{"n":3}', '{"n":4}']);
  });

  it.each([
    [400, 'FAILED_PRECONDITION', {}],
    [401, 'UNAUTHENTICATED', { denied: true }],
    [403, 'PERMISSION_DENIED', { denied: true }],
    [404, 'NOT_FOUND', {}],
    [409, 'ABORTED', {}],
    [429, 'RESOURCE_EXHAUSTED', {}],
    [499, 'CANCELLED', {}],
    [500, 'INTERNAL', {}],
    [502, 'BAD_GATEWAY', {}],
    [503, 'UNAVAILABLE', {}],
    [504, 'DEADLINE_EXCEEDED', {}],
  ])('keeps events after %i %s', async (code, status, details) => {
    const { server, deliver } = await setUp();
    // The status follows a long message.
    server.fail(() => ({ code, status, message: `${status} ${'x'.repeat(500)}` }));
    const reason = expect.stringContaining(status);
    expect(await deliver([numbered(1)])).toMatchObject({ status: 'retry', reason, ...details });
  });

  it('does not call delivered what was answered with fewer ids', async () => {
    const server = await misbehaving((_, response) => response.end('{"messageIds":["1"]}'));
    const output = made(gcpPubsub, { ...BASE, url: server.url }, jsonTextMapper);
    const events = [numbered(1), numbered(2)];
    expect(await output.deliver(batchOf(recordsOf(events), { events }), neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('1 ids for 2 messages'),
    });
    await output.stop?.(neverAborts());
    await server.stop();
  });
});

describe('the ordering key of gcp_pubsub', () => {
  const ordering_key = '{{ hostname }}';

  it('is the partition, in order, and a part of each message', async () => {
    expect(factsOf(gcpPubsub, BASE).ordering).toBe('none');
    expect(factsOf(gcpPubsub, { ...BASE, ordering_key }).ordering).toBe('partition');
    const { server, output, deliver } = await setUp({ ordering_key });
    expect(output.partition?.(eventOf())).toBe('host-1');
    await deliver([numbered(1), numbered(2)]);
    expect(server.published.map(({ orderingKey }) => orderingKey)).toEqual(['host-1', 'host-1']);
  });

  it('is absent where the template is empty, and no longer than Pub/Sub takes', async () => {
    const { server, output, deliver } = await setUp({ ordering_key });
    expect(output.partition?.(eventOf({ hostname: '' }))).toBe('');
    await deliver([numbered(1, { hostname: '' })]);
    expect(server.published[0]?.orderingKey).toBe('');
    expect(output.partition?.(eventOf({ hostname: '€'.repeat(600) }))).toBe('€'.repeat(341));
  });
});

describe('the check of gcp_pubsub', () => {
  it('asks for the permission to publish, and publishes nothing', async () => {
    const { server, output } = await setUp();
    expect(await examine(output, neverAborts())).toMatchObject({ problems: [] });
    expect(server.published).toEqual([]);
  });

  it('fails when there is no such topic, or the account may not publish', async () => {
    const { output } = await setUp({}, []);
    expect(await examine(output, neverAborts())).toMatchObject({
      failed: [expect.stringContaining('Pub/Sub Publisher')],
    });
  });
});

describe('the credentials of gcp_pubsub', () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const account = {
    type: 'service_account',
    project_id: 'p',
    private_key_id: 'k',
    private_key: privateKey,
    client_email: 'tiercel@p.iam.gserviceaccount.com',
  };

  it('are found as by other programs of Google Cloud, and renewed when they are refused', async () => {
    let issued = 0;
    const accepted: string[] = [];
    const cloud = await startFakeCloud(
      ['oauth2.googleapis.com', 'pubsub.googleapis.com'],
      (folder) => {
        const path = join(folder, 'adc.json');
        writeFileSync(path, JSON.stringify(account));
        vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', path);
        return { bearer: { token: 'of-the-other-client' } };
      },
      ({ host, body, headers }, response) => {
        response.setHeader('content-type', 'application/json');
        if (host === 'oauth2.googleapis.com') {
          const assertion = new URLSearchParams(body).get('assertion')?.split('.')[1] ?? '';
          const claims = JSON.parse(Buffer.from(assertion, 'base64url').toString()) as { scope?: string };
          expect(claims.scope).toBe('https://www.googleapis.com/auth/cloud-platform');
          issued++;
          return response.end(
            JSON.stringify({
              access_token: `google-token-${issued}`,
              expires_in: 3600,
              token_type: 'Bearer',
            }),
          );
        }
        const { authorization = '' } = headers;
        if (authorization === 'Bearer google-token-1') response.writeHead(401);
        else accepted.push(authorization);
        return response.end(JSON.stringify({ messageIds: ['1'] }));
      },
    );
    const output = made(
      gcpPubsub,
      { project: 'p', topic: 'falco', proxy: cloud.proxy.url, tls: { ca: join(cloud.folder, 'ca.pem') } },
      jsonTextMapper,
    );
    expect(await output.deliver(batchOf(['{}']), neverAborts())).toEqual({ status: 'delivered' });
    expect(await output.deliver(batchOf(['{}']), neverAborts())).toEqual({ status: 'delivered' });
    expect(accepted).toEqual(['Bearer google-token-2', 'Bearer google-token-2']);
    expect(
      cloud.asked.filter(({ host }) => host === 'pubsub.googleapis.com').map(({ path }) => path),
    ).toEqual(Array(3).fill('/v1/projects/p/topics/falco:publish'));
    await output.stop?.(neverAborts());
  });

  it('are a denial where there are none', async () => {
    const metadata = createServer((_, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void metadata.close());
    vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${(metadata.address() as AddressInfo).port}`);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
    vi.stubEnv('HOME', '/nonexistent');
    const output = made(
      gcpPubsub,
      { project: 'p', topic: 'falco', url: 'http://127.0.0.1:9' },
      jsonTextMapper,
    );
    expect(await output.deliver(batchOf(['{}']), neverAborts())).toMatchObject({
      status: 'retry',
      denied: true,
    });
    await output.stop?.(neverAborts());
  });
});

it('keeps events while the server is away', async () => {
  const { server, deliver } = await setUp();
  await server.outage();
  expect((await deliver([numbered(1)])).status).toBe('retry');
  await server.restore();
  expect((await deliver([numbered(1)])).status).toBe('delivered');
  expect(server.published).toHaveLength(1);
});
