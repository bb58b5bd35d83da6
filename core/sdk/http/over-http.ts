import type { Batch, BatchContent } from '../contract/batch.ts';
import type { HttpClient } from '../contract/http.ts';
import type { Finding, Output } from '../contract/output.ts';
import type { Delivery } from '../contract/verdicts.ts';
import { fromResponse } from './transport/response.ts';

/** The request that delivers a batch, and the one that checks the destination. */
export interface HttpExchange<R> {
  /** Absolute, or joined to the option `url`. Default `''`, the option itself. */
  readonly url?: string | ((batch: Batch<R>) => string);
  /** Default `POST`. */
  readonly method?: string;
  /** Beside those of the options. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | ((batch: Batch<R>) => Readonly<Record<string, string>>);
  /** What is sent; also what `tiercel explain` shows. */
  body(batch: BatchContent<R>): string | Uint8Array;
  /** What an answer of 2xx means, for destinations that answer about each record. What it throws is `retry`. Default: delivered. */
  accepted?(response: Response, batch: Batch<R>): Delivery | Promise<Delivery>;
  /** Bodies of refusals that are `retry`, and not `rejected`: they speak about the destination, and not about the records. */
  readonly retryWhen?: RegExp;
  /** Which request says that the destination is ready, by a 2xx. Default: `HEAD` to `url`, which need not succeed. */
  readonly check?: HttpCheck;
}

/** A request that changes nothing and is answered with 2xx by a destination that is ready. */
export interface HttpCheck {
  /** Absolute, or joined to the option `url`. */
  readonly url: string;
  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What is wrong by an answer of 2xx, for destinations that say it there; undefined: nothing. */
  problem?(response: Response): Promise<string | undefined>;
}

/**
 * An output that sends each batch as one request; with `request: { events: 1 }` in the definition, each event.
 *
 * @example
 * create: (options, { http, mapper }) => {
 *   const toJson = recordJson(mapper);
 *   return overHttp(http, {
 *     url: '/v1/events',
 *     headers: ({ id }) => ({ 'idempotency-key': id }),
 *     body: ({ records }) => `[${records.map(toJson).join(',')}]`,
 *   });
 * }
 */
export function overHttp<R>(http: HttpClient, exchange: HttpExchange<R>): Output<R> {
  const { url = '', method, headers, accepted, retryWhen } = exchange;
  const decoder = new TextDecoder();
  const check = exchange.check ?? (typeof url === 'string' ? url : '');
  return {
    deliver(batch, signal) {
      const own = typeof headers === 'function' ? headers(batch) : headers;
      return http.send(
        typeof url === 'function' ? url(batch) : url,
        {
          body: exchange.body(batch),
          ...(method !== undefined && { method }),
          ...(own !== undefined && { headers: own }),
          ...(accepted !== undefined && { accepted: (response: Response) => accepted(response, batch) }),
          ...(retryWhen !== undefined && { retryWhen }),
        },
        signal,
      );
    },
    preview(batch) {
      const body = exchange.body(batch);
      return typeof body === 'string' ? body : decoder.decode(body);
    },
    async *diagnose(_, signal) {
      yield await checkHttp(http, check, signal);
    },
    async check(signal) {
      const { status, line } = await checkHttp(http, check, signal);
      if (status === 'failed') throw new Error(line);
    },
  };
}

/**
 * Asks whether a destination is ready: name, connection, TLS, proxy and credentials, by one request that changes nothing.
 *
 * @param check an address alone: `HEAD` to it, which many destinations refuse; then the finding is `unknown` where that may
 *   hide a fault
 * @example async *diagnose(_, signal) { for (const url of urls) yield await checkHttp(http, { url }, signal); }
 */
export async function checkHttp(
  http: HttpClient,
  check: string | HttpCheck,
  signal: AbortSignal,
): Promise<Finding> {
  const { url, method, headers, body, problem }: HttpCheck & { method: string } =
    typeof check === 'string' ? { url: check, method: 'HEAD' } : { method: 'GET', ...check };
  const what = 'request';
  let response: Response;
  try {
    response = await http.request(
      url,
      { method, ...(headers && { headers }), ...(body !== undefined && { body }) },
      signal,
    );
    const wrong = response.ok ? await problem?.(response.clone()) : undefined;
    if (wrong !== undefined) return { status: 'failed', what, line: http.redact(wrong, url) };
  } catch (error) {
    return { status: 'failed', what, line: (error as Error).message };
  }
  const { status } = response;
  const delivery = await fromResponse(response);
  if (delivery.status === 'delivered')
    return { status: 'ok', what, line: `${method} was answered ${status}` };
  const line = `${method} ${http.redact(delivery.reason, url)}`;
  if (
    typeof check !== 'string' ||
    [401, 407].includes(status) ||
    status >= 500 ||
    (status >= 300 && status < 400)
  )
    return { status: 'failed', what, line };
  // The path, or the right to use it, is not known where HEAD may be what is refused.
  if (status === 403 || status === 404)
    return { status: 'unknown', what, line: `${line}; a delivery may be answered differently` };
  return { status: 'ok', what, line: `the destination answers (${line})` };
}
