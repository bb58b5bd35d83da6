import { describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../../../../../core/sdk/index.ts';
import { Type } from '../../../../../../core/sdk/index.ts';
import { s3Store } from '../../../../../../outputs/shared/lake/store/s3.ts';
import { s3Options } from '../../../../../../outputs/shared/lake/store/s3-client.ts';
import { decoded } from '../../../../../support/decoded.ts';
import type { Answer, Seen } from './fake-s3.ts';
import { fakeS3, s3Error, session, stsError } from './fake-s3.ts';

const CONTEXT = { configDir: '.' };
const KEY = 'ext/falco/region=eu-central-1/accountId=111122223333/eventDay=20261123/doctor.parquet';
const ROLE = 'arn:aws:iam::111122223333:role/provider';
const WHO = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`;

/** Every part of AWS that is asked; what a test does not answer is healthy. */
interface Aws {
  readonly who?: Answer;
  readonly role?: Answer;
  readonly head?: Answer;
  readonly put?: Answer;
}

async function diagnose(aws: Aws, options: object = {}, write = true) {
  const answer = ({ method, body }: Seen): Answer => {
    const form = body.toString();
    if (form.includes('GetCallerIdentity')) return aws.who ?? { status: 200, body: WHO };
    if (form.includes('AssumeRole')) return aws.role ?? session('AKIA1', 3_600_000);
    if (method === 'HEAD')
      return aws.head ?? { status: 200, headers: { 'x-amz-bucket-region': 'eu-central-1' } };
    return aws.put ?? s3Error(400, 'BadDigest');
  };
  const s3 = await fakeS3(answer);
  const store = s3Store(
    'lake',
    decoded(
      { options: Type.Object(s3Options) },
      {
        region: 'eu-central-1',
        endpoint: s3.endpoint,
        force_path_style: true,
        access_key_id: 'AKIA0',
        secret_access_key: 'not-a-real-secret',
        assume_role: { role_arn: ROLE, external_id: 'x', sts_endpoint: s3.endpoint },
        ...options,
      },
    ),
    CONTEXT,
  );
  onTestFinished(() => store.close());
  const found: Finding[] = [];
  for await (const finding of store.diagnose(KEY, write, new AbortController().signal)) found.push(finding);
  expect(s3.objects.size).toBe(0);
  return { found, requests: s3.requests, of: (what: string) => found.find((each) => each.what === what) };
}

describe('diagnose', () => {
  it('says who we are, what role we have, where the bucket is and that we may write', async () => {
    const { found, requests, of } = await diagnose({});
    expect(found.map(({ what, status }) => `${what} ${status}`)).toEqual([
      'identity ok',
      'role ok',
      'bucket ok',
      'write ok',
    ]);
    expect(of('identity')!.line).toBe('arn:aws:iam::111122223333:user/me');
    const put = requests.find(({ method }) => method === 'PUT')!;
    expect(decodeURIComponent(put.url.split('?')[0]!)).toBe(`/lake/${KEY}`);
    expect(put.headers['content-md5']).toBeDefined();
    expect(JSON.stringify(found)).not.toContain('not-a-real-secret');
  });

  it('does not try to write unless it is asked to', async () => {
    const { requests, of } = await diagnose({}, {}, false);
    expect(of('write')).toBeUndefined();
    expect(requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  it('goes on when a role may do nothing but write: a refusal is no failure', async () => {
    const head = { status: 403, headers: { 'x-amz-bucket-region': 'eu-central-1' } };
    const { found, of } = await diagnose({ who: stsError(403, 'AccessDenied'), head });
    expect(found.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(of('identity')!.line).toMatch(/GetCallerIdentity is denied, which writing does not need/);
    expect(of('bucket')!.line).toMatch(/is in eu-central-1; .* writing does not need/);
    const untried = await diagnose({ head }, {}, false);
    expect(untried.of('bucket')).toMatchObject({
      status: 'not_checked',
      line: expect.stringMatching(/--write/),
    });
  });

  it('asks nothing more without credentials, and says so once', async () => {
    const { found, requests } = await diagnose({ role: stsError(403, 'AccessDenied') });
    expect(found.map(({ what, status }) => `${what} ${status}`)).toEqual([
      'identity ok',
      'role failed',
      'bucket not_checked',
      'write not_checked',
    ]);
    expect(found.slice(2).map(({ line }) => line)).toEqual(
      Array(2).fill('not checked: there are no credentials'),
    );
    expect(requests.filter(({ url }) => url.startsWith('/lake'))).toEqual([]);
  });

  it('tells an STS that cannot be reached from an S3 that cannot', async () => {
    const assume_role = { role_arn: ROLE, sts_endpoint: 'http://127.0.0.1:9' };
    const { of } = await diagnose({}, { assume_role }, false);
    const what = /http:\/\/127\.0\.0\.1:9 refuses connections/;
    expect(of('identity')!.line).toMatch(what);
    expect(of('role')!.line).toMatch(what);
  });

  it.each<[string, Aws, string, RegExp]>([
    ['a wrong external id', { role: stsError(403, 'AccessDenied') }, 'role', /check external_id/],
    [
      'a bucket elsewhere',
      { head: { status: 301, headers: { 'x-amz-bucket-region': 'us-east-1' } } },
      'bucket',
      /us-east-1/,
    ],
    [
      'a bucket elsewhere that may not be looked at',
      { head: { status: 403, headers: { 'x-amz-bucket-region': 'us-east-1' } } },
      'bucket',
      /set region to us-east-1/,
    ],
    ['a missing bucket', { head: { status: 404 } }, 'bucket', /does not exist/],
    ['no permission to write', { put: s3Error(403, 'AccessDenied') }, 'write', /s3:PutObject/],
    ['a store that checks nothing', { put: { status: 200 } }, 'write', /checks nothing/],
  ])('finds %s', async (_, aws, what, line) => {
    const { of } = await diagnose(aws);
    expect(of(what)).toMatchObject({ status: 'failed', line: expect.stringMatching(line) });
  });

  it('takes an object that is there for permission to write: the condition is looked at after it', async () => {
    expect((await diagnose({ put: s3Error(412, 'PreconditionFailed') })).of('write')!.status).toBe('ok');
  });

  it('does not ask AWS who we are for a store that is not AWS', async () => {
    const { of, requests } = await diagnose({}, { assume_role: undefined });
    expect(of('identity')!.status).toBe('plan');
    expect(of('credentials')).toMatchObject({ status: 'ok', line: expect.stringContaining('AKIA…') });
    expect(requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});
