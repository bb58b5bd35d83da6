import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpClient } from '../../../../../core/sdk/http/client.ts';
import { describeExpiry } from '../../../../../core/sdk/http/reach.ts';
import {
  type Finding,
  type HttpCheck,
  type HttpOptions,
  probeHttp,
  reach,
} from '../../../../../core/sdk/index.ts';
import { startForwardProxy, startSilentServer } from '../../../../support/forward-proxy.ts';
import { freePort } from '../../../../support/port.ts';
import { startTlsServer, tlsFile } from '../../../../support/tls-servers.ts';
import { until } from '../../../../support/until.ts';

const never = () => new AbortController().signal;
const CA = { ca: tlsFile('ca.crt') };

async function probe(url: string | HttpCheck, options: HttpOptions = {}, signal = never()) {
  const http = httpClient(options, { configDir: tmpdir() });
  onTestFinished(() => http.close());
  const found: Finding[] = [];
  for await (const finding of probeHttp(http, url, signal)) found.push(finding);
  return found;
}

const short = (found: readonly Finding[]) => found.map(({ what, status }) => `${what} ${status}`);

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function secure(...given: Parameters<typeof startTlsServer>): Promise<string> {
  const server = await startTlsServer(...given);
  onTestFinished(() => server.close());
  return `https://localhost:${server.port}`;
}

