import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../core/sdk/index.ts';
import { sampleEvents } from '../support/corpus.ts';
import { startTiercel } from '../support/process.ts';
import { describeWith } from './describe.ts';
import { listKeys } from './lake-files.ts';
import { createBucket, MINIO_KEYS, minioClient, startMinio } from './servers/minio.ts';
import type { Server } from './servers/server.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

describeWith({ programs: ['minio'] }, 'inspect and doctor on a real S3 server', () => {
  let minio: Server;
  let folder = '';

  beforeAll(async () => {
    minio = await startMinio();
    folder = await mkdtemp(join(tmpdir(), 'tiercel-tools-'));
  });
  afterAll(async () => {
    await minio?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs the program as an operator does. */
  const tiercel = (args: readonly string[], keys: Keys = MINIO_KEYS) => {
    const env = {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      ...(keys.sessionToken && { AWS_SESSION_TOKEN: keys.sessionToken }),
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stdout, stderr };
  };

  const output = (bucket: string) => `outputs:
  lake:
    type: aws_security_lake
    bucket: ${bucket}
    source: falco
    region: us-east-1
    account_id: "123456789012"
    endpoint: ${minio.url}
    force_path_style: true
    flush_on_stop: true
`;

  const doctor = async (bucket: string, keys?: Keys, write = true) => {
    const file = join(folder, `${bucket}.yaml`);
    await writeFile(file, `journal: { path: ./journal }\n${output(bucket)}`);
    const { status, stdout, stderr } = tiercel(
      ['doctor', '-c', file, '--json', ...(write ? ['--write'] : [])],
      keys,
    );
    expect(stderr).not.toMatch(/Error:/);
    const findings = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Finding);
    const of = (what: string) => findings.find((each) => each.what === what);
    return { status, of };
  };

  /** A session that may do nothing but put objects under a prefix. */
  const provider = async (bucket: string, prefix: string): Promise<Keys> => {
    const sts = new STSClient({ endpoint: minio.url, region: 'us-east-1', credentials: MINIO_KEYS });
    const resource = `arn:aws:s3:::${bucket}/${prefix}/*`;
    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: resource }],
    };
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: 'arn:minio:iam:::role/provider',
        RoleSessionName: 'provider',
        Policy: JSON.stringify(policy),
      }),
    );
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken,
    };
  };

  it('doctor finds a bucket ready, and leaves nothing in it', async () => {
    await createBucket(minioClient(minio), 'ready');
    const { status, of } = await doctor('ready');
    expect(of('bucket')).toMatchObject({ status: 'ok' });
    expect(of('write')).toMatchObject({ status: 'ok' });
    expect(of('key')!.line).toMatch(/ext\/falco\/region=us-east-1\/accountId=123456789012\/eventDay=\d{8}\//);
    expect(status).toBe(0);
    expect(await listKeys(minioClient(minio), 'ready')).toEqual([]);
  });

  it('doctor goes on where a role may do nothing but write, and finds one that may not', async () => {
    await createBucket(minioClient(minio), 'narrow');
    const good = await doctor('narrow', await provider('narrow', 'ext/falco'));
    expect(good.of('bucket')).toMatchObject({ status: 'ok' });
    expect(good.of('write')).toMatchObject({ status: 'ok' });
    expect(good.status).toBe(0);
    const other = await doctor('narrow', await provider('narrow', 'ext/other'));
    expect(other.of('write')).toMatchObject({
      status: 'failed',
      line: expect.stringMatching(/s3:PutObject/),
    });
    expect(other.status).toBe(1);
    expect(await listKeys(minioClient(minio), 'narrow')).toEqual([]);
  });

  it('doctor says in one line what is wrong', async () => {
    const absent = await doctor('not-there', undefined, false);
    expect(absent.of('bucket')).toMatchObject({
      status: 'failed',
      line: expect.stringMatching(/does not exist/),
    });
    expect(absent.of('write')).toBeUndefined();
    expect(absent.status).toBe(1);
    await createBucket(minioClient(minio), 'wrong-keys');
    const wrong = await doctor('wrong-keys', { ...MINIO_KEYS, secretAccessKey: 'not-the-secret' });
    expect(wrong.of('write')).toMatchObject({
      status: 'failed',
      line: expect.stringMatching(/secret_access_key/),
    });
  });

  it('inspect reads a bucket, keeps 0 for a lake that is right, and 1 for one that is not', async () => {
    await createBucket(minioClient(minio), 'inspected');
    const running = await startTiercel({
      config: output('inspected'),
      env: { AWS_ACCESS_KEY_ID: MINIO_KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: MINIO_KEYS.secretAccessKey },
    });
    for (const text of sampleEvents()) expect((await running.post('/', text)).status).toBe(200);
    await running.stop(60_000);
    await running.remove();
    const args = ['inspect', 's3://inspected/ext/falco/', '--endpoint', minio.url, '--path-style'];
    const right = tiercel(args);
    expect(right.stdout).toMatch(/2 files, 30 rows: all \d+ rules are kept/);
    expect(right.status).toBe(0);

    const [key] = await listKeys(minioClient(minio), 'inspected');
    const wrong = key!.replace('accountId', 'accountid');
    await minioClient(minio).send(
      new PutObjectCommand({ Bucket: 'inspected', Key: wrong, Body: 'no Parquet' }),
    );
    const broken = tiercel(args);
    expect(broken.status).toBe(1);
    expect(broken.stdout).toMatch(/BROKEN key: accountid= is spelt wrong/);
    expect(broken.stdout).toMatch(/BROKEN readable/);

    const denied = tiercel(args, await provider('inspected', 'ext/falco'));
    expect(denied.status).toBe(1);
    expect(denied.stderr).toMatch(/s3:ListBucket and s3:GetObject/);
  });
});
