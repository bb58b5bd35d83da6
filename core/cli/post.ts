import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** What a running instance answered. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends bodies as Falco's http_output does: one POST each, over one kept-alive connection. */
export interface Poster {
  /** @throws Error when nothing answered. */
  post(path: string, body: Uint8Array | string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  close(): void;
}

/**
 * A client of a running instance.
 *
 * @param base its address, `http://127.0.0.1:2801`
 * @param headers sent with every request, `authorization` for one
 */
export function createPoster(base: string, headers: Readonly<Record<string, string>> = {}): Poster {
  const secure = new URL(base).protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  const open = secure ? httpsRequest : httpRequest;

  const call = (method: string, path: string, body?: Uint8Array | string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = open(
        new URL(path, base),
        {
          method,
          agent,
          headers: {
            'user-agent': 'tiercel',
            accept: '*/*',
            'content-type': 'application/json',
            ...length,
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
          );
          response.on('error', reject);
        },
      );
      request.on('error', (error) => reject(new Error(`no answer from ${base}: ${error.message}`)));
      request.end(body);
    });

  return {
    post: (path, body) => call('POST', path, body),
    get: (path) => call('GET', path),
    close: () => agent.destroy(),
  };
}
