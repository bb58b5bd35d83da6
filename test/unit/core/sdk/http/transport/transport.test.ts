import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpTransport, type TransportOptions } from '../../../../../../core/sdk/index.ts';
import { startForwardProxy, startSilentServer } from '../../../../../support/forward-proxy.ts';
import { until } from '../../../../../support/until.ts';

const LIMITS = { connect: 200, idle: 200 };
const PUT = { method: 'PUT', headers: {} };

function transportOf(options: TransportOptions = {}) {
  const transport = httpTransport(options, { configDir: tmpdir() }, LIMITS);
  onTestFinished(() => transport.close());
  return transport;
}

async function serving(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

async function silent() {
  const server = await startSilentServer();
  onTestFinished(() => server.close());
  return server;
}

describe('httpTransport', () => {
  it('sends a path as it is written', async () => {
    const url = await serving((request, response) => response.end(request.url));
    const path = "/a/../b//c%2f'(?x=%20";
    expect(await transportOf().send({ ...PUT, url, path }, undefined, text)).toBe(path);
  });

  it('ends a request to a server that says nothing', async () => {
    const { port } = await silent();
    for (const [scheme, line] of [
      ['http', 'no answer or progress for 0.2 s'],
      ['https', 'no connection within 0.2 s'],
    ]) {
      const url = new URL(`${scheme}://127.0.0.1:${port}`);
      await expect(transportOf().send({ ...PUT, url }, undefined, text)).rejects.toThrow(line);
    }
  });

  it('ends an answer that stops in the middle', async () => {
    const url = await serving((_, response) => response.writeHead(200).write('half'));
    await expect(transportOf().send({ ...PUT, url }, undefined, text)).rejects.toThrow(
      'no answer or progress for 0.2 s',
    );
  });

  it('lets a slow answer take longer than the limit as long as it goes on', async () => {
    const url = await serving((_, response) => {
      let left = 5;
      const timer = setInterval(() => (--left > 0 ? response.write('x') : response.end()), 100);
      response.on('close', () => clearInterval(timer));
    });
    expect(await transportOf().send({ ...PUT, url }, undefined, text)).toBe('xxxx');
  });

  it('names the proxy that does not answer, and that what answers is no proxy', async () => {
    const { port } = await silent();
    const proxy = `http://ann:sesame@127.0.0.1:${port}`;
    const url = new URL('https://sqs.eu-west-1.amazonaws.com');
    await expect(transportOf({ proxy }).send({ ...PUT, url }, undefined, text)).rejects.toThrow(
      `proxy 127.0.0.1:${port}: no connection to sqs.eu-west-1.amazonaws.com:443 within 0.2 s`,
    );
    const plain = new URL('http://minio.test');
    await expect(transportOf({ proxy }).send({ ...PUT, url: plain }, undefined, text)).rejects.toThrow(
      `proxy 127.0.0.1:${port}: no answer or progress for 0.2 s`,
    );
  });

  it('limits TLS through a tunnel too, and closes what is not open yet', async () => {
    const behind = await silent();
    const proxy = await startForwardProxy(behind.port);
    onTestFinished(() => proxy.close());
    const url = new URL('https://minio.test');
    const transport = transportOf({ proxy: proxy.url });
    await expect(transport.send({ ...PUT, url }, undefined, text)).rejects.toThrow(
      `proxy ${proxy.host}: no connection to minio.test:443 within 0.2 s`,
    );
    await until('the sockets are closed', () => proxy.open() === 0 && behind.open() === 0);
    const sent = transport.send({ ...PUT, url }, undefined, text);
    const closed = expect(sent).rejects.toThrow('the connection was closed');
    await until('the tunnel', () => behind.open() === 1);
    transport.close();
    await closed;
    await until('the sockets are closed', () => proxy.open() === 0 && behind.open() === 0);
  });

  it('asks before it sends a stream, and does not send one that is refused', async () => {
    let received = 0;
    const url = await serving((request, response) => {
      request.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      request.on('end', () => response.end('taken'));
    });
    const send = (to: URL) =>
      transportOf().send(
        {
          ...PUT,
          url: to,
          headers: { expect: '100-continue' },
          body: Readable.from([Buffer.alloc(5_000_000)]),
        },
        undefined,
        async (answer) => `${answer.statusCode} ${await text(answer)}`,
      );
    expect(await send(url)).toBe('200 taken');
    expect(received).toBe(5_000_000);

    let isContinued = false;
    const refusing = createServer();
    refusing.on('checkContinue', (request, response) => {
      request.on('data', () => {
        isContinued = true;
      });
      response.writeHead(403).end('no');
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void refusing.close());
    const connections = () =>
      new Promise<number>((resolve) => refusing.getConnections((_, count) => resolve(count)));
    expect(await send(new URL(`http://127.0.0.1:${(refusing.address() as AddressInfo).port}`))).toBe(
      '403 no',
    );
    expect(isContinued).toBe(false);
    await until('the socket is closed', async () => (await connections()) === 0);
  });

  it('closes the connections of before a renewal of certificates, too', async () => {
    const url = await serving((_, response) => response.writeHead(200).write('half'));
    const transport = httpTransport({ tls: {} }, { configDir: tmpdir() });
    const underWay = expect(transport.send({ ...PUT, url }, undefined, text)).rejects.toThrow();
    const failed = transport.send({ ...PUT, url: new URL('http://127.0.0.1:1') }, undefined, text);
    await expect(failed).rejects.toThrow('ECONNREFUSED');
    transport.close();
    await underWay;
  });
});
