import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { httpClient } from '../../../../../core/sdk/http/client.ts';
import type { HttpOptions } from '../../../../../core/sdk/http/options.ts';
import { makeCertificates } from '../../../../support/certificates.ts';
import { misbehaving, neverAborts } from '../../../outputs/support.ts';

const context = { configDir: tmpdir() };

describe('httpClient.post', () => {
  it('sends JSON with its own headers, credentials and gzip', async () => {
    const server = await misbehaving();
    const http = httpClient(
      {
        headers: { 'X-Tenant': 'tenant-one' },
        auth: { basic: { username: 'ann', password: 'opensesame' } },
        gzip: true,
      },
      context,
    );
    expect(await http.post(`${server.url}/in`, '[1]', neverAborts(), { 'idempotency-key': 'b1' })).toEqual({
      status: 'delivered',
    });
    const [got] = server.received;
    expect(got).toMatchObject({ method: 'POST', path: '/in', body: '[1]' });
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'x-tenant': 'tenant-one',
      'idempotency-key': 'b1',
      authorization: `Basic ${Buffer.from('ann:opensesame').toString('base64')}`,
    });
    http.close();
    await server.stop();
  });

  it('keeps the connection, and survives its loss between two requests', async () => {
    const server = await misbehaving();
    const http = httpClient({}, context);
    for (let i = 0; i < 3; i++)
      expect((await http.post(server.url, 'x', neverAborts())).status).toBe('delivered');
    http.close();
    await server.stop();
  });

  it('names host and cause of a refused connection', async () => {
    const server = await misbehaving();
    await server.stop();
    const http = httpClient({}, context);
    expect(await http.post(server.url, '', neverAborts())).toEqual({
      status: 'retry',
      reason: `${new URL(server.url).host}: ECONNREFUSED: nothing listens there`,
    });
  });

  it('retries after a connection cut before and a connection cut inside the answer', async () => {
    const server = await misbehaving((_, response, count) => {
      if (count === 1) return response.socket?.destroy();
      response.writeHead(500, { 'content-length': '1000' });
      response.write('half an ans');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    const http = httpClient({}, context);
    expect(await http.post(server.url, '', neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/cut/),
    });
    expect(await http.post(server.url, '', neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/500.*half an ans/),
    });
    http.close();
    await server.stop();
  });

  it('settles soon after the abort while the server hangs', async () => {
    const server = await misbehaving(() => {});
    const http = httpClient({}, context);
    const abort = new AbortController();
    const pending = http.post(server.url, '', abort.signal);
    setTimeout(() => abort.abort(), 20);
    expect(await pending).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/no answer in time/),
    });
    http.close();
    await server.stop();
  });

  it('settles soon after the abort while the answer does not end', async () => {
    const abort = new AbortController();
    const server = await misbehaving((_, response) => {
      response.writeHead(503);
      response.write('x', () => setTimeout(() => abort.abort(), 50));
    });
    const http = httpClient({}, context);
    const pending = http.post(server.url, '', abort.signal);
    expect(await pending).toMatchObject({ status: 'retry', reason: expect.stringMatching(/503/) });
    http.close();
    await server.stop();
  });

  it('keeps every secret out of the reason, also one that the server echoes', async () => {
    const server = await misbehaving(({ path, headers }, response) => {
      response.writeHead(400);
      response.end(`no such hook: ${path} ${headers['x-api-key']} ${headers.authorization}`);
    });
    const http = httpClient(
      { auth: { bearer: { token: 'tok-123456' } }, headers: { 'x-api-key': 'key-987654' } },
      context,
    );
    const delivery = await http.post(
      `${server.url}/services/T000/SECRETSECRET?sig=signature`,
      '',
      neverAborts(),
    );
    expect(delivery).toEqual({
      status: 'rejected',
      reason: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 400 Bad Request: no such hook: /),
    });
    for (const secret of ['SECRETSECRET', 'signature', 'tok-123456', 'key-987654']) {
      expect(JSON.stringify(delivery)).not.toContain(secret);
    }
    http.close();
    await server.stop();
  });

  it('knows a secret again in every form in which a server may have it', async () => {
    const server = await misbehaving(({ path, headers }, response) => {
      const [, , token] = path.split('/');
      const credentials = headers.authorization?.replace('Basic ', '');
      const [user, password] = Buffer.from(credentials ?? '', 'base64')
        .toString()
        .split(':');
      response.writeHead(500);
      response.end(`token ${token}, credentials ${credentials}, user ${user}, password ${password}`);
    });
    const http = httpClient({}, context);
    const { host } = new URL(server.url);
    const url = `http://ann-smith:open%20sesame@${host}/hooks/T0KEN-T0KEN-T0KEN`;
    expect(await http.post(url, '', neverAborts())).toMatchObject({
      reason: `${host} answered 500 Internal Server Error: token ***, credentials ***, user ***, password ***`,
    });
    const odd = await http.post(`http://100%:zz@${host}/`, '', neverAborts());
    expect(odd).toMatchObject({ status: 'retry', reason: expect.stringContaining('500') });
    http.close();
    await server.stop();
  });

  it('refuses a header that cannot be sent, without showing it', () => {
    expect(() => httpClient({ headers: { 'x-token': 'sesame\n' } }, context)).toThrow(
      /^headers: "x-token" is not a header, or its value holds a line break or the like$/,
    );
    expect(() => httpClient({ headers: { 'x token': 'a' } }, context)).toThrow(/"x token" is not a header/);
  });

  it('does not follow redirects', async () => {
    const server = await misbehaving((_, response) => {
      response.writeHead(302, { location: '/elsewhere' });
      response.end();
    });
    const http = httpClient({ auth: { bearer: { token: 'tok-123456' } } }, context);
    expect(await http.post(server.url, '', neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/302.*redirects/),
    });
    expect(server.received).toHaveLength(1);
    http.close();
    await server.stop();
  });

  it('refuses options that contradict each other', () => {
    const auth = { header: { name: 'X-Key', value: 'b' } };
    expect(() => httpClient({ auth, headers: { 'x-key': 'a' } }, context)).toThrow(/x-key and auth cannot/);
    expect(() => httpClient({ auth, headers: { Authorization: 'a' } }, context)).toThrow(
      /cannot be combined/,
    );
    expect(() => httpClient({ auth: {} }, context)).toThrow(/no kind/);
    expect(() => httpClient({ tls: { cert: 'x' } }, context)).toThrow(/need each other/);
  });

  it('names the option of a certificate that cannot be read, and retries', async () => {
    const http = httpClient({ tls: { ca: 'absent.pem' } }, context);
    const delivery = await http.post('https://127.0.0.1:9/', '', neverAborts());
    expect(delivery).toMatchObject({ status: 'retry', reason: expect.stringMatching(/tls\.ca: ENOENT/) });
  });
});

