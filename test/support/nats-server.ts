import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A message as the server got it. */
export interface Published {
  readonly subject: string;
  readonly headers: string;
  readonly payload: string;
}

/**
 * As much of a NATS server as a publisher meets: INFO, PING, PUB, HPUB, and an answer of the stream to those who ask for one.
 * The real server is in the services tier.
 */
export async function natsServer(acknowledge: (message: Published) => string | undefined) {
  const published: Published[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const inboxes = new Map<string, string>();
    let buffer = '';
    const answer = (reply: string, payload: string) => {
      for (const [pattern, sid] of inboxes) {
        if (reply.startsWith(pattern.replace(/\*$/, ''))) {
          socket.write(`MSG ${reply} ${sid} ${payload.length}\r\n${payload}\r\n`);
        }
      }
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const end = buffer.indexOf('\r\n');
        if (end < 0) return;
        const [verb = '', ...words] = buffer.slice(0, end).split(' ');
        const total = /PUB/.test(verb) ? Number(words.at(-1)) + 2 : 0;
        if (buffer.length < end + 2 + total) return;
        const body = buffer.slice(end + 2, end + total);
        buffer = buffer.slice(end + 2 + total);
        if (verb === 'PING') socket.write('PONG\r\n');
        if (verb === 'SUB') inboxes.set(words[0]!, words.at(-1)!);
        if (total === 0) continue;
        const headerBytes = verb === 'HPUB' ? Number(words.at(-2)) : 0;
        const message = {
          subject: words[0]!,
          headers: body.slice(0, headerBytes),
          payload: body.slice(headerBytes),
        };
        published.push(message);
        const reply = words.length > (verb === 'HPUB' ? 3 : 2) ? words[1] : undefined;
        const text = acknowledge(message);
        if (reply !== undefined && text !== undefined) answer(reply, text);
      }
    });
    socket.write(
      'INFO {"server_id":"S","version":"2.12.0","headers":true,"max_payload":1048576,"proto":1}\r\n',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    published,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
