import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerConfig } from '../../../../core/config/schema/server.ts';
import { type Handlers, listen } from '../../../../core/http/listeners.ts';
import type { RunningServer } from '../../../../core/http/server.ts';
import type { Operations } from '../../../../core/operations/operations.ts';
import { createTap } from '../../../../core/operations/tap.ts';
import { freePort } from '../../../support/port.ts';
import { EVENT, setup } from './setup.ts';

let directory: string;
let running: readonly RunningServer[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiercel-listen-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop(AbortSignal.abort())));
  rmSync(directory, { recursive: true, force: true });
});

const REASON = 'https://hooks.internal answered 403';

/** Real listeners over operations that count what is dropped. */
async function start(server: Partial<ServerConfig> = {}, journal: { path?: string; type?: 'memory' } = {}) {
  const { ingest, log, lines } = await setup();
  let dropped = 0;
  let refused = 0;
  const operations = {
    drop: async () => ++dropped,
    async *deadLetters() {},
    journal: async () => ({ state: 'ok' }),
  } as unknown as Operations;
  const output = { name: 'lake', state: 'open' as const, reason: REASON, since: 5 };
  const handlers: Handlers = {
    ingest,
    admin: {
      metrics: async () => ({ contentType: 'text/plain', text: 'tiercel_up 1\n' }),
      outputs: () => [{ ...output, type: 'webhook', pending: 0 }],
      operations,
      tap: createTap(),
    },
    readiness: () => ({ ready: true, reasons: [], outputs: [output] }),
    countRefused: (_, events) => {
      refused += events;
    },
  };
  const config = {
    server: { listen: '127.0.0.1:0', max_body: 1 << 20, max_wait: 1000, ...server },
    journal: { type: 'disk' as const, path: directory, group_access: false, ...journal },
    dir: directory,
  };
  running = await listen(config, handlers, log);
  return {
    lines,
    dropped: () => dropped,
    refused: () => refused,
    socket: join(config.journal.path, 'admin.sock'),
  };
}

const CHANGE = { 'x-tiercel-request': '1' };

function ask(
  where: string | number,
  path: string,
  options: RequestOptions = {},
): Promise<{ status: number; text: string }> {
  const at = typeof where === 'number' ? { host: '127.0.0.1', port: where } : { socketPath: where };
  return new Promise((resolve, reject) => {
    request({ ...at, path, agent: false, ...options }, async (answer: IncomingMessage) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ status: answer.statusCode ?? 0, text });
    })
      .on('error', reject)
      .end(options.method === 'POST' && path === '/' ? EVENT : undefined);
  });
}
const statusOf = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;