describe('httpClient over TLS and a proxy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-tls-'));
  let server: Server;
  let proxy: Server;
  let url = '';
  let proxyUrl = '';
  const tunnels: (string | undefined)[] = [];

  beforeAll(async () => {
    makeCertificates(folder);
    const pem = (name: string) => readFileSync(join(folder, name));
    server = createHttps(
      { key: pem('server.key'), cert: pem('server.pem'), ca: pem('ca.pem'), requestCert: true },
      (request, response) => {
        request.resume();
        response.writeHead('authorized' in request.socket && request.socket.authorized ? 200 : 403);
        response.end();
      },
    );
    proxy = createHttp((request, response) => {
      tunnels.push(request.url);
      request.resume();
      response.end();
    });
    proxy.on('connect', (request, client) => {
      tunnels.push(`${request.url} ${request.headers['proxy-authorization']}`);
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
    for (const one of [server, proxy])
      await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
    proxyUrl = `http://ann:sesame@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  const withClient = { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' };

  it('trusts the authority given and shows the client certificate, from files beside the configuration', async () => {
    const http = httpClient({ tls: withClient }, { configDir: folder });
    expect(await http.post(url, '{}', neverAborts())).toEqual({ status: 'delivered' });
    http.close();
  });

  it('says that a client certificate is wanted', async () => {
    const http = httpClient({ tls: { ca: 'ca.pem' } }, { configDir: folder });
    expect(await http.post(url, '{}', neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/tls\.cert/),
    });
    http.close();
  });

  it('says what to do about an unknown authority, and goes on when told to', async () => {
    const strict = httpClient({}, { configDir: folder });
    expect(await strict.post(url, '{}', neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/tls\.ca/),
    });
    const lax = httpClient({ tls: { insecure: true } }, { configDir: folder });
    expect(await lax.post(url, '{}', neverAborts())).toMatchObject({
      reason: expect.stringMatching(/tls\.cert/),
    });
    lax.close();
  });

  it('reads a renewed certificate after a failure', async () => {
    writeFileSync(join(folder, 'rotating.pem'), readFileSync(join(folder, 'other.pem')));
    const http = httpClient({ tls: { ...withClient, ca: 'rotating.pem' } }, { configDir: folder });
    expect((await http.post(url, '{}', neverAborts())).status).toBe('retry');
    writeFileSync(join(folder, 'rotating.pem'), readFileSync(join(folder, 'ca.pem')));
    expect((await http.post(url, '{}', neverAborts())).status).toBe('delivered');
    http.close();
  });

  it('goes through a proxy with TLS end to end', async () => {
    const http = httpClient({ proxy: proxyUrl, tls: withClient }, { configDir: folder });
    expect(await http.post(url, '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(tunnels.pop()).toBe(`${new URL(url).host} Basic ${Buffer.from('ann:sesame').toString('base64')}`);
    http.close();
  });

  it('hands plain HTTP to the proxy with the whole address', async () => {
    const http = httpClient({ proxy: proxyUrl }, { configDir: folder });
    expect(await http.post('http://nowhere.invalid/in?a=1', '{}', neverAborts())).toEqual({
      status: 'delivered',
    });
    expect(tunnels.pop()).toBe('http://nowhere.invalid/in?a=1');
    http.close();
  });

  it.each([
    [407, {}, /^nowhere\.invalid: proxy 127\.0\.0\.1:\d+ answered 407 Proxy Authentication Required$/],
    [
      503,
      { 'x-squid-error': 'ERR_DNS_FAIL 0' },
      /^nowhere\.invalid: proxy 127\.0\.0\.1:\d+ answered 503 Service Unavailable$/,
    ],
    [
      405,
      {},
      /^nowhere\.invalid answered 405 Method Not Allowed; through the proxy 127\.0\.0\.1:\d+, which may have answered itself$/,
    ],
  ])('names the proxy that answers %i %j, also to a token request', async (status, headers, reason) => {
    const answering = createHttp((_, response) => response.writeHead(status, headers).end());
    await new Promise<void>((resolve) => answering.listen(0, '127.0.0.1', resolve));
    const proxy = `http://127.0.0.1:${(answering.address() as AddressInfo).port}`;
    const post = async (auth: Pick<HttpOptions, 'auth'>) => {
      const http = httpClient({ proxy, ...auth }, { configDir: folder });
      const delivery = await http.post('http://nowhere.invalid/in', '{}', neverAborts());
      http.close();
      return delivery.status === 'delivered' ? '' : delivery.reason;
    };
    expect(await post({})).toMatch(reason);
    const oauth2 = {
      token_url: 'http://login.invalid/oauth',
      client_id: 'tiercel',
      client_secret: 'there',
      client_authentication: 'header',
    } as const;
    const named =
      status === 405
        ? /^auth\.oauth2: login\.invalid answered 405; through the proxy 127/
        : /^auth\.oauth2: login\.invalid: proxy 127.*? answered/;
    expect(await post({ auth: { oauth2 } })).toMatch(named);
    answering.closeAllConnections();
    answering.close();
  });

  it('says that a server does not speak TLS, in the words of the doctor', async () => {
    const plain = createHttp((_, response) => response.end());
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    const http = httpClient({}, { configDir: folder });
    expect(await http.post(`https://127.0.0.1:${port}/`, '{}', neverAborts())).toMatchObject({
      reason: expect.stringMatching(
        /^127\.0\.0\.1:\d+: (ERR_SSL_\w+: )?the server does not speak TLS at this port: check the port, or connect without TLS \(http:\/\/\)$/,
      ),
    });
    http.close();
    plain.closeAllConnections();
    plain.close();
  });

  it('retries when the proxy cannot be reached, without its password in the reason', async () => {
    const http = httpClient({ proxy: 'http://ann:sesame@127.0.0.1:1' }, { configDir: folder });
    const delivery = await http.post('https://127.0.0.1:2/', '{}', neverAborts());
    expect(delivery).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/proxy 127\.0\.0\.1:1: .*ECONNREFUSED/),
    });
    expect(JSON.stringify(delivery)).not.toContain('sesame');
  });
});

