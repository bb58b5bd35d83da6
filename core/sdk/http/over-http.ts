import type { Batch, BatchContent } from '../contract/batch.ts';
import type { HttpClient } from '../contract/http.ts';
import type { Output } from '../contract/output.ts';
import type { Delivery } from '../contract/verdicts.ts';
import { type HttpCheck, probeHttp } from './probe.ts';

/** The request that delivers a batch, and the one that checks the destination. */
export interface HttpExchange<R> {
  /** Absolute, or joined to the option `url`. Default `''`, the option itself. */
  readonly url?: string | ((batch: Batch<R>) => string);
  /** Default `POST`. */
  readonly method?: string;
  /**
   * Beside those of the options. An object is sent with the check as well; a function of the batch is not, as there is none: a
   * header that the destination needs in every request, such as a version of its API, goes into an object or into `check.headers`.
   */
  readonly headers?:
    | Readonly<Record<string, string>>
    | ((batch: Batch<R>) => Readonly<Record<string, string>>);
  /** What is sent; also what `tiercel explain` shows. */
  body(batch: BatchContent<R>): string | Uint8Array;
  /** What an answer of 2xx means, for destinations that answer about each record. What it throws is `retry`. Default: delivered. */
  accepted?(response: Response, batch: Batch<R>): Delivery | Promise<Delivery>;
  /** Bodies of refusals that are `retry`, and not `rejected`: they speak about the destination, and not about the records. */
  readonly retryWhen?: RegExp;
  /**
   * Which request says that the destination is ready, by a 2xx. Default: `HEAD` to `url`, which need not succeed. It carries the
   * headers of the options and those of the exchange that are an object; its own replace them.
   */
  readonly check?: HttpCheck;
}

/**
 * An output that sends each batch as one request; with `request: { events: 1 }` in the definition, each event.
 *
 * @example
 * const toJson = recordJson(mapper);
 * const output = overHttp(http, {
 *   url: '/v1/events',
 *   headers: ({ id }) => ({ 'idempotency-key': id }),
 *   body: ({ records }) => `[${records.map(toJson).join(',')}]`,
 * });
 */
export function overHttp<R>(http: HttpClient, exchange: HttpExchange<R>): Output<R> {
  const { url = '', method, headers, accepted, retryWhen } = exchange;
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
    preview: (batch) => exchange.body(batch),
    diagnose: (_options, signal) =>
      probeHttp(http, check, signal, typeof headers === 'function' ? {} : headers),
  };
}
