import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkServer } from '../../../../../core/cli/doctor/server.ts';
import type { Finding } from '../../../../../core/sdk/index.ts';
import { freePort } from '../../../../support/port.ts';
import { tlsFile } from '../../../../support/tls-servers.ts';

const LIMITS = { max_body: 1024, max_wait: 1000 };

async function check(server: object, { isRunning = false, isServed = false } = {}) {
  const questions = { isRunning, isServed: async () => isServed, now: Date.UTC(2027, 0, 1) };
  const config = { server: { listen: '127.0.0.1:0', ...LIMITS, ...server }, dir: '/' };
  const found: Finding[] = [];
  for await (const finding of checkServer(config, questions)) found.push(finding);
  return found.map(({ status, what, line }) => `${status} ${what}: ${line}`);
}

async function taken(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the addresses to listen at', () => {
  it('are free, or any', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    expect(await check({ listen, admin_listen: '127.0.0.1:0' })).toEqual([
      `ok listen: ${listen} is free`,
      'plan admin_listen: 127.0.0.1:0: any free port',
    ]);
  });

  it('are served by the running instance, or are not', async () => {
    const listen = await taken();
    expect(await check({ listen }, { isRunning: true, isServed: true })).toEqual([
      `ok listen: ${listen} is served by the running instance`,
    ]);
    expect(await check({ listen }, { isRunning: true })).toEqual([
      `failed listen: ${listen} does not answer: the running instance hangs, or another process has the address`,
    ]);
    const free = `127.0.0.1:${await freePort()}`;
    expect(await check({ listen: free }, { isRunning: true })).toEqual([
      `failed listen: the running instance does not listen at ${free}: it was started with another address; restart it`,
    ]);
  });

  it('are in use by others', async () => {
    const listen = await taken();
    const [line] = await check({ listen });
    expect(line).toMatch(/^failed listen: .* is in use by another process: ss -ltnp 'sport = :\d+' names it/);
    expect(await check({ listen }, { isServed: true })).toEqual([
      `failed listen: ${listen} is in use by another instance of Tiercel: stop it, or choose another port`,
    ]);
  });

  it('are not of this machine', async () => {
    // Of the range for documentation (RFC 5737): no machine has it.
    expect(await check({ listen: `192.0.2.1:${await freePort()}` })).toEqual([
      expect.stringMatching(/^failed listen: 192\.0\.2\.1:\d+ is not an address of this machine/),
    ]);
  });

  it('come with the files of TLS', async () => {
    const tls = { cert: tlsFile('server.crt'), key: tlsFile('server.key'), client_ca: tlsFile('absent.crt') };
    const found = await check({ tls });
    expect(found.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'plan listen: 127.0.0.1:0: any free port',
      'failed TLS files: server.tls.client_ca',
      'ok TLS files: server.tls.cert',
      'ok TLS files: server.tls.key',
    ]);
  });
});
