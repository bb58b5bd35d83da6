import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Type } from '../../../../../../core/sdk/index.ts';
import { s3Store } from '../../../../../../outputs/shared/lake/store/s3.ts';
import { s3Options } from '../../../../../../outputs/shared/lake/store/s3-client.ts';
import type { LocalFile } from '../../../../../../outputs/shared/lake/store/store.ts';
import { decoded } from '../../../../../support/decoded.ts';
import { scratch } from '../support.ts';
import type { Answer } from './fake-s3.ts';
import { fakeS3, s3Error, session, stsError } from './fake-s3.ts';

const S3 = { options: Type.Object(s3Options) };
const CONTEXT = { configDir: '.' };
const KEY = 'ext/falco/region=eu-central-1/accountId=111122223333/eventDay=20261123/b-1.parquet';
const ROLE = 'arn:aws:iam::111122223333:role/provider';
const never = new AbortController().signal;

function localFile(bytes = randomBytes(3_000_000)): LocalFile & { readonly bytes: Buffer } {
  const path = join(scratch(), 'file');
  writeFileSync(path, bytes);
  return { path, size: bytes.length, bytes };
}

function storeAt(endpoint: string, options: object = {}) {
  const store = s3Store(
    'lake',
    decoded(S3, {
      region: 'eu-central-1',
      endpoint,
      force_path_style: true,
      access_key_id: 'AKIA',
      secret_access_key: 'secret',
      ...options,
    }),
    CONTEXT,
  );
  onTestFinished(() => store.close());
  return store;
}

