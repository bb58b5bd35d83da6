import type { Delivery } from './verdicts.ts';

/** What may be said about one request. */
export interface RequestDetails {
  /** Default `POST`. */
  readonly method?: string;
  /** The text or bytes to send; `content-type` is `application/json` unless `headers` say otherwise. */
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the answers of a destination mean, where their status does not say it. */
export interface AnswerRules {
  /** What a 2xx means. What it throws is `retry`. Default: delivered. */
  accepted?(response: Response): Delivery | Promise<Delivery>;
  /**
   * Bodies of refusals (400, 413, 415, 422) that speak about the destination and not about the records: they are `retry`, and not
   * `rejected`.
   *
   * @example retryWhen: /FAILED_PRECONDITION/ // Google Cloud: 400, when billing is off
   */
  readonly retryWhen?: RegExp;
}

/**
 * HTTP as an output uses it. Headers, compression, proxy, TLS and authentication are those of the output's options
 * (`httpOptions`), connections are kept, and no message contains a secret. The framework makes it on first use and closes it
 * when the output has stopped.
 *
 * An address is absolute, or a path that begins with `/` (or `''`), which is joined to the option `url` of the output: with
 * `url: https://example.com/api/`, the address `/events` is `https://example.com/api/events`. The query of the option is kept.
 */
export interface HttpClient {
  /**
   * POSTs and says what became of it; see `fromResponse`. A network fault is `retry`. Never throws.
   *
   * @example deliver: ({ records }, signal) => http.post('/events', JSON.stringify(records), signal)
   */
  post(
    url: string,
    body: string | Uint8Array,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Delivery>;
  /**
   * The same for another method, and where the answer must be read: `accepted` says what a 2xx means. What it throws is
   * `retry`. Never throws.
   *
   * @example
   * http.send('/bulk', { body, accepted: async (response) => fromBulk(await response.json()) }, signal)
   */
  send(url: string, details: RequestDetails & AnswerRules, signal: AbortSignal): Promise<Delivery>;
  /**
   * For requests that deliver nothing: resolves whatever the status. Read the body, or cancel it.
   *
   * @throws Error with one redacted line when there is no answer
   * @example const response = await http.request('/version', { method: 'GET' }, signal);
   */
  request(url: string, details: RequestDetails, signal: AbortSignal): Promise<Response>;
  /** How requests to an address leave this machine, for a check: see `probeHttp`. @throws Error when it is no address */
  route(url: string): HttpRoute;
  /**
   * Takes secrets out of a text: credentials and tokens, the address except its host.
   *
   * @param url where it was sent; default: the option `url`
   */
  redact(text: string, url?: string): string;
}

/** How requests to an address leave this machine. */
export interface HttpRoute {
  /** The address as a whole, without user name and password. */
  readonly url: URL;
  /** The proxy that requests go through. */
  readonly proxy: URL | undefined;
  /** The options of `node:tls` for its connections. @throws Error naming the option and the file that cannot be read */
  readTls(): { rejectUnauthorized: boolean; ca?: string; cert?: string; key?: string };
}
