import { GetObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from './describe.ts';
import { startAlertmanager } from './servers/alertmanager.ts';
import { createBucket, minioClient, startMinio } from './servers/minio.ts';
import { MOTO_KEYS, startMoto } from './servers/moto.ts';
import { startNats, talk } from './servers/nats.ts';
import { startOpensearch } from './servers/opensearch.ts';
import type { Server } from './servers/server.ts';

/** Starts a server around a group's tests. */
function use(start: () => Promise<Server>): () => Server {
  let server: Server | undefined;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());
  return () => server as Server;
}

const postJson = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

describeWith({ programs: ['minio'] }, 'MinIO', () => {
  const server = use(startMinio);

  it('refuses to overwrite with If-None-Match and keeps objects through an outage', async () => {
    const client = minioClient(server());
    await createBucket(client, 'lake');
    const put = { Bucket: 'lake', Key: 'ext/falco/a', Body: 'first', IfNoneMatch: '*' };
    await client.send(new PutObjectCommand(put));
    const again = await client.send(new PutObjectCommand({ ...put, Body: 'second' })).catch((error) => error);
    expect(again).toBeInstanceOf(S3ServiceException);
    expect(again.$metadata.httpStatusCode).toBe(412);

    await server().outage();
    await expect(fetch(server().url)).rejects.toThrow();
    await server().restore();
    const object = await client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'ext/falco/a' }));
    expect(await object.Body?.transformToString()).toBe('first');
  });
});

describeWith({ programs: ['../venv/bin/moto_server'] }, 'moto', () => {
  const server = use(startMoto);
  const aws = () => ({ endpoint: server().url, region: 'us-east-1', credentials: MOTO_KEYS });

  it('hands out credentials for an assumed role', async () => {
    const sts = new STSClient(aws());
    const RoleArn = 'arn:aws:iam::123456789012:role/AmazonSecurityLake-Provider-falco-us-east-1';
    const answer = await sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'tiercel', ExternalId: 'external' }),
    );
    expect(answer.Credentials?.SessionToken).toBeTruthy();
    expect(answer.AssumedRoleUser?.Arn).toContain('/tiercel');
  });

  it('takes a batch of SQS messages', async () => {
    const call = async (action: string, body: unknown): Promise<Record<string, unknown>> => {
      const headers = {
        'x-amz-target': `AmazonSQS.${action}`,
        'content-type': 'application/x-amz-json-1.0',
        // moto reads the service from the scope of the signature, and checks no signature.
        authorization: 'AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/sqs/aws4_request',
      };
      const response = await postJson(server().url, body, headers);
      return (await response.json()) as Record<string, unknown>;
    };
    const { QueueUrl } = await call('CreateQueue', { QueueName: 'events' });
    const Entries = [0, 1].map((n) => ({ Id: String(n), MessageBody: `event ${n}` }));
    const sent = await call('SendMessageBatch', { QueueUrl, Entries });
    expect(sent.Successful).toHaveLength(2);
    const { Messages } = await call('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    expect((Messages as { Body: string }[]).map(({ Body }) => Body).sort()).toEqual(['event 0', 'event 1']);
  });
});

describeWith({ programs: ['nats-server'] }, 'nats-server', () => {
  const server = use(startNats);
  const info = 'CONNECT {"verbose":false,"echo":true}';
  const ask = (subject: string, json: unknown): string[] => {
    const text = JSON.stringify(json);
    return [info, 'SUB inbox 1', `PUB ${subject} inbox ${text.length}`, text];
  };

  it('acknowledges what JetStream stored, and has it after an outage', async () => {
    const made = await talk(
      server().url,
      ask('$JS.API.STREAM.CREATE.falco', { name: 'falco', subjects: ['falco.>'] }),
    );
    expect(made).toContain('"storage":"file"');
    expect(await talk(server().url, ask('falco.events', { rule: 'x' }))).toContain('"seq":1');
    await server().outage();
    await server().restore();
    const state = await talk(server().url, ask('$JS.API.STREAM.INFO.falco', {}));
    expect(state).toContain('"messages":1');
  });
});

describeWith({ programs: ['alertmanager'] }, 'Alertmanager', () => {
  const server = use(startAlertmanager);

  it('takes alerts and shows them', async () => {
    const alert = { labels: { alertname: 'Terminal shell in container', source: 'syscall' } };
    expect((await postJson(`${server().url}/api/v2/alerts`, [alert])).status).toBe(200);
    const shown = (await (await fetch(`${server().url}/api/v2/alerts`)).json()) as { labels: object }[];
    expect(shown.map(({ labels }) => labels)).toEqual([alert.labels]);
    expect((await postJson(`${server().url}/api/v2/alerts`, [{ labels: {} }])).status).toBe(400);
  });
});

describeWith({ programs: ['java', '../opensearch/opensearch-2.19.1.jar'] }, 'OpenSearch', () => {
  const server = use(startOpensearch);

  it('takes a bulk, fails by item, and has the rest after an outage', async () => {
    const lines = [
      { create: { _index: 'e', _id: '1' } },
      { n: 1 },
      { create: { _index: 'e', _id: '2' } },
      { n: 'x' },
    ];
    const response = await fetch(`${server().url}/_bulk?refresh=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
    });
    const { items } = (await response.json()) as { items: { create: { status: number } }[] };
    expect(items.map(({ create }) => create.status)).toEqual([201, 400]);
    await server().outage();
    await server().restore();
    const { count } = (await (await fetch(`${server().url}/e/_count`)).json()) as { count: number };
    expect(count).toBe(1);
  });
});
