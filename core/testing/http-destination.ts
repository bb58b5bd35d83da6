import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as zlib from 'node:zlib';
import type { Decode, TestDestination } from './destination.ts';
import { createTokenEndpoint, TOKEN_PATH, type TokenOptions } from './token-endpoint.ts';

/** A request that was received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body, decompressed as its `content-encoding` says. */
  readonly bytes: Buffer;
  /** {@link bytes} as text. */
  readonly body: string;
  /** What `decode` makes of the body; without `decode` the same as {@link body}. */
  readonly text: string;
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
export interface HttpDestination extends TestDestination {
  readonly url: string;
  readonly port: number;
  /**
   * A token endpoint for OAuth2 client credentials, whatever they are. Its requests are none of {@link requests}. A request with one
   * of its tokens is answered 401 when that has expired or was revoked, and as always otherwise.
   */
  readonly tokenUrl: string;
  /** Every token that was issued there, in order. */
  readonly tokens: readonly string[];
  /** Refuses the tokens issued until now, before they expire. */
  revokeTokens(): void;
  readonly requests: readonly AnsweredRequest[];
  /** From now on. */
  answer(next: Answer | Answering): void;
  /** The bodies of all requests, decoded. */
  arrived(): string[];
  hang(): void;
  cut(): Promise<void>;
  recover(): Promise<void>;
  refuse(text: string): void;
  close(): Promise<void>;
}

/** How a destination is started. */
export interface HttpDestinationOptions extends TokenOptions {
  /** What it answers when all is well. Default: 200 with `{}`. */
  readonly answer?: Answer | Answering;
  readonly decode?: Decode<ReceivedRequest>;
}

/**
 * Starts an HTTP server that answers 200 to everything until `answer` is called.
 *
 * @example
 * const destination = await startDestination();
 * destination.answer({ status: 429, headers: { 'retry-after': '7' } });
 */
export async function startDestination(options: HttpDestinationOptions = {}): Promise<HttpDestination> {
  const requests: AnsweredRequest[] = [];
  const well = answering(options.answer ?? { status: 200, body: '{}' });
  let respond = well;
  let mistake: Error | undefined;
  const issuer = createTokenEndpoint(options);

  async function handle(incoming: IncomingMessage, chunks: readonly Buffer[]): Promise<Answer> {
    try {
      if (incoming.url === TOKEN_PATH) return issuer.issue(await read(incoming, Buffer.concat(chunks)));
      const request = await read(incoming, Buffer.concat(chunks), options.decode);
      const answer = issuer.isRefused(request) ? { status: 401 } : respond(request);
      requests.push({ ...request, answer });
      return answer;
    } catch (error) {
      mistake ??= error as Error;
      return { status: 500, body: 'the destination of the test is broken' };
    }
  }

  const server: Server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', () => {});
    incoming.on('end', async () => {
      const answer = await handle(incoming, chunks);
      if (answer === 'hang') return;
      if (answer === 'reset') {
        incoming.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.body ?? '');
    });
  });
  // A test looks for connections that the output has left open: these are the destination's.
  server.on('connection', (socket) => socket.unref());

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const answer = (next: Answer | Answering) => {
    respond = answering(next);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    tokenUrl: `http://127.0.0.1:${port}${TOKEN_PATH}`,
    tokens: issuer.tokens,
    revokeTokens: () => issuer.revoke(),
    requests,
    answer,
    arrived: () => requests.map(({ text }) => text),
    mistake: () => mistake,
    hang: () => answer('hang'),
    cut,
    async recover() {
      respond = well;
      if (!server.listening) await listen(port);
    },
    refuse: (text) => answer({ status: 500, body: text }),
    close: cut,
  };
}

/** An answer as a function of the request. */
export function answering(next: Answer | Answering): Answering {
  return typeof next === 'function' ? next : () => next;
}

async function read(
  incoming: IncomingMessage,
  received: Buffer,
  decode?: Decode<ReceivedRequest>,
): Promise<ReceivedRequest> {
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const),
  );
  const bytes = decompress(headers['content-encoding'], received);
  const body = bytes.toString('utf8');
  const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers, bytes, body };
  // A check may ask with a request that has no body.
  const text =
    decode === undefined || bytes.length === 0 ? body : await decode(bytes, { ...request, text: body });
  return { ...request, text };
}

/** Undoes `content-encoding`, where the runtime can. */
function decompress(encoding: string | undefined, bytes: Buffer): Buffer {
  switch (encoding) {
    case 'gzip':
      return zlib.gunzipSync(bytes);
    case 'deflate':
      return zlib.inflateSync(bytes);
    case 'br':
      return zlib.brotliDecompressSync(bytes);
    default:
      return bytes;
  }
}