describe('probeHttp', () => {
  it('looks at name, connection, TLS and request, and sends nothing but a HEAD with the credentials', async () => {
    const seen: string[] = [];
    const url = await secure('server', (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['x-key']}`);
      response.writeHead(405).end();
    });
    const found = await probe(`${url}/hook?a=1`, { tls: CA, headers: { 'x-key': 'sesame-sesame' } });
    expect(short(found)).toEqual(['name ok', 'connection ok', 'TLS ok', 'request ok']);
    expect(found[1]!.line).toMatch(/^127\.0\.0\.1:\d+ accepts connections$/);
    expect(found[2]!.line).toMatch(
      /^TLSv1\.3, certificate of "server" by "Tiercel test authority", valid until 2125-01-01$/,
    );
    expect(seen).toEqual(['HEAD /hook?a=1 sesame-sesame']);
    expect(JSON.stringify(found)).not.toContain('sesame');
  });

  it.each<[number, Finding['status'], RegExp]>([
    [204, 'ok', /answered 204 to HEAD$/],
    [302, 'warning', /redirects/],
    [400, 'ok', /speaks HTTP/],
    [401, 'failed', /check auth, headers/],
    [403, 'failed', /may not do this/],
    [404, 'ok', /check the path/],
    [405, 'ok', /speaks HTTP/],
    [407, 'failed', /address of the proxy/],
    [429, 'warning', /limits the rate/],
    [500, 'warning', /has an error/],
    [501, 'ok', /speaks HTTP/],
    [503, 'failed', /not available/],
  ])('takes the answer %i for %s', async (status, expected, line) => {
    const url = await serving((_, response) => response.writeHead(status).end());
    const found = await probe(url);
    expect(short(found)).toEqual(['connection ok', `request ${expected}`]);
    expect(found[1]!.line).toMatch(line);
  });

  it.each<[number, Finding['status'], RegExp]>([
    [204, 'ok', /answered 204 to GET$/],
    [401, 'failed', /answered 401 .*out of .*: the credentials are missing/],
    [403, 'not_checked', /may not ask this/],
    [404, 'failed', /answered 404 .*out of order at \*\*\*/],
    [405, 'failed', /answered 405/],
    [500, 'failed', /answered 500/],
  ])('takes nothing but 2xx where the request is known, not %i', async (status, expected, line) => {
    const url = await serving((request, response) => {
      response.writeHead(status);
      response.end(status === 204 ? '' : `out of order at ${request.url}`);
    });
    const found = await probe({ url: `${url}/a-secret-token` });
    expect(short(found)).toEqual(['connection ok', `request ${expected}`]);
    expect(found[1]!.line).toMatch(line);
    expect(found[1]!.line).not.toContain('a-secret-token');
  });

  it('warns of a clock that is not that of the server', async () => {
    const url = await serving((_, response) => {
      response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
      response.end();
    });
    const found = await probe(url);
    expect(short(found)).toEqual(['connection ok', 'request ok', 'clock warning']);
    expect(found[2]!.line).toMatch(/60 min ahead of that of the server/);
  });

  it.each<['server' | 'expired' | 'foreign', HttpOptions, RegExp]>([
    ['server', {}, /not signed by a trusted authority; give that authority as tls\.ca/],
    ['foreign', { tls: CA }, /not signed by a trusted authority/],
    [
      'expired',
      { tls: CA },
      /certificate of "client" .*the server's certificate expired on 2020-01-02: renew it \(CERT_HAS_EXPIRED\)/,
    ],
    ['server', { tls: { ca: tlsFile('absent.crt') } }, /tls\.ca: ENOENT/],
  ])('ends at TLS with the certificate %s and %j', async (name, options, line) => {
    let requests = 0;
    const url = await secure(name, () => requests++);
    const found = await probe(url, options);
    expect(short(found)).toEqual(['name ok', 'connection ok', 'TLS failed']);
    expect(found[2]!.line).toMatch(line);
    expect(requests).toBe(0);
  });

  it('refuses a certificate for another name, and warns where nothing is verified', async () => {
    const listening = await startTlsServer('server');
    onTestFinished(() => listening.close());
    const proxy = await startForwardProxy(listening.port);
    onTestFinished(() => proxy.close());
    const other = await probe('https://hooks.example.com/', { tls: CA, proxy: proxy.url });
    expect(short(other)).toEqual(['connection ok', 'TLS failed']);
    expect(other[1]!.line).toMatch(/is for another host name/);
    const insecure = await probe(await secure('server'), { tls: { insecure: true } });
    expect(short(insecure)).toEqual(['name ok', 'connection ok', 'TLS warning', 'request ok']);
    expect(insecure[2]!.line).toMatch(/not verified \(tls\.insecure\)/);
  });

  it('says that a server does not speak TLS', async () => {
    const url = (await serving((_, response) => response.end())).replace('http:', 'https:');
    const found = await probe(url);
    expect(found.at(-1)).toMatchObject({ status: 'failed', what: 'TLS' });
    expect(found.at(-1)!.line).toMatch(/does not speak TLS at this port/);
  });

  it('says that nothing listens, and that a name does not exist', async () => {
    const found = await probe(`http://127.0.0.1:${await freePort()}/`);
    expect(short(found)).toEqual(['connection failed']);
    expect(found[0]!.line).toMatch(/ECONNREFUSED: nothing listens there: check host and port/);
    // Without a DNS server the code is another one.
    const unknown = await probe('http://no-such-host.invalid/');
    expect(short(unknown)).toEqual(['name failed']);
    expect(unknown[0]!.line).toMatch(/no-such-host\.invalid: .*check the/);
  });

  it('goes through the proxy, and names it where it is at fault', async () => {
    const server = await startTlsServer('server');
    onTestFinished(() => server.close());
    const proxy = await startForwardProxy(server.port);
    onTestFinished(() => proxy.close());
    const found = await probe(`https://localhost:${server.port}/`, { tls: CA, proxy: proxy.url });
    expect(short(found)).toEqual(['connection ok', 'TLS ok', 'request ok']);
    expect(found[0]!.line).toBe(`the proxy ${proxy.host} accepts connections`);
    expect(found[2]!.line).toContain(`through the proxy ${proxy.host}`);
    expect(proxy.asked).toEqual(Array(2).fill(`CONNECT localhost:${server.port}`));
    const plain = await probe('http://hooks.example.com/', { proxy: proxy.url });
    expect(short(plain)).toEqual(['connection ok', 'request failed']);
    expect(plain[1]!.line).toMatch(/answered 503 .* through the proxy .*, which may have answered itself/);
    const dead = await probe('http://hooks.example.com/', { proxy: `http://127.0.0.1:${await freePort()}` });
    expect(short(dead)).toEqual(['connection failed']);
    expect(dead[0]!.line).toMatch(/^the proxy 127\.0\.0\.1:\d+: ECONNREFUSED/);
    expect(JSON.stringify([found, plain, dead])).not.toContain('sesame');
  });

  it('says that a proxy refuses the tunnel', async () => {
    const refusing = createServer();
    refusing.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void refusing.close());
    const proxy = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const found = await probe('https://hooks.example.com/', { proxy });
    expect(short(found)).toEqual(['connection ok', 'proxy failed']);
    expect(found[1]!.line).toMatch(/answered 403 to CONNECT hooks\.example\.com:443: allow the destination/);
  });

  it('ends at the abort and says which step did not', async () => {
    const server = await startSilentServer();
    onTestFinished(() => server.close());
    for (const [scheme, line] of [
      ['http', /does not answer in time/],
      ['https', /no answer: a firewall/],
    ] as const) {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 50);
      const found = await probe(`${scheme}://127.0.0.1:${server.port}/`, {}, abort.signal);
      expect(found.at(-1)).toMatchObject({ status: 'failed', line: expect.stringMatching(line) });
    }
    await until('the connections to be closed', () => server.open() === 0);
  });
});

describe('reach', () => {
  it('says that nobody can check UDP', async () => {
    const found: Finding[] = [];
    const steps = reach({ host: '127.0.0.1', port: 514, protocol: 'udp' }, never());
    for await (const finding of steps) found.push(finding);
    expect(short(found)).toEqual(['connection not_checked']);
  });
});

describe('describeExpiry', () => {
  const now = Date.UTC(2026, 0, 1);
  const day = 24 * 60 * 60 * 1000;
  it.each([
    [now - day, 'failed', 'expired on 2025-12-31: renew it'],
    [now, 'failed', 'expired on 2026-01-01: renew it'],
    [now + 1, 'warning', 'valid until 2026-01-01, less than a day from now: renew it'],
    [now + day, 'warning', 'valid until 2026-01-02, 1 day from now: renew it'],
    [now + 30 * day - 1, 'warning', 'valid until 2026-01-30, 29 days from now: renew it'],
    [now + 30 * day, 'ok', 'valid until 2026-01-31'],
  ])('%#', (until, status, line) => {
    expect(describeExpiry(until, now)).toEqual({ status, line });
  });
});
