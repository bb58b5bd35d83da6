import type { Socket } from 'node:net';
import { type TcpDestination, tcpDestination } from '../../core/testing/index.ts';

/** A message as the server got it. */
export interface Published {
  readonly subject: string;
  readonly headers: string;
  readonly payload: string;
}

/**
 * As much of a NATS server as a publisher meets: INFO, PING, PUB, HPUB, and an answer of the stream to those who ask for one.
 * The real server is in the services tier.
 *
 * @param acknowledge what the stream answers; undefined: nothing
 */
export async function natsServer(
  acknowledge: (message: Published) => string | undefined = () => '{"stream":"falco","seq":1}',
) {
  const published: Published[] = [];
  let answerOf = acknowledge;
  let tcp: TcpDestination;

  function serve(socket: Socket): void {
    const inboxes = new Map<string, string>();
    let buffer = '';
    const answer = (reply: string, payload: string) => {
      for (const [pattern, sid] of inboxes) {
        if (reply.startsWith(pattern.replace(/\*$/, ''))) {
          socket.write(`MSG ${reply} ${sid} ${payload.length}\r\n${payload}\r\n`);
        }
      }
    };
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
        const text = answerOf(message);
        if (reply !== undefined && text !== undefined) answer(reply, text);
      }
    });
    socket.write(
      'INFO {"server_id":"S","version":"2.12.0","headers":true,"max_payload":1048576,"proto":1}\r\n',
    );
  }

  tcp = await tcpDestination(serve);
  return {
    ...tcp,
    published,
    arrived: () =>
      published.filter(({ subject }) => !subject.startsWith('$JS')).map(({ payload }) => payload),
    /** The stream answers each message with an error. */
    refuse(description: string) {
      answerOf = () => JSON.stringify({ error: { code: 500, err_code: 10_077, description } });
    },
    recover() {
      answerOf = acknowledge;
      return tcp.recover();
    },
    stop: tcp.close,
  };
}
