import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { realEvents } from '../support/corpus.ts';
import { drain } from '../support/drain.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';
import { describeWith } from './describe.ts';
import { download, listKeys, rawRows } from './lake-files.ts';
import { checkLake } from './python.ts';
import { createBucket, MINIO_KEYS, minioClient, startMinio } from './servers/minio.ts';
import type { Server } from './servers/server.ts';

/** What the provider role of a Security Lake source may do: put objects under its prefix, and nothing else. */
const PROVIDER_POLICY = (bucket: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucket}/ext/falco/*` }],
  });

describeWith({ programs: ['minio', '../venv/bin/python'] }, 'Security Lake on a real S3 server', () => {
  const events = realEvents();
  let minio: Server;
  let folder = '';
  let tiercel: Tiercel | undefined;
  let buckets = 0;

  beforeAll(async () => {
    minio = await startMinio();
    folder = await mkdtemp(join(tmpdir(), 'tiercel-lake-'));
  });
  afterEach(() => tiercel?.remove());
  afterAll(async () => {
    await minio?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const newBucket = async (): Promise<string> => {
    const bucket = `lake-${++buckets}`;
    await createBucket(minioClient(minio), bucket);
    return bucket;
  };
  const config = (bucket: string, more = ''): string => `
outputs:
  lake:
    type: aws_security_lake
    bucket: ${bucket}
    source: falco
    region: us-east-1
    account_id: "123456789012"
    endpoint: ${minio.url}
    force_path_style: true
    flush_on_stop: true
    timeout: 5s
    retry: { initial: 100ms, max: 1s }
    breaker: { initial: 100ms, max: 1s }
${more}`;
  const keys = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) => ({
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken && { AWS_SESSION_TOKEN: credentials.sessionToken }),
  });
  const postAll = async (target: Tiercel, texts: readonly string[]): Promise<void> => {
    const queue = [...texts];
    const client = async (): Promise<void> => {
      for (let text = queue.pop(); text !== undefined; text = queue.pop()) {
        expect((await target.post('/', text)).status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
  };
  /** Every event is in the bucket once, unchanged, under rules that pyarrow checked. */
  const expectLake = async (bucket: string, sent: readonly string[]): Promise<void> => {
    const copy = join(folder, bucket);
    await download(minioClient(minio), bucket, copy);
    expect(await checkLake(copy)).toEqual([]);
    expect(await rawRows(copy)).toEqual([...sent].sort());
  };

  it('holds every event once, in its own day, with its bytes unchanged', async () => {
    const bucket = await newBucket();
    tiercel = await startTiercel({ config: config(bucket), env: keys(MINIO_KEYS) });
    await postAll(tiercel, events);
    expect((await tiercel.stop(60_000)).code).toBe(0);
    await expectLake(bucket, events);
  });

  it('needs no right but PutObject under its prefix', async () => {
    const bucket = await newBucket();
    const sts = new STSClient({ endpoint: minio.url, region: 'us-east-1', credentials: MINIO_KEYS });
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: 'arn:minio:iam:::role/provider',
        RoleSessionName: 'provider',
        Policy: PROVIDER_POLICY(bucket),
      }),
    );
    const provider = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken,
    };
    await expect(listKeys(minioClient(minio, provider), bucket)).rejects.toThrow(/Access Denied/i);
    tiercel = await startTiercel({ config: config(bucket), env: keys(provider) });
    await postAll(tiercel, events.slice(0, 50));
    expect((await tiercel.stop(60_000)).code).toBe(0);
    await expectLake(bucket, events.slice(0, 50));
  });

  it('assumes a role itself', async () => {
    const bucket = await newBucket();
    const role = `    assume_role: { role_arn: "arn:aws:iam::123456789012:role/provider", external_id: falco-external, sts_endpoint: "${minio.url}" }\n`;
    tiercel = await startTiercel({ config: config(bucket, role), env: keys(MINIO_KEYS) });
    await postAll(tiercel, events.slice(0, 50));
    expect((await tiercel.stop(60_000)).code).toBe(0);
    await expectLake(bucket, events.slice(0, 50));
  });

  it('loses nothing and writes nothing twice through an outage and kill -9', async () => {
    const bucket = await newBucket();
    // Some batches are full before the first kill, with the few sample events too.
    const full = Math.min(100, Math.floor(events.length / 6));
    tiercel = await startTiercel({
      config: config(bucket, `    batch: { events: ${full} }\n`),
      env: keys(MINIO_KEYS),
    });
    const third = Math.ceil(events.length / 3);
    await postAll(tiercel, events.slice(0, third));
    await minio.outage();
    await postAll(tiercel, events.slice(third, 2 * third));
    await tiercel.kill();
    await tiercel.start();
    await minio.restore();
    await postAll(tiercel, events.slice(2 * third));
    await tiercel.kill();
    await tiercel.start();
    await until('the first objects', async () => (await listKeys(minioClient(minio), bucket)).length > 0);
    await tiercel.kill();
    await tiercel.start();
    expect((await drain(tiercel, 'lake')).map(({ code }) => code)).not.toContain(1);
    await expectLake(bucket, events);
  });

  it('waits, and says why, while the keys are wrong', async () => {
    const bucket = await newBucket();
    const wrong = { ...MINIO_KEYS, secretAccessKey: 'not-the-secret-at-all' };
    tiercel = await startTiercel({ config: config(bucket), env: keys(wrong) });
    await postAll(tiercel, events.slice(0, 10));
    await tiercel.stop(60_000);
    expect(await listKeys(minioClient(minio), bucket)).toEqual([]);
    expect(tiercel.output()).toMatch(/secret_access_key/);

    // The keys are mended; the events are still there.
    await tiercel.start(keys(MINIO_KEYS));
    expect((await tiercel.stop(60_000)).code).toBe(0);
    await expectLake(bucket, events.slice(0, 10));
  });
});
