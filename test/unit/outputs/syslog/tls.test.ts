import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecureVersion, TLSSocket, TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../../core/sdk/contract/clock.ts';
import { startStreamServer } from '../../../support/syslog-server.ts';
import { until } from '../../../support/until.ts';
import { neverAborts } from '../support.ts';
import { batch, create, textsIn } from './support.ts';

const FOLDER = fileURLToPath(new URL('../../../fixtures/tls/', import.meta.url));
const read = (name: string) => readFileSync(`${FOLDER}${name}`);
const SERVER: TlsOptions = { key: read('server.key'), cert: read('server.crt'), ca: read('ca.crt') };
const CLIENT = { ca: 'ca.crt', cert: 'client.crt', key: 'client.key' };
const from = { configDir: FOLDER };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(tls: TlsOptions = {}) {
  const server = await startStreamServer({ tls: { ...SERVER, ...tls } });
  closing.push(() => server.stop());
  return server;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as SecureVersion[])('syslog over %s', (version) => {
  const only = { minVersion: version, maxVersion: version };
  const strict = { ...only, requestCert: true, rejectUnauthorized: true };

  it.each([true, false])('sends to a server that it trusts: confirm %s', async (confirm) => {
    const server = await serve(only);
    const output = create(server.port, { tls: { ca: 'ca.crt' }, confirm }, from);
    closing.push(() => output.stop?.(neverAborts()));
    await output.start?.(neverAborts());
    expect(await output.deliver(batch('a', 'b'), neverAborts())).toEqual({ status: 'delivered' });
    await output.stop?.(neverAborts());
    await until('the end', () => server.endings.length > 0);
    expect(textsIn(server.received()[0]!)).toEqual(['a', 'b']);
    expect(server.endings).toEqual(['end']);
  });

  it('shows its client certificate', async () => {
    const server = await serve(strict);
    const output = create(server.port, { tls: CLIENT }, from);
    expect(await output.deliver(batch('a'), neverAborts())).toEqual({ status: 'delivered' });
    await output.stop?.(neverAborts());
    await until('the end', () => server.endings.length > 0);
    expect(textsIn(server.received()[0]!)).toEqual(['a']);
  });

  it('learns that the server wants a client certificate before it calls anything delivered', async () => {
    const server = await serve(strict);
    const without = create(server.port, { tls: { ca: 'ca.crt' } }, from);
    await expect(without.start?.(neverAborts())).rejects.toThrow();
    await expect(without.deliver(batch('a'), neverAborts())).rejects.toThrow();
    const foreign = { ca: 'ca.crt', cert: 'foreign.crt', key: 'foreign.key' };
    await expect(
      create(server.port, { tls: foreign }, from).deliver(batch('a'), neverAborts()),
    ).rejects.toThrow();
  });

  it('sends to a server that gives no session tickets', async () => {
    const server = await serve({ ...only, secureOptions: constants.SSL_OP_NO_TICKET });
    const output = create(server.port, { tls: { ca: 'ca.crt' } }, from);
    closing.push(() => output.stop?.(neverAborts()));
    expect(await output.deliver(batch('a'), neverAborts())).toEqual({ status: 'delivered' });
  });

  it.each([
    [true, 1],
    [false, 3],
  ])(
    'waits for a refusal on the first connection, and with confirm on no other: confirm %s',
    async (confirm, waits) => {
      const server = await serve({ ...only, secureOptions: constants.SSL_OP_NO_TICKET });
      const sleeps: number[] = [];
      const clock: Clock = {
        ...systemClock,
        sleep: (milliseconds, signal) => {
          sleeps.push(milliseconds);
          return systemClock.sleep(milliseconds, signal);
        },
      };
      const output = create(server.port, { tls: { ca: 'ca.crt' }, confirm }, { ...from, clock });
      for (let n = 0; n < 3; n++) {
        expect(await output.deliver(batch('a'), neverAborts())).toEqual({ status: 'delivered' });
        if (!confirm) server.sockets.at(-1)!.destroy();
      }
      await output.stop?.(neverAborts());
      expect(sleeps.filter((milliseconds) => milliseconds === 250)).toHaveLength(
        version === 'TLSv1.3' ? waits : 0,
      );
    },
  );

  it('asks for the server by its name, and compares its certificate with that', async () => {
    const server = await serve(only);
    const output = create(server.port, { host: 'localhost', tls: { ca: 'ca.crt' } }, from);
    expect(await output.deliver(batch('a'), neverAborts())).toEqual({ status: 'delivered' });
    await output.stop?.(neverAborts());
    await until('the connection', () => server.sockets.length > 0);
    expect((server.sockets[0] as TLSSocket & { servername?: string }).servername).toBe('localhost');
  });

  it('sends nothing to a server that it does not trust, and says why', async () => {
    const server = await serve(only);
    const send = (options: Record<string, unknown>) =>
      create(server.port, options, from).deliver(batch('a'), neverAborts());
    await expect(send({ tls: {} })).rejects.toThrow(/not signed by a trusted authority.*tls\.ca/);
    await expect(send({ tls: { ca: 'none.crt' } })).rejects.toThrow('tls.ca');
    const expired = await serve({ ...only, key: read('expired.key'), cert: read('expired.crt') });
    const there = create(expired.port, { tls: { ca: 'ca.crt' } }, from);
    await expect(there.deliver(batch('a'), neverAborts())).rejects.toThrow('expired');
    expect(await send({ tls: { insecure: true } })).toEqual({ status: 'delivered' });
  });
});

describe('syslog over TLS', () => {
  it('fails at a server that speaks no TLS, or says nothing', async () => {
    const plain = await startStreamServer({ accept: (socket) => socket.end('hello\n') });
    closing.push(() => plain.stop());
    const output = create(plain.port, { tls: { ca: 'ca.crt' } }, from);
    await expect(output.deliver(batch('a'), neverAborts())).rejects.toThrow(`127.0.0.1:${plain.port}`);
    const silent = await startStreamServer();
    closing.push(() => silent.stop());
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const waiting = create(silent.port, { tls: { ca: 'ca.crt' } }, from).start?.(abort.signal);
    await expect(waiting).rejects.toThrow('in time');
  });
});
