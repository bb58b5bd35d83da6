import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { awsClientConfig, awsOptions } from '../../../../../core/sdk/aws/index.ts';
import { type Delivery, type HttpTimeouts, Type } from '../../../../../core/sdk/index.ts';
import sqs from '../../../../../outputs/aws-sqs.ts';
import { s3Options, s3Store } from '../../../../../outputs/shared/lake/index.ts';

import { makeCertificates } from '../../../../support/certificates.ts';
import { decoded } from '../../../../support/decoded.ts';
import {
  type ForwardProxy,
  startForwardProxy,
  startSilentServer,
} from '../../../../support/forward-proxy.ts';
import { until } from '../../../../support/until.ts';
import { batchOf, contextOf, jsonTextMapper, neverAborts } from '../../../outputs/support.ts';

const ROLE = { role_arn: 'arn:aws:iam::111122223333:role/falco' };
const KEY = { access_key_id: 'AKIA0', secret_access_key: 'not-a-real-secret-key' };
const LIMITS = { connect: 300, idle: 300 };
const SESSION =
  '<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>hidden</SecretAccessKey><SessionToken>t</SessionToken></Credentials>';

const NAMES = ['', 's3.', 'sso.'].map((service) => `DNS:*.${service}eu-west-1.amazonaws.com`);

const folder = mkdtempSync(join(tmpdir(), 'tiercel-aws-'));
/** AWS, all of it, with an authority of its own; it is reached through the proxy alone. */
let aws: Server;
let port = 0;
const sockets = new Set<object>();
const seen: string[] = [];
let proxy: ForwardProxy;

beforeAll(async () => {
  makeCertificates(folder, NAMES);
  const pem = (name: string) => readFileSync(join(folder, name));
  aws = createServer({ key: pem('server.key'), cert: pem('server.pem') }, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { host = '', authorization = '' } = request.headers;
      const key = /Credential=(\w+)/.exec(authorization)?.[1] ?? 'nobody';
      const action = /Action=(\w+)/.exec(body)?.[1] ?? request.method;
      seen.push(`${action} ${host.replace(/:\d+$/, '')} ${key}`);
      if (host.startsWith('sqs')) return response.end('{"Successful":[]}');
      if (host.startsWith('portal')) {
        const roleCredentials = { accessKeyId: 'ASIA', secretAccessKey: 'hidden', sessionToken: 't' };
        return response.end(JSON.stringify({ roleCredentials: { ...roleCredentials, expiration: 4e12 } }));
      }
      response.setHeader('content-type', 'text/xml');
      response.end(
        `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${SESSION}</${action}Result></${action}Response>`,
      );
    });
  });
  aws.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  port = (aws.address() as AddressInfo).port;
});

afterAll(() => {
  aws.closeAllConnections();
  aws.close();
});

beforeEach(async () => {
  seen.length = 0;
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toLowerCase(), '');
  }
  proxy = await startForwardProxy(port);
});

afterEach(() => {
  proxy.close();
  vi.unstubAllEnvs();
});

const options = (more: object = {}) => ({ region: 'eu-west-1', ...KEY, tls: { ca: 'ca.pem' }, ...more });
const AWS = { options: Type.Object(awsOptions) };

function queue(more: object = {}) {
  const queue_url = 'https://sqs.eu-west-1.amazonaws.com/123456789012/falco';
  const context = { ...contextOf<unknown>(jsonTextMapper), configDir: folder };
  const output = sqs.create(decoded(sqs, { queue_url, ...options(more) }), context);
  onTestFinished(() => output.stop?.(neverAborts()));
  return { output, deliver: (signal = neverAborts()) => output.deliver(batchOf<unknown>(['{}']), signal) };
}

function store(more: object = {}, timeouts?: HttpTimeouts, signal = neverAborts()) {
  const bucket = s3Store(
    'lake',
    decoded({ options: Type.Object(s3Options) }, options(more)),
    { configDir: folder },
    timeouts,
  );
  onTestFinished(() => bucket.close());
  const path = join(folder, 'file');
  writeFileSync(path, 'x'.repeat(3_000_000));
  return { bucket, put: () => bucket.put('a.parquet', { path, size: 3_000_000 }, { signal }) };
}

