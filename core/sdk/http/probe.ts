import type { HttpClient, HttpRoute } from '../contract/http.ts';
import type { Finding } from '../contract/output.ts';
import { reach } from './reach.ts';
import { nameAnswerer } from './transport/answerer.ts';
import { describeFailure } from './transport/failure.ts';
import { lowerCase } from './transport/headers.ts';
import { STATUS_ADVICE } from './transport/own-words.ts';
import { fromResponse } from './transport/response.ts';

/** A request that changes nothing and is answered with 2xx by a destination that is ready. */
export interface HttpCheck {
  /** Absolute, or joined to the option `url`. */
  readonly url: string;
  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What is wrong by an answer of 2xx, for destinations that say it there, and what to do; undefined: nothing. */
  problem?(response: Response): Promise<string | undefined>;
}

/** A clock that is off by more than this is a warning: tokens and signatures are refused then. Milliseconds. */
const SKEW = 60_000;

/**
 * Looks at an HTTP server step by step, the way deliveries go, through the same proxy and with the same certificates and
 * credentials: its name, a connection, TLS, a request. Yields findings and never throws.
 *
 * @param check a request that a destination which is ready answers with 2xx; or an address alone: `HEAD` to it, which changes
 *   nothing. A receiver of webhooks refuses the method, which shows that it speaks HTTP
 * @param headers that deliveries have as well, such as a version of the API; those of the check replace them
 * @example for await (const { status, line } of probeHttp(http, { url: '/-/ready' }, signal)) log.info({ status }, line)
 */
export async function* probeHttp(
  http: Pick<HttpClient, 'request' | 'route' | 'redact'>,
  check: string | HttpCheck,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<Finding> {
  const what = 'request';
  const {
    url,
    method,
    headers: own,
    body,
    problem,
  }: HttpCheck & { method: string } = typeof check === 'string'
    ? { url: check, method: 'HEAD' }
    : { method: 'GET', ...check };
  let route: HttpRoute;
  try {
    route = http.route(url);
  } catch (error) {
    yield { status: 'failed', what: 'address', line: (error as Error).message };
    return;
  }
  if (!(yield* reachUrl(route, signal))) return;
  const { host } = route.url;
  const way = route.proxy === undefined ? '' : `; through the proxy ${route.proxy.host}`;
  let response: Response;
  try {
    response = await http.request(
      url,
      { method, headers: { ...lowerCase(headers), ...lowerCase(own) }, ...(body !== undefined && { body }) },
      signal,
    );
  } catch (error) {
    const line = signal.aborted ? `${host} does not answer in time` : (error as Error).message;
    yield { status: 'failed', what, line: `${line}${way}` };
    return;
  }
  const wrong = response.ok ? await problem?.(response.clone()).catch(describeFailure) : undefined;
  const answer = await describeAnswer(response, method, typeof check !== 'string');
  if (wrong !== undefined) {
    yield { status: 'failed', what, line: `${host} ${http.redact(wrong, url)}${way}` };
    return;
  }
  const head = { status: response.status, header: (name: string) => response.headers.get(name) };
  const said = http.redact(answer.line, url);
  const named = nameAnswerer(said, route, head);
  // Where the proxy may have answered, it is named already.
  yield { status: answer.status, what, line: named === `${host} ${said}` ? named + way : named };
  const clock = skewOf(response.headers.get('date'), Date.now());
  if (clock !== undefined) yield clock;
}

/**
 * The steps before a request, for clients that send it themselves: name, connection and TLS of the way to an address.
 *
 * @returns whether every step passed
 * @example
 * async function* diagnose(signal: AbortSignal) {
 *   const readOptions = () => readTls(options.tls, context.configDir);
 *   const route = { url: new URL(options.endpoint), proxy: undefined, readTls: readOptions };
 *   if (yield* reachUrl(route, signal)) yield { status: 'ok', what: 'key', line: 'it may send' };
 * }
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

/**
 * What an answer says of the destination.
 *
 * @param isStrict only a 2xx will do; what the destination says otherwise is quoted
 */
async function describeAnswer(
  response: Response,
  method: string,
  isStrict: boolean,
): Promise<Pick<Finding, 'status' | 'line'>> {
  const { status } = response;
  const answer = `answered ${status} to ${method}`;
  const advice = STATUS_ADVICE[status];
  if (isStrict) {
    const delivery = await fromResponse(response);
    if (delivery.status === 'delivered') return { status: 'ok', line: answer };
    // The account may be allowed to deliver, and nothing else.
    if (status === 403)
      return {
        status: 'not_checked',
        line: `${answer}: the credentials may not ask this; whether they may deliver shows with the first event`,
      };
    return { status: 'failed', line: `${delivery.reason}${advice === undefined ? '' : `: ${advice}`}` };
  }
  await response.body?.cancel().catch(() => {});
  if (status >= 200 && status < 300) return { status: 'ok', line: answer };
  if (advice !== undefined) return { status: 'failed', line: `${answer}: ${advice}` };
  if (status === 404) {
    const line = `${answer}: it speaks HTTP; if deliveries are answered 404 too, check the path of the address`;
    return { status: 'ok', line };
  }
  if (status === 429) return { status: 'warning', line: `${answer}: it limits the rate of requests now` };
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
