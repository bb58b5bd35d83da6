import type { Finding } from '../contract/output.ts';
import type { HttpClient } from './client.ts';
import { type HttpRoute, reach } from './reach.ts';

/** The request of a check. */
export interface ProbeRequest {
  /** Default `HEAD`. It must leave nothing at the destination. */
  readonly method?: string;
}

/** A clock that is off by more than this is a warning: tokens and signatures are refused then. Milliseconds. */
const SKEW = 60_000;

/**
 * Looks at an HTTP server step by step, the way deliveries go, through the same proxy and with the same certificates and
 * credentials: its name, a connection, TLS, a request. The request is a HEAD, which changes nothing at the server; a receiver of
 * webhooks refuses the method, which shows that it speaks HTTP. Yields findings and never throws.
 *
 * @param url as for {@link HttpClient.request}
 * @example diagnose: (_options, signal) => probeHttp(context.http, options.url, signal)
 */
export async function* probeHttp(
  http: Pick<HttpClient, 'request' | 'route'>,
  url: string,
  signal: AbortSignal,
  { method = 'HEAD' }: ProbeRequest = {},
): AsyncGenerator<Finding> {
  let route: HttpRoute;
  try {
    route = http.route(url);
  } catch (error) {
    yield { status: 'failed', what: 'address', line: (error as Error).message };
    return;
  }
  if (!(yield* reachUrl(route, signal))) return;
  const way = route.proxy === undefined ? '' : ` through the proxy ${route.proxy.host}`;
  let response: Response;
  try {
    response = await http.request(url, { method }, signal);
  } catch (error) {
    const line = signal.aborted ? `${route.url.host} does not answer in time` : (error as Error).message;
    yield { status: 'failed', what: 'request', line: `${line}${way}` };
    return;
  }
  await response.body?.cancel().catch(() => {});
  const { status, line } = describeAnswer(response.status, method);
  // A proxy of plain HTTP answers like the server; a tunnel is refused before the request.
  const whose =
    way === '' || response.ok || route.url.protocol === 'https:' ? '' : ', which may have answered itself';
  yield { status, what: 'request', line: `${route.url.host} answered ${line}${way && `;${way}${whose}`}` };
  const clock = skewOf(response.headers.get('date'), Date.now());
  if (clock !== undefined) yield clock;
}

/**
 * The steps before a request, for clients that send it themselves: name, connection and TLS of the way to an address.
 *
 * @returns whether every step passed
 * @example if (yield* reachUrl({ url: new URL(endpoint), proxy: undefined, readTls: () => readTls({}, configDir) }, signal)) { … }
 */
export async function* reachUrl(
  { url, proxy, readTls }: HttpRoute,
  signal: AbortSignal,
): AsyncGenerator<Finding, boolean> {
  const isSecure = url.protocol === 'https:';
  return yield* reach(
    {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || (isSecure ? 443 : 80)),
      tls: isSecure ? readTls : undefined,
      proxy,
    },
    signal,
  );
}

/** What a status says of the destination; see `docs/cli.md`. */
function describeAnswer(status: number, method: string): Pick<Finding, 'status' | 'line'> {
  const answer = `${status} to ${method}`;
  if (status >= 200 && status < 300) return { status: 'ok', line: answer };
  switch (status) {
    case 401:
      return {
        status: 'failed',
        line: `${answer}: the credentials are missing or wrong: check auth, headers and the address`,
      };
    case 403:
      return {
        status: 'failed',
        line: `${answer}: the credentials may not do this: check auth, headers, the address and the rights of the account`,
      };
    case 407:
      return {
        status: 'failed',
        line: `${answer}: the proxy demands other credentials: check user name and password in the address of the proxy`,
      };
    case 404:
      return {
        status: 'ok',
        line: `${answer}: it speaks HTTP; if deliveries are answered 404 too, check the path of the address`,
      };
    case 429:
      return { status: 'warning', line: `${answer}: it limits the rate of requests now` };
    case 502:
    case 503:
    case 504:
      return { status: 'failed', line: `${answer}: the service behind the address is not available` };
  }
  if (status >= 300 && status < 400)
    return { status: 'warning', line: `${answer}: deliveries do not follow redirects; check the address` };
  if (status >= 500 && status !== 501)
    return { status: 'warning', line: `${answer}: the server has an error, or does not know the method` };
  return { status: 'ok', line: `${answer}: it speaks HTTP and takes other requests` };
}

/** A warning where the clock of this machine and that of the server differ. @param date the header `Date` */
function skewOf(date: string | null, now: number): Finding | undefined {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  const off = now - theirs;
  if (Number.isNaN(off) || Math.abs(off) <= SKEW) return undefined;
  const minutes = Math.round(Math.abs(off) / 60_000);
  const line = `the clock of this machine is ${minutes} min ${off > 0 ? 'ahead of' : 'behind'} that of the server: synchronise it`;
  return { status: 'warning', what: 'clock', line };
}