function reasonOf(delivery: Delivery): string {
  expect(delivery.status).toBe('retry');
  expect(JSON.stringify(delivery)).not.toContain('sesame');
  expect(JSON.stringify(delivery)).not.toContain(Buffer.from('ann:sesame').toString('base64'));
  return (delivery as { reason: string }).reason;
}

describe('clients of AWS go through the proxy', () => {
  it.each(['the option', 'HTTPS_PROXY'])('of %s: SQS, with its own authority', async (by) => {
    if (by === 'HTTPS_PROXY') vi.stubEnv(by, proxy.url);
    const { deliver, output } = queue(by === 'HTTPS_PROXY' ? {} : { proxy: proxy.url });
    expect(await deliver()).toEqual({ status: 'delivered' });
    expect(proxy.asked).toEqual(['CONNECT sqs.eu-west-1.amazonaws.com:443']);
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('ann:sesame').toString('base64')}`]);
    expect(seen).toEqual(['POST sqs.eu-west-1.amazonaws.com AKIA0']);
    expect(proxy.open()).toBe(1);
    await output.stop?.(neverAborts());
    await until('every socket is closed', () => proxy.open() === 0 && sockets.size === 0);
  });

  it('S3 of the lake, and STS for its role', async () => {
    const { bucket, put } = store({ proxy: proxy.url, assume_role: ROLE });
    expect(await put()).toEqual({ status: 'delivered', bytes: 3_000_000 });
    expect(proxy.asked).toEqual([
      'CONNECT sts.eu-west-1.amazonaws.com:443',
      'CONNECT lake.s3.eu-west-1.amazonaws.com:443',
    ]);
    expect(seen).toEqual([
      'AssumeRole sts.eu-west-1.amazonaws.com AKIA0',
      'PUT lake.s3.eu-west-1.amazonaws.com ASIA',
    ]);
    bucket.close();
    await until('every socket is closed', () => proxy.open() === 0 && sockets.size === 0);
  });

  it('what doctor asks', async () => {
    const { bucket } = store({ proxy: proxy.url, assume_role: ROLE });
    const found: string[] = [];
    for await (const { what, status } of bucket.diagnose('a', false, neverAborts()))
      found.push(`${what} ${status}`);
    expect(found).toEqual(['identity ok', 'role ok', 'bucket ok']);
    expect(proxy.asked).toContain('CONNECT sts.eu-west-1.amazonaws.com:443');
  });

  it('the clients that the SDK makes itself: a web identity, as on EKS', async () => {
    writeFileSync(join(folder, 'token'), 'a.b.c');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(folder, 'token'));
    vi.stubEnv('AWS_ROLE_ARN', ROLE.role_arn);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_PROFILE', '');
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    const bare = { region: 'eu-west-1', tls: { ca: 'ca.pem' }, proxy: proxy.url };
    const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
    const client = new STSClient(awsClientConfig(decoded(AWS, bare), { configDir: folder }));
    onTestFinished(() => client.destroy());
    await client.send(new GetCallerIdentityCommand({}));
    expect(seen).toEqual([
      'AssumeRoleWithWebIdentity sts.eu-west-1.amazonaws.com nobody',
      'GetCallerIdentity sts.eu-west-1.amazonaws.com ASIA',
    ]);
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT sts.eu-west-1.amazonaws.com:443']));
  });

  it('the clients that the SDK makes itself: an SSO profile', async () => {
    const start = 'https://example.awsapps.com/start';
    const cache = join(folder, '.aws', 'sso', 'cache');
    mkdirSync(cache, { recursive: true });
    const token = {
      accessToken: 'x',
      expiresAt: '2099-01-01T00:00:00Z',
      startUrl: start,
      region: 'eu-west-1',
    };
    const name = `${createHash('sha1').update(start).digest('hex')}.json`;
    writeFileSync(join(cache, name), JSON.stringify(token));
    const settings = `sso_start_url = ${start}\nsso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = falco`;
    writeFileSync(join(folder, '.aws', 'config'), `[profile sso]\n${settings}\n`);
    vi.stubEnv('HOME', folder);
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, '.aws', 'config'));
    const bare = { region: 'eu-west-1', tls: { ca: 'ca.pem' }, proxy: proxy.url, profile: 'sso' };
    const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
    const client = new STSClient(awsClientConfig(decoded(AWS, bare), { configDir: folder }));
    onTestFinished(() => client.destroy());
    await client.send(new GetCallerIdentityCommand({}));
    expect(proxy.asked).toEqual([
      'CONNECT portal.sso.eu-west-1.amazonaws.com:443',
      'CONNECT sts.eu-west-1.amazonaws.com:443',
    ]);
    expect(seen.at(-1)).toBe('GetCallerIdentity sts.eu-west-1.amazonaws.com ASIA');
  });

  it('but for what NO_PROXY names', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    const endpoint = `https://127.0.0.1:${port}`;
    // This machine is never reached through a proxy of the environment.
    expect(await store({ endpoint }).put()).toMatchObject({ status: 'delivered' });
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', '.invalid');
    expect(reasonOf(await queue({ endpoint: 'https://sqs.invalid' }).deliver())).toMatch(
      /cannot be resolved/,
    );
    expect(proxy.asked).toEqual([]);
  });

  it('a plain HTTP store too, and what that proxy answers shows no password', async () => {
    const { put } = store({ proxy: proxy.url, endpoint: 'http://minio.test:9000' });
    expect(reasonOf(await put())).toMatch(/minio\.test:9000 is busy or failing \(503/);
    expect(proxy.asked).toEqual(['PUT http://lake.minio.test:9000/a.parquet?x-id=PutObject']);
    const sent = await queue({ proxy: proxy.url, endpoint: 'http://sqs.test' }).deliver();
    reasonOf(sent);
  });
});

