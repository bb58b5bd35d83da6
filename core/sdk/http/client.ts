import type { IncomingMessage } from 'node:http';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Delivery } from '../contract/verdicts.ts';
import { retry } from '../contract/verdicts.ts';
import { readTls } from '../options/tls.ts';
import { basicAuth, basicAuthOf, headerForms } from './credentials.ts';
import { describeFailure } from './failure.ts';
import type { HttpOptions } from './options.ts';
import type { HttpRoute } from './reach.ts';
import { secretsOfUrl } from './redact.ts';
import { fromMessage, toResponse } from './response.ts';
import { httpTransport } from './transport.ts';

const compress = promisify(gzip);

/** What may be said about one request. */
export interface RequestDetails {
  /** Default `POST`. */
  readonly method?: string;
  /** The text or bytes to send; `content-type` is `application/json` unless `headers` say otherwise. */
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** HTTP as an output needs it: its options applied, connections kept, nothing secret in any message. */
export interface HttpClient {
  /** POSTs and says what became of it; see {@link fromResponse}. A network fault is `retry`. Never throws. */
  post(
    url: string,
    body: string | Uint8Array,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Delivery>;
  /**
   * For answers that must be read: resolves whatever the status.
   *
   * @throws Error with one redacted line when there is no answer
   */
  request(url: string, details: RequestDetails, signal: AbortSignal): Promise<Response>;
  /** How requests to the address leave this machine, for a check; see {@link probeHttp}. */
  route(url: string): HttpRoute;
  /** Takes what is secret (credentials, the address but for its host) out of a text. */
  redact(text: string, url: string): string;
  /** Closes the kept connections. Call it in the output's `stop`. */
  close(): void;
}

/**
 * Makes the HTTP client of an output.
 *
 * @param options what {@link httpOptions} gave
 * @param context of the output: relative file names start at its `configDir`
 * @throws Error when options contradict each other
 * @example
 * create: (options, context) => {
 *   const http = httpClient(options, context);
 *   return {
 *     deliver: ({ records }, signal) => http.post(options.url, JSON.stringify(records), signal),
 *     stop: async () => http.close(),
 *   };
 * }
 */
export function httpClient(options: HttpOptions, context: { readonly configDir: string }): HttpClient {
  refuseContradictions(options);
  const transport = httpTransport(options, context);
  const authorization = authorizationOf(options);
  const secrets = [
    ...headerForms(authorization),
    options.password,
    options.bearer_token,
    ...Object.values(options.headers ?? {}).flatMap(headerForms),
  ];
  function redact(text: string, url: URL): string {
    return transport.redact(text, url, [...secrets, ...secretsOfUrl(url)]);
  }

  /** An error thrown while reading the answer fails the request. */
  async function exchange<T>(
    address: string,
    details: RequestDetails,
    signal: AbortSignal,
    readAnswer: (answer: IncomingMessage) => T | Promise<T>,
  ): Promise<T> {
    const url = new URL(address);
    const credentials = authorization ?? basicAuthOf(url);
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'user-agent': 'tiercel',
      ...lowerCase(details.headers),
      ...(credentials !== undefined && { authorization: credentials }),
      ...lowerCase(options.headers),
    };
    let body = typeof details.body === 'string' ? Buffer.from(details.body) : details.body;
    if (body === undefined) delete headers['content-type'];
    else if (options.gzip === true) {
      body = await compress(body);
      headers['content-encoding'] = 'gzip';
    }
    try {
      const wire = { method: details.method ?? 'POST', url: withoutCredentials(url), headers, body };
      return await transport.send(wire, signal, readAnswer);
    } catch (error) {
      if (signal.aborted) throw new Error(`${url.host}: no answer in time`, { cause: error });
      throw new Error(`${url.host}: ${redact(describeFailure(error), url)}`);
    }
  }

  return {
    request: (url, details, signal) => exchange(url, details, signal, toResponse),
    route(address) {
      const url = new URL(address);
      const tls = () => readTls(options.tls ?? {}, context.configDir);
      return { url, proxy: transport.proxyOf(url), readTls: tls };
    },
    redact: (text, url) => redact(text, new URL(url)),
    async post(url, body, signal, headers) {
      let delivery: Delivery;
      try {
        delivery = await exchange(url, { body, ...(headers && { headers }) }, signal, fromMessage);
      } catch (error) {
        return retry((error as Error).message);
      }
      if (delivery.status === 'delivered') return delivery;
      const address = new URL(url);
      return { ...delivery, reason: `${address.host} ${redact(delivery.reason, address)}` };
    },
    close: () => transport.close(),
  };
}

function refuseContradictions({ username, password, bearer_token, tls, headers = {} }: HttpOptions): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      // The platform's words would show the value.
      throw new Error(
        `headers: ${JSON.stringify(name)} is no header, or its value holds a line break or the like`,
      );
    }
  }
  if (bearer_token !== undefined && username !== undefined) {
    throw new Error('bearer_token and username exclude each other: choose one way of authentication');
  }
  if (password !== undefined && username === undefined) throw new Error('password needs username');
  if ((tls?.cert === undefined) !== (tls?.key === undefined))
    throw new Error('tls.cert and tls.key need each other');
}

function authorizationOf({ username, password = '', bearer_token }: HttpOptions): string | undefined {
  if (bearer_token !== undefined) return `Bearer ${bearer_token}`;
  return username === undefined ? undefined : basicAuth(username, password);
}

function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** They are a header by now, and the platform trips over a percent sign in them. */
function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}
