import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpClient } from '../../../../../../core/sdk/http/client.ts';
import type { HttpOptions } from '../../../../../../core/sdk/http/options.ts';
import { makeCertificates } from '../../../../../support/certificates.ts';
import { createFakeClock } from '../../../../../support/fake-clock.ts';
import { startForwardProxy } from '../../../../../support/forward-proxy.ts';
import { misbehaving, neverAborts, type Received } from '../../../../outputs/support.ts';

type Answer = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string };
type OAuth2 = NonNullable<NonNullable<HttpOptions['auth']>['oauth2']>;

const SECRET = 'the client/secret+1';

/** A token endpoint, a destination that takes what `isValid` accepts, and a client. */
async function setUp({
  token = (n) => ({ body: JSON.stringify({ access_token: `token-number-${n}`, expires_in: 3600 }) }),
  isValid = () => true,
  options = {},
}: {
  readonly token?: (count: number, request: Received) => Answer;
  readonly isValid?: (authorization: string) => boolean;
  readonly options?: Partial<OAuth2>;
} = {}) {
  const clock = createFakeClock();
  const endpoint = await misbehaving((request, response, count) => {
    const { status = 200, headers = {}, body = '' } = token(count, request);
    response.writeHead(status, headers);
    response.end(body);
  });
  const destination = await misbehaving(({ headers }, response) => {
    const given = headers.authorization ?? '';
    response.writeHead(isValid(given) ? 200 : 401);
    response.end(`you sent ${given}`);
  });
  const oauth2 = {
    token_url: `${endpoint.url}/token`,
    client_id: 'tiercel:1',
    client_secret: SECRET,
    client_authentication: 'header',
    ...options,
  } as const;
  const http = httpClient({ url: destination.url, auth: { oauth2 } }, { configDir: '/', clock });
  onTestFinished(async () => {
    http.close();
    await Promise.all([endpoint.stop(), destination.stop()]);
  });
  return { clock, endpoint, destination, http, post: () => http.post('', '{}', neverAborts()) };
}

const authorizations = (received: readonly Received[]) =>
  received.map(({ headers }) => headers.authorization);