describe('the port of the events', () => {
  it('takes events and shows states, and has no operation', async () => {
    const { dropped } = await start();
    const { port } = running[0]!;
    expect(await statusOf(port, '/', { method: 'POST' })).toBe(200);
    for (const path of ['/ping', '/healthz', '/metrics']) expect(await statusOf(port, path)).toBe(200);
    for (const path of ['/readyz', '/outputs']) {
      const { status, text } = await ask(port, path);
      expect([status, text.includes('"state":"open"'), text.includes(REASON)]).toEqual([200, true, false]);
    }
    for (const path of ['/dead-letters', '/journal', '/tap']) expect(await statusOf(port, path)).toBe(404);
    expect(await statusOf(port, '/dead-letters?all=true', { method: 'DELETE', headers: CHANGE })).toBe(404);
    expect(dropped()).toBe(0);
  });

  it('has none behind a proxy of this machine that rewrites the Host, as nginx does', async () => {
    const { dropped } = await start();
    const { port } = running[0]!;
    const proxy = createServer((incoming, outgoing) => {
      const headers = { ...incoming.headers, host: `127.0.0.1:${port}`, connection: 'close' };
      const { url = '/', method = 'GET' } = incoming;
      incoming.pipe(
        request({ host: '127.0.0.1', port, path: url, method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(outgoing);
        }),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const at = (proxy.address() as AddressInfo).port;
      const headers = { ...CHANGE, host: 'tiercel.example' };
      expect(await statusOf(at, '/', { method: 'POST', headers })).toBe(200);
      expect(await statusOf(at, '/dead-letters?all=true', { method: 'DELETE', headers })).toBe(404);
      expect(await statusOf(at, '/dead-letters', { headers })).toBe(404);
      expect((await ask(at, '/readyz', { headers })).text).not.toContain(REASON);
      expect(dropped()).toBe(0);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('has none with credentials either, which every node has', async () => {
    const { dropped } = await start({ auth: { bearer_token: 'token' } });
    const headers = { ...CHANGE, authorization: 'Bearer token' };
    const { port } = running[0]!;
    expect(await statusOf(port, '/dead-letters?all=true', { method: 'DELETE', headers })).toBe(404);
    expect(dropped()).toBe(0);
    expect((await ask(port, '/outputs', { headers })).text).toContain(REASON);
    expect((await ask(port, '/readyz', { headers })).text).toContain(REASON);
    expect((await ask(port, '/readyz')).text).not.toContain(REASON);
  });
});

describe('the admin socket', () => {
  it('serves operators everything but events, without credentials and for its user only', async () => {
    const { dropped, socket } = await start({
      auth: { bearer_token: 'token' },
      tls: tlsOf(),
    });
    expect(running.map(({ url }) => url)).toEqual([expect.stringMatching(/^https:/), socket]);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    for (const path of ['/ping', '/healthz', '/metrics', '/journal', '/dead-letters'])
      expect([path, await statusOf(socket, path)]).toEqual([path, 200]);
    for (const path of ['/readyz', '/outputs']) expect((await ask(socket, path)).text).toContain(REASON);
    expect(await statusOf(socket, '/', { method: 'POST', headers: CHANGE })).toBe(404);
    const all = '/dead-letters?all=true';
    expect(await statusOf(socket, all, { method: 'DELETE' })).toBe(403);
    expect(await statusOf(socket, all, { method: 'DELETE', headers: CHANGE })).toBe(200);
    expect(dropped()).toBe(1);
    await Promise.all(running.map((server) => server.stop(AbortSignal.abort())));
    expect(existsSync(socket)).toBe(false);
  });

  it('is there with a journal in memory, too, whose folder it makes', async () => {
    const { socket } = await start({}, { type: 'memory', path: join(directory, 'new', 'state') });
    expect(await statusOf(socket, '/journal')).toBe(200);
    for (const folder of ['new', 'new/state'])
      expect([folder, statSync(join(directory, folder)).mode & 0o777]).toEqual([folder, 0o700]);
  });

  it('is done without where it cannot be made: the log says why and what to do', async () => {
    writeFileSync(join(directory, 'file'), '');
    const { lines } = await start({}, { path: join(directory, 'file') });
    expect(running).toHaveLength(1);
    expect(await statusOf(running[0]!.port, '/healthz')).toBe(200);
    expect(lines.join('')).toMatch(/no admin socket.*Set server.admin_listen and give them --url/);
  });
});

describe('admin_listen', () => {
  const all = '/dead-letters?all=true';

  it('serves operators at an address of their own', async () => {
    const port = await freePort();
    const { dropped } = await start({ admin_listen: `127.0.0.1:${port}` });
    expect(await statusOf(port, all, { method: 'DELETE', headers: CHANGE })).toBe(200);
    expect((await ask(port, '/outputs')).text).toContain(REASON);
    expect(await statusOf(port, '/', { method: 'POST', headers: CHANGE })).toBe(404);
    // Metrics and health stay where they were.
    expect(await statusOf(running[0]!.port, '/metrics')).toBe(200);
    expect(await statusOf(running[0]!.port, '/dead-letters')).toBe(404);
    // A page whose name was made to point here, and one that is open in a browser of this machine.
    for (const headers of [
      { host: `evil.example:${port}` },
      { origin: 'https://evil.example' },
      { origin: `http://localhost:${port + 1}` },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect(await statusOf(port, '/dead-letters', { headers })).toBe(403);
      expect(await statusOf(port, all, { method: 'DELETE', headers: { ...CHANGE, ...headers } })).toBe(403);
    }
    // What a browser asks before it sends the header to another origin.
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' };
    expect(await statusOf(port, all, { method: 'OPTIONS', headers: preflight })).toBe(403);
    expect(dropped()).toBe(1);
  });

  it('knows the names of admin_hosts', async () => {
    const port = await freePort();
    await start({ admin_listen: `127.0.0.1:${port}`, admin_hosts: ['tiercel.falco.svc'] });
    const headers = { host: `tiercel.falco.svc:${port}` };
    expect(await statusOf(port, '/dead-letters', { headers })).toBe(200);
    expect(await statusOf(port, '/dead-letters', { headers: { host: 'other.falco.svc' } })).toBe(403);
  });

  it('asks for admin_auth, and the credentials of the senders are not enough', async () => {
    const port = await freePort();
    const { dropped } = await start({
      admin_listen: `127.0.0.1:${port}`,
      auth: { bearer_token: 'node' },
      admin_auth: { bearer_token: 'operator' },
    });
    const by = (token: string) => ({ ...CHANGE, authorization: `Bearer ${token}` });
    expect(await statusOf(port, all, { method: 'DELETE', headers: CHANGE })).toBe(401);
    const refused = await ask(port, all, { method: 'DELETE', headers: by('node') });
    expect([refused.status, refused.text]).toEqual([401, expect.stringContaining('server.admin_auth')]);
    expect(dropped()).toBe(0);
    expect(await statusOf(port, all, { method: 'DELETE', headers: by('operator') })).toBe(200);
    const events = { method: 'POST', headers: by('operator') };
    expect(await statusOf(running[0]!.port, '/', events)).toBe(401);
    expect((await ask(port, '/readyz')).text).not.toContain(REASON);
  });

  it('falls back to auth', async () => {
    const port = await freePort();
    await start({ admin_listen: `127.0.0.1:${port}`, auth: { bearer_token: 'node' } });
    expect(await statusOf(port, '/journal')).toBe(401);
    expect(await statusOf(port, '/journal', { headers: { authorization: 'Bearer node' } })).toBe(200);
  });

  it('takes a few connections only, which leaves file descriptors to the rest', async () => {
    const port = await freePort();
    await start({ admin_listen: `127.0.0.1:${port}` });
    const sockets = Array.from({ length: 65 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    try {
      const closed = () => sockets.filter((socket) => socket.resume().closed).length;
      await expect.poll(closed).toBe(1);
      expect(await statusOf(running[0]!.port, '/', { method: 'POST' })).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it('refuses no events, because it takes none', async () => {
    const port = await freePort();
    const { refused } = await start({ admin_listen: `127.0.0.1:${port}`, auth: { bearer_token: 'token' } });
    expect(await statusOf(port, '/', { method: 'POST', headers: CHANGE })).toBe(401);
    expect(refused()).toBe(0);
    expect(await statusOf(running[0]!.port, '/', { method: 'POST' })).toBe(401);
    expect(refused()).toBe(1);
  });

  it('that is taken stops the start, and the listener of the events with it', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = await freePort();
    try {
      const { port: used } = taken.address() as AddressInfo;
      const starting = start({ listen: `127.0.0.1:${port}`, admin_listen: `127.0.0.1:${used}` });
      await expect(starting).rejects.toThrow('another process listens there');
      await expect(ask(port, '/ping')).rejects.toThrow('ECONNREFUSED');
      expect(existsSync(join(directory, 'admin.sock'))).toBe(false);
    } finally {
      taken.close();
    }
  });
});

function tlsOf(): { cert: string; key: string } {
  const path = (name: string) => new URL(`../../../fixtures/tls/${name}`, import.meta.url).pathname;
  expect(readFileSync(path('server.crt'), 'utf8')).toContain('CERTIFICATE');
  return { cert: path('server.crt'), key: path('server.key') };
}
