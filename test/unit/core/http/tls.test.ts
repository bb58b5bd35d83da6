import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../../../core/http/app.ts';
import { listen } from '../../../../core/http/listeners.ts';
import { type RunningServer, startServer } from '../../../../core/http/server.ts';
import { hasValidClientCert, needsClientCert } from '../../../../core/http/tls.ts';
import { EVENT, setup } from './setup.ts';

const FIXTURES = '../../../fixtures/tls/';
const pem = (name: string) => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const ca = pem('ca.crt');
const server = { cert: pem('server.crt'), key: pem('server.key') };
const client = { cert: pem('client.crt'), key: pem('client.key') };
const untrusted = {
  expired: { cert: pem('expired.crt'), key: pem('expired.key') },
  foreign: { cert: pem('foreign.crt'), key: pem('foreign.key') },
};

let running: RunningServer | undefined;
afterEach(async () => {
  await running?.stop(AbortSignal.abort());
});

async function start(tls: typeof server & { clientCa?: string }, more: Partial<AppOptions> = {}) {
  const context = await setup({ app: more });
  const { app, maxBody, log, noteRefusal } = context;
  running = await startServer({
    fetch: app.fetch,
    at: { host: '127.0.0.1', port: 0 },
    maxConnections: 10,
    maxBody,
    noteRefusal,
    log,
    tls,
  });
  return { ...context, running };
}

function post(port: number, options: object): Promise<number | string> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, method: 'POST', path: '/', ca, ...options }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end(EVENT);
  });
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(port: number, { body, ...options }: RequestOptions & { body?: string }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, ca, agent: false, ...options }, async (answer) => {
      const chunks = await answer.toArray();
      const { statusCode: status, headers } = answer;
      resolve({ status, headers, body: Buffer.concat(chunks).toString() });
    });
    call.on('error', reject).end(body);
  });
}