describe('auth.oauth2', () => {
  it('asks for a token by the client credentials, in the header', async () => {
    const { endpoint, destination, post } = await setUp({
      options: { scopes: ['events.write', 'x'], audience: 'https://api', parameters: { resource: 'r&1' } },
    });
    expect(await post()).toEqual({ status: 'delivered' });
    expect(await post()).toEqual({ status: 'delivered' });
    expect(endpoint.received).toHaveLength(1);
    const [{ method, path, headers, body }] = endpoint.received as [Received];
    expect([method, path, headers['content-type'], headers.accept]).toEqual([
      'POST',
      '/token',
      'application/x-www-form-urlencoded',
      'application/json',
    ]);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'events.write x',
      audience: 'https://api',
      resource: 'r&1',
    });
    // RFC 6749, 2.3.1: form-encoded before they are joined.
    const credentials = Buffer.from(headers.authorization!.replace('Basic ', ''), 'base64').toString();
    expect(credentials).toBe('tiercel%3A1:the+client%2Fsecret%2B1');
    expect(authorizations(destination.received)).toEqual(['Bearer token-number-1', 'Bearer token-number-1']);
  });

  it('sends id and secret in the body where the server wants that', async () => {
    const { endpoint, post } = await setUp({ options: { client_authentication: 'body' } });
    expect(await post()).toEqual({ status: 'delivered' });
    expect(endpoint.received[0]?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(endpoint.received[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'tiercel:1',
      client_secret: SECRET,
    });
  });

  it('renews a token before it expires', async () => {
    const { clock, endpoint, destination, post } = await setUp();
    await post();
    await clock.advance(3_301_000);
    // This one still goes with the old token, and has the next one fetched.
    await post();
    await expect.poll(() => endpoint.received.length).toBe(2);
    await expect
      .poll(async () => (await post()) && authorizations(destination.received).at(-1))
      .toBe('Bearer token-number-2');
    expect(endpoint.received).toHaveLength(2);
  });

  it('sends a request again with a new token after a 401, once', async () => {
    const { endpoint, destination, post } = await setUp({ isValid: (given) => given.endsWith('-2') });
    expect(await post()).toEqual({ status: 'delivered' });
    expect(authorizations(destination.received)).toEqual(['Bearer token-number-1', 'Bearer token-number-2']);
    expect(destination.received.map(({ body }) => body)).toEqual(['{}', '{}']);
    expect(endpoint.received).toHaveLength(2);
  });

  it('is denied when the new token is refused, too, and shows neither', async () => {
    const { destination, post } = await setUp({ isValid: () => false });
    const delivery = await post();
    expect(delivery).toMatchObject({ status: 'retry', denied: true, reason: expect.stringContaining('401') });
    expect(destination.received).toHaveLength(2);
    expect(JSON.stringify(delivery)).not.toContain('token-number');
  });

  it('asks for one token for all requests that are refused at once', async () => {
    const { endpoint, post } = await setUp({ isValid: (given) => given.endsWith('-2') });
    const deliveries = await Promise.all(Array.from({ length: 16 }, post));
    expect(deliveries.every(({ status }) => status === 'delivered')).toBe(true);
    expect(endpoint.received).toHaveLength(2);
  });

  it('also lets an output that reads answers send again', async () => {
    const { http, destination } = await setUp({ isValid: (given) => given.endsWith('-2') });
    const response = await http.request('/status', { method: 'GET' }, neverAborts());
    expect([response.status, destination.received.length]).toEqual([200, 2]);
    const text = await response.text();
    expect(text).toBe('you sent Bearer token-number-2');
    expect(http.redact(text)).toBe('you sent Bearer ***');
  });

  it.each([
    [
      400,
      '{"error":"invalid_client","error_description":"no such client"}',
      'invalid_client: no such client',
    ],
    [401, '{"error":"invalid_client"}', '401 invalid_client'],
    [403, 'you may not', '403 you may not'],
  ])('is denied when the token endpoint answers %i', async (status, body, words) => {
    const { endpoint, destination, post } = await setUp({ token: () => ({ status, body }) });
    const delivery = await post();
    expect(delivery).toMatchObject({ status: 'retry', denied: true, reason: expect.stringContaining(words) });
    expect(delivery).toMatchObject({
      reason: expect.stringContaining(`auth.oauth2: ${new URL(endpoint.url).host}`),
    });
    expect(destination.received).toEqual([]);
  });

  it.each([
    [503, { 'retry-after': '7' }, { status: 'retry', after: 7_000 }],
    [500, {}, { status: 'retry' }],
    [404, {}, { status: 'retry' }],
  ] as const)('waits for a token endpoint that answers %i', async (status, headers, expected) => {
    const { post } = await setUp({ token: () => ({ status, headers: { ...headers } }) });
    const delivery = await post();
    expect(delivery).toMatchObject(expected);
    expect(delivery).not.toHaveProperty('denied');
  });

  it.each([
    ['<html>', 'without an access_token'],
    ['{}', 'without an access_token'],
    ['{"access_token":"two\\nlines"}', 'without an access_token'],
    ['{"access_token":"a","token_type":"mac"}', 'only Bearer is supported'],
  ])('waits when the answer is no token: %s', async (body, words) => {
    const { post } = await setUp({ token: () => ({ body }) });
    expect(await post()).toMatchObject({ status: 'retry', reason: expect.stringContaining(words) });
  });

  it('says that the token endpoint cannot be reached', async () => {
    const { endpoint, post } = await setUp();
    await endpoint.stop();
    expect(await post()).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(
        /^auth\.oauth2: 127\.0\.0\.1:\d+ gave no token: ECONNREFUSED: nothing listens there$/,
      ),
    });
  });

  it('goes on when the token endpoint is down for less than the token lives', async () => {
    const { clock, endpoint, post } = await setUp();
    await post();
    await endpoint.stop();
    await clock.advance(3_500_000);
    expect(await post()).toEqual({ status: 'delivered' });
    await clock.advance(100_000);
    expect(await post()).toMatchObject({ status: 'retry' });
  });

  it('shows no secret that the token endpoint repeats', async () => {
    const { post } = await setUp({
      token: (_, { headers, body }) => ({ status: 400, body: `${headers.authorization} ${body} ${SECRET}` }),
      options: { parameters: { assertion: 'assertion-12345' } },
    });
    const text = JSON.stringify(await post());
    for (const secret of [SECRET, 'secret', 'assertion-12345']) expect(text).not.toContain(secret);
    expect(text).toContain('***');
  });

  it('settles soon after the abort while the token endpoint hangs', async () => {
    const endpoint = await misbehaving(() => {});
    const oauth2 = {
      token_url: endpoint.url,
      client_id: 'a',
      client_secret: 'b',
      client_authentication: 'header',
    } as const;
    const http = httpClient({ auth: { oauth2 } }, { configDir: '/' });
    const abort = new AbortController();
    const pending = http.post('http://127.0.0.1:9/', '', abort.signal);
    await expect.poll(() => endpoint.received.length).toBe(1);
    abort.abort();
    expect(await pending).toMatchObject({ status: 'retry', reason: expect.stringContaining('in time') });
    http.close();
    await endpoint.stop();
  });

  it('asks through the proxy, and trusts the authorities, of the output', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tiercel-oauth2-'));
    makeCertificates(folder, ['DNS:login.example.com', 'DNS:api.example.com']);
    const pem = (name: string) => readFileSync(join(folder, name));
    const seen: string[] = [];
    const server = createServer({ key: pem('server.key'), cert: pem('server.pem') }, (request, response) => {
      seen.push(`${request.headers.host} ${request.headers.authorization}`);
      request.resume();
      response.end('{"access_token":"token-by-proxy"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = await startForwardProxy((server.address() as AddressInfo).port);
    const oauth2 = {
      token_url: 'https://login.example.com/token',
      client_id: 'a',
      client_secret: 'b',
      client_authentication: 'header',
    } as const;
    const http = httpClient(
      { url: 'https://api.example.com', proxy: proxy.url, tls: { ca: 'ca.pem' }, auth: { oauth2 } },
      { configDir: folder },
    );
    expect(await http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(proxy.asked).toEqual(['CONNECT login.example.com:443', 'CONNECT api.example.com:443']);
    expect(seen).toEqual(['login.example.com Basic YTpi', 'api.example.com Bearer token-by-proxy']);
    http.close();
    proxy.close();
    server.closeAllConnections();
    server.close();
  });
});
