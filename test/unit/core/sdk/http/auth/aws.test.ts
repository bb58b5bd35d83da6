import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { signRequest } from '../../../../../../core/sdk/aws/sign.ts';
import { neverAborts } from '../../../../outputs/support.ts';
import { type Asked, startFakeCloud } from './fake-cloud.ts';

const KEY = { access_key_id: 'AKIAEXAMPLE', secret_access_key: 'the-secret-access-key' };
const ROLE = 'arn:aws:iam::111122223333:role/writer';

afterEach(() => vi.unstubAllEnvs());

/** AWS publishes these in the documentation of S3 ("Examples: Signature Calculations in AWS Signature Version 4"). */
describe('signRequest', () => {
  const identity = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const signing = { identity, region: 'us-east-1', service: 's3', at: new Date('2013-05-24T00:00:00Z') };
  const bucket = 'https://examplebucket.s3.amazonaws.com';

  it.each([
    [
      'GET',
      '/test.txt',
      { range: 'bytes=0-9' },
      undefined,
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    ['GET', '/?lifecycle', {}, undefined, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    [
      'GET',
      '/?max-keys=2&prefix=J',
      {},
      undefined,
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('signs %s %s as AWS does', async (method, path, headers, body, signature) => {
    const request = {
      method,
      url: new URL(bucket + path),
      headers,
      body: body === undefined ? body : Buffer.from(body),
    };
    const signed = await signRequest(request, signing);
    expect(signed.authorization).toContain(`Signature=${signature}`);
    expect(signed['x-amz-date']).toBe('20130524T000000Z');
    expect(signed).not.toHaveProperty('host');
  });

  it('signs any path and query so that a service that follows the rules finds the same signature', async () => {
    const segment = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', '-', '_', '~', '%20', '%2F', '$', ':', '@', '=', '+', 'é'),
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(segment, { maxLength: 4 }),
        fc.array(fc.tuple(segment, segment), { maxLength: 4 }),
        fc.string(),
        async (path, query, body) => {
          const search = query.map(([name, value]) => `q${name}=${value}`).join('&');
          const url = new URL(
            `https://search.eu-west-1.es.amazonaws.com/${path.map((one) => `p${one}`).join('/')}?${search}`,
          );
          const request = {
            method: 'POST',
            url,
            headers: { 'content-type': 'application/json' },
            body: Buffer.from(body),
          };
          const signed = await signRequest(request, { ...signing, region: 'eu-west-1', service: 'es' });
          expect(signed.authorization).toBe(
            authorizationOf(
              { ...request, headers: { ...request.headers, ...signed } },
              identity,
              'eu-west-1',
              'es',
            ),
          );
        },
      ),
    );
  });
});

/** The signature by the rules of the documentation, written once more, without a library. */
function authorizationOf(
  request: { method: string; url: URL; headers: Record<string, string>; body: Buffer },
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
  region: string,
  service: string,
): string {
  const encoded = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const { method, url, body } = request;
  const { authorization: _, ...headers } = { ...request.headers, host: url.host } as Record<string, string>;
  const names = Object.keys(headers).sort();
  const order = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  const query = [...url.searchParams]
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map((pair) => pair.join('='));
  const canonical = [
    method,
    url.pathname.split('/').map(encoded).join('/'),
    query.join('&'),
    ...names.map((name) => `${name}:${headers[name]!.trim()}`),
    '',
    names.join(';'),
    hash(body),
  ].join('\n');
  const at = headers['x-amz-date']!;
  const scope = `${at.slice(0, 8)}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', at, scope, hash(canonical)].join('\n');
  const key = [region, service, 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(`AWS4${secretAccessKey}`, at.slice(0, 8)),
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}

describe('auth.aws', () => {
  it('signs the request that is sent, with the static key', async () => {
    const cloud = await startFakeCloud(
      [],
      () => ({ aws: { region: 'eu-west-1', service: 'es', ...KEY } }),
      () => {},
    );
    expect(await cloud.http.post('/_bulk?a=1', '{"n":1}', neverAborts())).toEqual({ status: 'delivered' });
    const [{ headers, path, body }] = cloud.delivered() as [Asked];
    expect(path).toBe('/in/_bulk?a=1');
    expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'));
    const names = /SignedHeaders=([^,]+)/.exec(headers.authorization!)![1]!.split(';');
    expect(names).toEqual(['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date']);
    const identity = { accessKeyId: KEY.access_key_id, secretAccessKey: KEY.secret_access_key };
    const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
    expect(headers.authorization).toBe(
      authorizationOf(
        {
          method: 'POST',
          url: new URL(`https://api.example.com${path}`),
          headers: signed,
          body: Buffer.from(body),
        },
        identity,
        'eu-west-1',
        'es',
      ),
    );
  });

  it('assumes the role once, through the proxy, and signs with the session', async () => {
    const sts = 'sts.eu-west-1.amazonaws.com';
    const cloud = await startFakeCloud(
      [sts],
      () => ({
        aws: { region: 'eu-west-1', service: 'es', ...KEY, assume_role: { role_arn: ROLE } } as never,
      }),
      (_, response) => {
        response.setHeader('content-type', 'text/xml');
        response.end(
          `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>session-secret</SecretAccessKey><SessionToken>the-session-token</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        );
      },
    );
    const deliveries = await Promise.all([1, 2].map(() => cloud.http.post('', '{}', neverAborts())));
    expect(deliveries).toEqual([{ status: 'delivered' }, { status: 'delivered' }]);
    expect(cloud.asked.filter(({ host }) => host === sts)).toHaveLength(1);
    expect(cloud.proxy.asked).toContain(`CONNECT ${sts}:443`);
    for (const { headers } of cloud.delivered()) {
      expect(headers.authorization).toContain('Credential=ASIASESSION/');
      expect(headers['x-amz-security-token']).toBe('the-session-token');
    }
    expect(cloud.http.redact('session-secret the-session-token')).toBe('*** ***');
  });

  it('is denied when the role may not be assumed', async () => {
    const cloud = await startFakeCloud(
      ['sts.eu-west-1.amazonaws.com'],
      () => ({
        aws: { region: 'eu-west-1', service: 'es', ...KEY, assume_role: { role_arn: ROLE } } as never,
      }),
      (_, response) => {
        response.writeHead(403, { 'content-type': 'text/xml' });
        response.end(
          '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
        );
      },
    );
    expect(await cloud.http.post('', '{}', neverAborts())).toMatchObject({
      status: 'retry',
      denied: true,
      reason: expect.stringContaining(`auth.aws: not allowed to assume ${ROLE}`),
    });
    expect(cloud.delivered()).toEqual([]);
  });
});