describe('clients of AWS end', () => {
  it('at a proxy that is gone, and say which', async () => {
    const gone = 'http://ann:sesame@127.0.0.1:1';
    for (const sent of [queue({ proxy: gone }).deliver(), store({ proxy: gone }).put()])
      expect(reasonOf(await sent)).toMatch(
        /in eu-west-1 cannot be reached \(proxy 127\.0\.0\.1:1: .*ECONNREFUSED.*\): check network, proxy and endpoint/,
      );
    const assumed = await store({ proxy: gone, assume_role: ROLE }).put();
    expect(reasonOf(assumed)).toMatch(/cannot assume .*: STS in eu-west-1 cannot be reached \(proxy 127/);
  });

  it.each(['https', 'http'])('at a proxy that hangs, %s behind it', async (scheme) => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.close());
    const hanging = `http://ann:sesame@127.0.0.1:${silent.port}`;
    const { bucket, put } = store({ proxy: hanging, endpoint: `${scheme}://minio.test` }, LIMITS);
    expect(reasonOf(await put())).toMatch(
      new RegExp(
        `cannot be reached \\(proxy 127\\.0\\.0\\.1:${silent.port}: .*0\\.3 s\\): check network, proxy`,
      ),
    );
    bucket.close();
    await until('every socket is closed', () => silent.open() === 0);
  });

  it.each(['https', 'http'])('at an endpoint that hangs: %s', async (scheme) => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.close());
    const endpoint = `${scheme}://127.0.0.1:${silent.port}`;
    const why = scheme === 'https' ? 'no connection within 0.3 s' : 'no answer or progress for 0.3 s';
    for (const more of [{ endpoint }, { endpoint, assume_role: { ...ROLE, sts_endpoint: endpoint } }])
      expect(reasonOf(await store(more, LIMITS).put())).toContain(
        `cannot be reached (${why}): check network, proxy and endpoint`,
      );
  });

  it('within a second of an abort, even while STS hangs', async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.close());
    const endpoint = `http://127.0.0.1:${silent.port}`;
    const more = { endpoint, assume_role: { ...ROLE, sts_endpoint: endpoint } };
    for (const deliver of [
      (signal: AbortSignal) => queue(more).deliver(signal),
      (signal: AbortSignal) => store(more, undefined, signal).put(),
    ]) {
      const abort = new AbortController();
      const sent = deliver(abort.signal);
      await until('STS is asked', () => silent.open() > 0);
      const started = Date.now();
      abort.abort();
      reasonOf(await sent);
      expect(Date.now() - started).toBeLessThan(1_000);
    }
  });

  it('at an authority that they do not know, with the option to set', async () => {
    const { deliver } = queue({ proxy: proxy.url, tls: {} });
    expect(reasonOf(await deliver())).toMatch(
      /not signed by a trusted authority; give that authority as tls\.ca/,
    );
  });
});