describe('the secrets of a client', () => {
  it('leave its own words readable, and are not in what the server says', async () => {
    const server = await misbehaving((_, response) => {
      response.writeHead(401);
      response.end('Unauthorized: there is no user there');
    });
    const auth = { basic: { username: 'ann', password: 'there' } };
    const http = httpClient({ url: `${server.url}/a/b/Unauthorized`, auth }, { configDir: '/' });
    onTestFinished(() => http.close());
    const { host } = new URL(server.url);
    expect(await http.post('', '{}', neverAborts())).toMatchObject({
      reason: `${host} answered 401 Unauthorized: ***: *** is no user ***`,
    });
    await server.stop();
    expect(await http.post('', '{}', neverAborts())).toMatchObject({
      reason: `${host}: ECONNREFUSED: nothing listens there`,
    });
  });

  it('are not half shown where an answer is cut', async () => {
    const secret = 'a-secret-of-thirty-characters!';
    const server = await misbehaving((_, response) => {
      response.writeHead(500);
      response.end(`${'x'.repeat(285)}${secret}`);
    });
    const auth = { bearer: { token: secret } };
    const http = httpClient({ url: server.url, auth }, { configDir: '/' });
    onTestFinished(async () => {
      http.close();
      await server.stop();
    });
    expect(JSON.stringify(await http.post('', '{}', neverAborts()))).not.toContain('a-secret');
  });
});
