import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request that was received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed, as text. */
  readonly body: string;
}

/** A request and its answer. */
export interface AnsweredRequest extends ReceivedRequest {
  readonly answer: Answer;
}

/** What the destination answers to the next request; `hang` never answers, `reset` cuts the connection. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'hang'
  | 'reset';

/** Chooses the answer by the request, as the real service does. */
export type Answering = (request: ReceivedRequest) => Answer;

/** An HTTP server on the loopback interface that fails on command. */
export interface Destination {
  readonly url: string;
  readonly requests: readonly AnsweredRequest[];
  /** From now on. */
  answer(next: Answer | Answering): void;
  close(): Promise<void>;
}

/**
 * Starts a destination that answers 200 to everything until `answer` is called.
 *
 * @example
 * import assert from 'node:assert/strict';
 *
 * const destination = await startDestination();
 * destination.answer({ status: 429, headers: { 'retry-after': '2' } });
 * await fetch(destination.url, { method: 'POST', body: 'an event' });
 * assert.equal(destination.requests[0]?.body, 'an event');
 * await destination.close();
 */
export async function startDestination(): Promise<Destination> {
  const requests: AnsweredRequest[] = [];
  let respond: Answering = () => ({ status: 200, body: '{}' });
  const server: Server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', () => {});
    incoming.on('end', () => {
      const request = read(incoming, Buffer.concat(chunks));
      const answer = respond(request);
      requests.push({ ...request, answer });
      if (answer === 'hang') return;
      if (answer === 'reset') {
        incoming.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer: (next) => {
      respond = typeof next === 'function' ? next : () => next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function read(incoming: IncomingMessage, bytes: Buffer): ReceivedRequest {
  const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: Object.fromEntries(headers),
    body: body.toString('utf8'),
  };
}
