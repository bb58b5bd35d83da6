import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { shortenPath } from '../http/admin-socket.ts';
import { CHANGE_HEADER } from '../http/guard.ts';
import { readLines } from './events.ts';

/** What a running instance answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends bodies as Falco's http_output does: one POST each, over one kept-alive connection. */
export interface Poster {
  /** @throws Error when nothing answered. */
  post(path: string, body: Uint8Array | string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** Any other method, without a body. */
  call(method: string, path: string): Promise<Answer>;
  /**
   * The lines of an answer as they come; blank ones are passed over.
   *
   * @throws NoAnswerError when nothing answered, Error when it broke off or was not a 200
   */
  lines(path: string): AsyncGenerator<string>;
  close(): void;
}

/** Nothing takes connections there, or it broke off before it answered. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** What the two sides of an https address prove to each other. */
export interface TlsTrust {
  /** Who vouches for the other side; the platform's authorities when left out. */
  readonly ca?: string;
  /** The certificate of this side, where one is demanded. */
  readonly cert?: string;
  readonly key?: string;
  /** False: any name in its certificate will do. */
  readonly checkName?: boolean;
  /** False: any certificate will do. */
  readonly verify?: boolean;
}

/** Where an instance is: the URL of an address, `http://127.0.0.1:2801`, or the path of its admin socket. */
export type At = string | { readonly socket: string };

/**
 * A client of a running instance.
 *
 * @param headers sent with every request, `authorization` for one
 */
export function createPoster(
  at: At,
  headers: Readonly<Record<string, string>> = {},
  trust: TlsTrust = {},
): Poster {
  const base = typeof at === 'string' ? at : at.socket;
  const secure = typeof at === 'string' && new URL(at).protocol === 'https:';
  const socket = typeof at === 'string' ? undefined : shortenPath(at.socket);
  const agent = secure ? new HttpsAgent(agentOptions(trust)) : new HttpAgent(KEEP_ALIVE);
  const open = secure ? httpsRequest : httpRequest;

  const start = (method: string, path: string, body?: Uint8Array | string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const details = {
        'user-agent': 'tiercel',
        accept: '*/*',
        'content-type': 'application/json',
        [CHANGE_HEADER]: '1',
        ...length,
        ...headers,
      };
      const options = { method, agent, headers: details };
      const request =
        socket === undefined
          ? open(new URL(path, base), options, resolve)
          : open({ ...options, socketPath: socket.path, path, host: 'localhost' }, resolve);
      request.on('error', (error: NodeJS.ErrnoException) => {
        // Several addresses of one name fail together, without a message.
        const why = error.message || error.code;
        reject(new NoAnswerError(`no answer from ${base}: ${why}`, { cause: error }));
      });
      request.end(body);
    });

  const call = async (method: string, path: string, body?: Uint8Array | string): Promise<Answer> => {
    const response = await start(method, path, body);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const { statusCode = 0, headers } = response;
      return { status: statusCode, headers, body: Buffer.concat(chunks).toString('utf8') };
    } catch (error) {
      throw new NoAnswerError(`${base} broke off: ${(error as Error).message}`, { cause: error });
    }
  };

  return {
    post: (path, body) => call('POST', path, body),
    get: (path) => call('GET', path),
    call: (method, path) => call(method, path),
    async *lines(path) {
      const response = await start('GET', path);
      if (response.statusCode !== 200) {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks).toString('utf8');
        throw refusal(base, { status: response.statusCode ?? 0, headers: response.headers, body });
      }
      for await (const line of readLines(response)) if (line !== '') yield line;
    },
    close: () => {
      agent.destroy();
      socket?.close();
    },
  };
}

/** What an answer that is not a 2xx says, in one line. */
export function refusal(base: string, { status, body }: Answer): Error {
  let said = body.trim();
  try {
    const { error } = JSON.parse(body) as {
      error?: { code?: string; field?: string; reason?: string; hint?: string };
    };
    // Without a field it is the path that was not found: the two listeners of an instance serve different ones.
    if (error?.code === 'not_found' && error.field === undefined)
      said = `${error.reason}; --url must be the address of its server.admin_listen, and for send that of its server.listen`;
    else if (error?.reason !== undefined)
      said = error.hint === undefined ? error.reason : `${error.reason} (${error.hint})`;
  } catch {
    // Something else than Tiercel answers there; what it said is shown as it is.
  }
  return new Error(`${base} answered ${status}: ${said.slice(0, 500)}`);
}

const KEEP_ALIVE = { keepAlive: true, maxSockets: 1 } as const;

function agentOptions({ ca, cert, key, checkName = true, verify = true }: TlsTrust): object {
  return {
    ...KEEP_ALIVE,
    // A certificate that is trusted for itself need not be an authority's.
    ...(ca !== undefined && { ca, allowPartialTrustChain: true }),
    ...(cert !== undefined && { cert, key }),
    ...(!verify && { rejectUnauthorized: false }),
    ...(!checkName && { checkServerIdentity: () => undefined }),
  };
}
