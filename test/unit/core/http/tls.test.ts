import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { listen } from '../../../../core/http/listen.ts';
import { type RunningServer, startServer } from '../../../../core/http/server.ts';
import { EVENT, setup } from './setup.ts';

const FIXTURES = '../../../fixtures/tls/';
const pem = (name: string) => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const ca = pem('ca.crt');
const server = { cert: pem('server.crt'), key: pem('server.key') };
const client = { cert: pem('client.crt'), key: pem('client.key') };

let running: RunningServer | undefined;
afterEach(async () => {
  await running?.stop(AbortSignal.abort());
});

async function start(tls: typeof server & { clientCa?: string }) {
  const context = await setup();
  const { app, maxBody, log } = context;
  running = await startServer({
    fetch: app.fetch,
    at: { host: '127.0.0.1', port: 0 },
    maxConnections: 10,
    maxBody,
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

it('serves TLS, 1.2 at the least', async () => {
  const { running: started, stored } = await start(server);
  expect(started.url).toBe(`https://127.0.0.1:${started.port}`);
  expect(await post(started.port, {})).toBe(200);
  expect(await post(started.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).toMatch(/PROTO|ERR|ECONN/);
  expect(await stored()).toEqual([EVENT]);
});

it('lets in only clients of the authority when there is one', async () => {
  const { running: started, stored } = await start({ ...server, clientCa: ca });
  expect(await post(started.port, {})).toMatch(/CERTIFICATE|ECONN|ERR/);
  expect(await post(started.port, client)).toBe(200);
  expect(await stored()).toEqual([EVENT]);
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

it.each([
  ['cert', { cert: 'tls.test.ts' }, 'server.tls.cert (tls.test.ts) is no certificate in PEM'],
  ['key', { key: 'tls.test.ts' }, 'server.tls.key (tls.test.ts) is no private key in PEM'],
  ['pair', { key: `${FIXTURES}client.key` }, 'server.tls.key is not the key of server.tls.cert'],
  ['missing', { client_ca: 'nowhere.crt' }, 'server.tls.client_ca cannot be read'],
])('names the file that is wrong: %s', async (_, wrong, message) => {
  const tls = { cert: `${FIXTURES}server.crt`, key: `${FIXTURES}server.key`, ...wrong };
  const config = {
    server: { listen: '127.0.0.1:0', max_body: 1024, max_wait: 1000, workers: 1, tls },
    dir: import.meta.dirname,
  };
  const faces = {} as Parameters<typeof listen>[1];
  await expect(listen(config, faces, (await setup()).log)).rejects.toThrow(message);
});