/** Asks for what is not open to all, and keeps the session. */
function converse(port: number, options: ConnectionOptions): Promise<{ answer: string; session?: Buffer }> {
  return new Promise((resolve) => {
    let answer = '';
    let session: Buffer | undefined;
    const socket = connect({ host: '127.0.0.1', port, ca, ...options });
    socket.on('session', (given) => {
      session = given;
    });
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('error', (error) => {
      answer += error.message;
    });
    socket.on('close', () => resolve({ answer, ...(session && { session }) }));
    socket.write('GET /outputs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  });
}

it('serves TLS, 1.2 at the least', async () => {
  const { running: started, stored } = await start(server);
  expect(started.url).toBe(`https://127.0.0.1:${started.port}`);
  expect(await post(started.port, {})).toBe(200);
  expect(await post(started.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).toMatch(/PROTO|ERR|ECONN/);
  expect(await stored()).toEqual([EVENT]);
});

describe('with an authority of clients', () => {
  const mutual = { ...server, clientCa: ca };

  it('takes events of clients it signed for', async () => {
    const { running: started, stored } = await start(mutual);
    expect(await post(started.port, client)).toBe(200);
    expect(await stored()).toEqual([EVENT]);
  });

  it.each([
    ['without a certificate', {}, ''],
    ['whose certificate has expired', untrusted.expired, 'CERT_HAS_EXPIRED'],
    ['of another authority of the same name', untrusted.foreign, ''],
  ])('refuses a client %s everywhere but at health, and says why', async (_, who, why) => {
    const { running: started, counts } = await start(mutual);
    for (const path of ['/', '/events', '/test', '/metrics', '/outputs', '/nowhere']) {
      const answer = await ask(started.port, { ...who, path, method: 'POST', body: EVENT });
      expect(answer.status, path).toBe(403);
      expect(answer.headers.connection).toBe('close');
      const { error } = JSON.parse(answer.body);
      expect(error).toMatchObject({
        code: 'certificate_required',
        hint: expect.stringContaining('certificate'),
      });
      expect(error.reason).toContain(why);
    }
    for (const path of ['/healthz', '/readyz?verbose', '/ping'])
      expect((await ask(started.port, { ...who, path })).status, path).toBe(200);
    expect([counts.received, counts.unauthorized]).toEqual([0, 3]);
    expect((await ask(started.port, { ...who, path: '/' })).status).toBe(403);
    expect(counts.unauthorized).toBe(3);
  });

  it.each([
    '/healthz/',
    '//healthz',
    '/healthz/../metrics',
    '/%68ealthz',
    '/healthz#/../metrics',
    'http://x/ping',
  ])('lets nobody in by another way to write an open path: %s', async (path) => {
    const { running: started } = await start(mutual);
    expect((await ask(started.port, { path })).status).toBe(403);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('lets nobody in who resumes a session of %s', async (version) => {
    const { running: started } = await start(mutual);
    const resume = { minVersion: version, maxVersion: version };
    for (const renewed of [false, true]) {
      if (renewed) started.renewTls(mutual);
      const first = await converse(started.port, resume);
      expect(first.answer).toContain('403');
      expect((await converse(started.port, { ...resume, session: first.session })).answer).toContain('403');
    }
  });

  it('refuses who was signed for before the authority was replaced, though the session is older', async () => {
    const { running: started } = await start(mutual);
    const before = await converse(started.port, client);
    expect(before.answer).toContain('200');
    started.renewTls({ ...server, clientCa: untrusted.foreign.cert });
    const after = await converse(started.port, { ...client, session: before.session });
    expect(after.answer).toContain('403');
  });

  it('asks for credentials beside the certificate where both are configured', async () => {
    const { running: started } = await start(mutual, { auth: { bearer: ['t'] } });
    const authorization = 'Bearer t';
    expect((await ask(started.port, { path: '/outputs', headers: { authorization } })).status).toBe(403);
    expect((await ask(started.port, { path: '/outputs', ...client })).status).toBe(401);
    expect(
      (await ask(started.port, { path: '/outputs', ...client, headers: { authorization } })).status,
    ).toBe(200);
  });
});

it('takes a connection that does not say whether it is authorized for one that is not', () => {
  const admitted = (authorized: unknown) => hasValidClientCert({ socket: { authorized } } as never);
  for (const authorized of [undefined, false, 'yes', 1])
    expect(admitted(authorized), `${authorized}`).toBe(false);
  expect(admitted(true)).toBe(true);
});

it('asks for a certificate on every path but those of health, as they are sent', () => {
  const isNeeded = (url: string) => needsClientCert({ url } as never);
  for (const url of ['/', '/healthz/', '//healthz', '/Healthz', 'http://host/healthz', '/metrics?/healthz'])
    expect(isNeeded(url), url).toBe(true);
  for (const url of ['/healthz', '/readyz?verbose', '/ping']) expect(isNeeded(url), url).toBe(false);
});

it('uses renewed certificates for new connections', async () => {
  const { running: started } = await start(server);
  const shown = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: started.port, ca }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      }).on('error', reject);
    });
  expect(await shown()).toBe('server');
  started.renewTls(client);
  expect(await shown()).toBe('client');
});

it('does not wait at a stop for clients that have sent nothing but a handshake, or not even that', async () => {
  const { running: started } = await start(server);
  const silent = connect({ host: '127.0.0.1', port: started.port, ca }).on('error', () => {});
  const half = connectTcp(started.port, '127.0.0.1').on('error', () => {});
  await Promise.all([once(silent, 'secureConnect'), once(half, 'connect')]);
  const before = performance.now();
  await started.stop(new AbortController().signal);
  expect(performance.now() - before).toBeLessThan(5000);
});

it('cuts a handshake under way when patience ends', async () => {
  const { running: started } = await start(server);
  const half = connectTcp(started.port, '127.0.0.1').on('error', () => {});
  half.write(Buffer.from([0x16, 3, 1]));
  const closed = new Promise((resolve) => half.once('close', resolve));
  await once(half, 'connect');
  // By then it has read those bytes.
  expect(await post(started.port, {})).toBe(200);
  await Promise.all([closed, started.stop(AbortSignal.timeout(100))]);
});

it.each([
  ['cert', { cert: 'tls.test.ts' }, 'server.tls.cert (tls.test.ts) is no certificate in PEM'],
  ['key', { key: 'tls.test.ts' }, 'server.tls.key (tls.test.ts) is no private key in PEM'],
  ['pair', { key: `${FIXTURES}client.key` }, 'server.tls.key is not the key of server.tls.cert'],
  ['missing', { client_ca: 'nowhere.crt' }, 'server.tls.client_ca cannot be read'],
])('names the file that is wrong: %s', async (_, wrong, message) => {
  const tls = { cert: `${FIXTURES}server.crt`, key: `${FIXTURES}server.key`, ...wrong };
  const config = {
    server: { listen: '127.0.0.1:0', max_body: 1024, max_wait: 1000, tls },
    journal: { type: 'memory' as const, path: import.meta.dirname, group_access: false },
    dir: import.meta.dirname,
  };
  const handlers = {} as Parameters<typeof listen>[1];
  await expect(listen(config, handlers, (await setup()).log)).rejects.toThrow(message);
});