describe('s3Store', () => {
  it('puts a file with one request, signed over its bytes, and nothing a provider role may not do', async () => {
    const s3 = await fakeS3();
    const file = localFile();
    expect(await storeAt(s3.endpoint).put(KEY, file, { signal: never })).toEqual({
      status: 'delivered',
      bytes: file.size,
    });
    expect(s3.requests).toHaveLength(1);
    const { method, url, headers, body } = s3.requests[0]!;
    expect(method).toBe('PUT');
    expect(decodeURIComponent(url.split('?')[0]!)).toBe(`/lake/${KEY}`);
    expect(body.equals(file.bytes)).toBe(true);
    expect(headers).toMatchObject({
      'if-none-match': '*',
      'content-length': String(file.size),
      'content-type': 'application/vnd.apache.parquet',
    });
    // All of them: nothing that would ask for another permission (ACL, tags, encryption, storage class), no trailer.
    expect(Object.keys(headers).sort()).toEqual([
      'amz-sdk-invocation-id',
      'amz-sdk-request',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'expect',
      'host',
      'if-none-match',
      'user-agent',
      'x-amz-checksum-sha256',
      'x-amz-content-sha256',
      'x-amz-date',
      'x-amz-user-agent',
    ]);
    expect(headers['x-amz-checksum-sha256']).toBe(createHash('sha256').update(file.bytes).digest('base64'));
    expect(url.split('?')[1] ?? 'x-id=PutObject').toBe('x-id=PutObject');
  });

  it('takes an object that is there already for delivered', async () => {
    const s3 = await fakeS3();
    const store = storeAt(s3.endpoint);
    const file = localFile();
    await store.put(KEY, file, { signal: never });
    expect(await store.put(KEY, localFile(), { signal: never })).toMatchObject({ status: 'delivered' });
    expect([...s3.objects.values()][0]!.equals(file.bytes)).toBe(true);
  });

  it.each<[string, Answer, object]>([
    ['ConditionalRequestConflict', s3Error(409, 'ConditionalRequestConflict'), { reason: /tried again/ }],
    ['AccessDenied', s3Error(403, 'AccessDenied'), { reason: /s3:PutObject/, denied: true }],
    ['ExpiredToken', s3Error(400, 'ExpiredToken'), { reason: /expired/, denied: true }],
    ['InvalidAccessKeyId', s3Error(403, 'InvalidAccessKeyId'), { reason: /access_key_id/, denied: true }],
    [
      'SignatureDoesNotMatch',
      s3Error(403, 'SignatureDoesNotMatch'),
      { reason: /secret_access_key/, denied: true },
    ],
    ['NoSuchBucket', s3Error(404, 'NoSuchBucket'), { reason: /"lake" does not exist/ }],
    [
      'PermanentRedirect',
      s3Error(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'us-east-1' }),
      { reason: /is in us-east-1, not in eu-central-1/ },
    ],
    [
      'AuthorizationHeaderMalformed',
      s3Error(400, 'AuthorizationHeaderMalformed', '<Region>us-west-2</Region>'),
      { reason: /is in us-west-2/ },
    ],
    ['SlowDown', s3Error(503, 'SlowDown', '', { 'retry-after': '7' }), { reason: /busy/, after: 7000 }],
    ['InternalError', s3Error(500, 'InternalError'), { reason: /busy or failing/ }],
    ['RequestTimeTooSkewed', s3Error(403, 'RequestTimeTooSkewed'), { reason: /clock/ }],
    [
      'TemporaryRedirect',
      s3Error(307, 'TemporaryRedirect', '', {
        'x-amz-bucket-region': 'us-east-1',
        location: 'http://elsewhere/',
      }),
      { reason: /us-east-1/ },
    ],
    ['a 409 without a code', { status: 409 }, { reason: /conflict/ }],
    [
      'a 307 without a code',
      { status: 307, headers: { location: 'http://elsewhere/' } },
      { reason: /region/ },
    ],
    ['a 403 without a body', { status: 403 }, { reason: /s3:PutObject/, denied: true }],
    ['a page of a proxy', { status: 502, body: '<html>bad gateway</html>' }, { reason: /busy or failing/ }],
  ])(
    'answers %s with retry and what to do',
    async (_name, answer, { reason, ...rest }: { reason?: RegExp }) => {
      const s3 = await fakeS3(() => answer);
      const result = await storeAt(s3.endpoint).put(KEY, localFile(), { signal: never });
      expect(result).toMatchObject({ status: 'retry', reason: expect.stringMatching(reason!), ...rest });
      expect(s3.requests).toHaveLength(1);
    },
  );

  it('retries, and nothing is thrown past it, when the file is gone', async () => {
    const gone = { path: '/nowhere/file', size: 10, sha256: '00'.repeat(32) };
    // Nothing listens there either: the client gives up before the file is open, and nobody listens to the stream.
    const put = await storeAt('http://127.0.0.1:1').put(KEY, gone, { signal: AbortSignal.timeout(5000) });
    expect(put.status).toBe('retry');
  });

  it('retries after a connection reset, a server that is not there, and an abort', async () => {
    const s3 = await fakeS3((_seen, count) => (count === 1 ? 'reset' : 'hang'));
    const store = storeAt(s3.endpoint);
    expect(await store.put(KEY, localFile(), { signal: never })).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/cannot be reached/),
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    expect(await store.put(KEY, localFile(), { signal: stop.signal })).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/interrupted/),
    });
    expect(await storeAt('http://127.0.0.1:9').put(KEY, localFile(), { signal: never })).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/refuses connections/),
    });
  });

  it('assumes a role with external id and session name, keeps the session, and renews it before it ends', async () => {
    let sessions = 0;
    let lifetime = 3_600_000;
    const sts = await fakeS3(() => session(`ASIA${++sessions}`, lifetime));
    const s3 = await fakeS3();
    const assume_role = {
      role_arn: ROLE,
      external_id: 'ext-1',
      session_name: 'edge',
      sts_endpoint: sts.endpoint,
    };
    const store = storeAt(s3.endpoint, { assume_role });
    await store.put('a', localFile(), { signal: never });
    await store.put('b', localFile(), { signal: never });
    expect(sessions).toBe(1);
    expect(s3.requests.every(({ headers }) => headers.authorization!.includes('ASIA1'))).toBe(true);
    expect(s3.requests[0]!.headers['x-amz-security-token']).toBe('token-ASIA1');
    expect(sts.requests[0]!.headers.authorization).toContain('AKIA/');
    expect(Object.fromEntries(new URLSearchParams(String(sts.requests[0]!.body)))).toMatchObject({
      Action: 'AssumeRole',
      RoleArn: ROLE,
      ExternalId: 'ext-1',
      RoleSessionName: 'edge',
      DurationSeconds: '3600',
    });

    lifetime = 60_000;
    const short = storeAt(s3.endpoint, { assume_role });
    await short.put('c', localFile(), { signal: never });
    await short.put('d', localFile(), { signal: never });
    expect(sessions).toBeGreaterThan(2);
    const [c, d] = s3.requests.slice(-2).map(({ headers }) => headers['x-amz-security-token']);
    expect(d).not.toBe(c);
  });

  it.each<[string, Answer, RegExp]>([
    ['AccessDenied', stsError(403, 'AccessDenied'), /external_id.*trust policy/],
    ['ExpiredToken', stsError(400, 'ExpiredTokenException'), /cannot assume .*expired/],
    ['InvalidClientTokenId', stsError(403, 'InvalidClientTokenId'), /cannot assume .*access_key_id/],
  ])('says what is wrong when STS answers %s', async (_name, answer, reason) => {
    const sts = await fakeS3(() => answer);
    const s3 = await fakeS3();
    const store = storeAt(s3.endpoint, { assume_role: { role_arn: ROLE, sts_endpoint: sts.endpoint } });
    expect(await store.put(KEY, localFile(), { signal: never })).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(reason),
      denied: true,
    });
    await expect(store.check(never)).rejects.toThrow(reason);
    expect(s3.requests).toHaveLength(0);
  });

  it('checks without writing, and takes a refusal to list for what it is', async () => {
    let answer: Answer | undefined;
    const s3 = await fakeS3(() => answer);
    const store = storeAt(s3.endpoint);
    expect(await store.check(never)).toMatch(/answers/);
    answer = s3Error(403, 'AccessDenied');
    expect(await store.check(never)).toMatch(/may not list/);
    answer = s3Error(404, 'NoSuchBucket');
    await expect(store.check(never)).rejects.toThrow(/does not exist/);
    answer = s3Error(403, 'InvalidAccessKeyId');
    await expect(store.check(never)).rejects.toThrow(/access_key_id/);
    expect(s3.objects.size).toBe(0);
  });

  it('wants both halves of a static key', () => {
    const half = decoded(S3, { region: 'eu-central-1' });
    expect(() => s3Store('lake', { ...half, access_key_id: 'AKIA' }, CONTEXT)).toThrow(/go together/);
  });
});
