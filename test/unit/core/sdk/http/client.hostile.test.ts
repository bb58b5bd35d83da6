import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpClient } from '../../../../../core/sdk/http/client.ts';
import { neverAborts } from '../../../outputs/support.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that does with the nth connection, once something came, whatever the test wants. */
async function speaking(answer: (socket: Socket, request: string, connection: number) => void) {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => answer(socket, chunk.toString('latin1'), connection));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const http = httpClient({}, { configDir: '/' });
  closing.push(() => {
    http.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}/`;
  return {
    url,
    http,
    sockets,
    connections: () => connections,
    post: (body = 'x') => http.post(url, body, neverAborts()),
  };
}

const answerOf = (status: string, body = '', more = '') =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;

describe('a server that means no good', () => {
  it.each<[what: string, answer: (socket: Socket) => void, reason: RegExp]>([
    [
      'speaks another protocol',
      (socket) => socket.write('SSH-2.0-OpenSSH\r\n'),
      /HPE_INVALID_CONSTANT: the answer is not HTTP/,
    ],
    [
      'switches to another protocol',
      (socket) => socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      /closed without an answer/,
    ],
    ['has a status that there is not', (socket) => socket.write(answerOf('999 Odd')), /answered 999 Odd/],
    [
      'sends headers without end',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\n${`a: ${'x'.repeat(4_000)}\r\n`.repeat(8)}`),
      /Header overflow/,
    ],
    ['says nothing and goes', (socket) => socket.end(), /cut/],
  ])('%s', async (_, answer, reason) => {
    const server = await speaking(answer);
    expect(await server.post()).toMatchObject({ status: 'retry', reason: expect.stringMatching(reason) });
  });

  it('is believed when it refuses before it has read the whole body', async () => {
    const server = await speaking((socket) => {
      socket.pause();
      socket.end(answerOf('413 Too Large', 'big', 'connection: close\r\n'));
    });
    expect(await server.post('x'.repeat(4_000_000))).toMatchObject({ status: 'rejected' });
  });

  it.each([
    ['is no HTTP', 'transfer-encoding: chunked\r\n\r\nno length\r\n', 'delivered', ''],
    ['has no end', 'content-length: 9\r\n\r\npart', 'delivered', ''],
    ['has no end and says why', 'content-length: 9\r\n\r\npart', 'retry', ': part'],
  ])('breaks off in the packet in which it began: the body %s', async (_, rest, status, said) => {
    const line = status === 'delivered' ? '200 OK' : '503 Busy';
    const server = await speaking((socket) => socket.end(`HTTP/1.1 ${line}\r\n${rest}`));
    const delivery = await server.post();
    expect(delivery.status).toBe(status);
    if (delivery.status === 'retry') expect(delivery.reason).toContain(`answered 503 Busy${said}`);
    await server.http
      .request(server.url, {}, neverAborts())
      .then((response) => response.text().catch(() => {}));
  });

  it('says more of a failure than is read, and nothing of a success', async () => {
    const server = await speaking((socket, _, connection) =>
      socket.write(
        connection === 1 ? answerOf('500 Down', 'y'.repeat(200_000)) : 'HTTP/1.1 204 No Content\r\n\r\n',
      ),
    );
    const { reason } = (await server.post()) as { reason: string };
    expect(reason).toMatch(/answered 500 Down: y{300}…$/);
    // What it did not read to its end, it does not use again; what has no body, it does.
    for (let i = 0; i < 3; i++) expect(await server.post()).toEqual({ status: 'delivered' });
    expect(server.connections()).toBe(2);
  });

  it('has closed every connection that was kept, in the moment they are used', async () => {
    // Three at once, so that three are kept; then each is cut at its next request, and a fourth serves.
    const waiting: Socket[] = [];
    const server = await speaking((socket, _, connection) => {
      if (waiting.length < 3) {
        waiting.push(socket);
        if (waiting.length === 3) for (const one of waiting) one.write(answerOf('200 OK'));
      } else if (connection <= 3) socket.destroy();
      else socket.write(answerOf('200 OK'));
    });
    await Promise.all([1, 2, 3].map(() => server.post()));
    expect(server.connections()).toBe(3);
    expect(await server.post()).toEqual({ status: 'delivered' });
    expect(server.connections()).toBe(4);
  });

  it('keeps one connection for request after request', async () => {
    const server = await speaking((socket) => socket.write(answerOf('503 Busy', 'later')));
    for (let i = 0; i < 3; i++) expect((await server.post()).status).toBe('retry');
    expect(server.connections()).toBe(1);
  });

  it('sends an answer without end: what is read of it has an end', async () => {
    const server = await speaking((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = () => {
        while (socket.writable && socket.write('x'.repeat(1 << 20)));
      };
      socket.on('drain', more);
      more();
    });
    const response = await server.http.request(server.url, { method: 'GET' }, neverAborts());
    await expect(response.text()).rejects.toThrow(/longer than 16 MiB/);
    expect(await server.post()).toEqual({ status: 'delivered' });
  });
});
