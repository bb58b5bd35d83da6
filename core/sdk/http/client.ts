import type { IncomingMessage } from 'node:http';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Clock, systemClock } from '../contract/clock.ts';
import type { AnswerRules, HttpClient, RequestDetails } from '../contract/http.ts';
import { type Delivery, type Failure, retry } from '../contract/verdicts.ts';
import { readTls } from '../options/tls.ts';
import { AuthError, type AuthSurroundings, retryAfterFailure } from './auth/auth.ts';
import { createAuth } from './auth/create.ts';
import type { HttpOptions } from './options.ts';
import { type AnswerHead, nameAnswerer } from './transport/answerer.ts';
import { basicAuthOf, headerForms } from './transport/credentials.ts';
import { describeFailure } from './transport/failure.ts';
import { lowerCase } from './transport/headers.ts';
import { joinUrl } from './transport/join-url.ts';
import { NO_ANSWER } from './transport/own-words.ts';
import { secretsOfUrl } from './transport/redact.ts';
import { fromMessage, fromResponse, toResponse } from './transport/response.ts';
import { httpTransport } from './transport/transport.ts';

const compress = promisify(gzip);

/** The client of an output, and how its owner closes it. */
export interface OwnedHttpClient extends HttpClient {
  /** Closes the kept connections; what is under way fails. */
  close(): void;
}

/** What the client of an output works with. */
export interface HttpSurroundings {
  /** Where relative file names start. */
  readonly configDir: string;
  readonly clock?: Clock;
  /** Loads a package that is not installed with this one. Default: the import. */
  readonly load?: AuthSurroundings['load'];
}

/** Where a request goes. */
interface Target {
  readonly url: URL;
  /** What the address must not give away. */
  readonly secrets: readonly string[];
  /** Without user name and password: the platform fails on a percent sign in them. */
  readonly bare: URL;
  /** The header made of them. */
  readonly authorization: string | undefined;
}

/** The answer to a request was 401, and other credentials can be fetched. */
const REFUSED = Symbol('refused');

/**
 * Makes the HTTP client of an output; `context.http` is one.
 *
 * @param options decoded, of `httpOptions`; `url` is the base of relative addresses
 * @throws Error when options cannot be combined, or a variable of the environment is not the address of an HTTP proxy
 */
export function httpClient(options: HttpOptions, surroundings: HttpSurroundings): OwnedHttpClient {
  refuseContradictions(options);
  const { configDir, clock = systemClock, load = (_, peer) => peer() } = surroundings;
  const transport = httpTransport(options, surroundings);
  const auth = options.auth && createAuth(options.auth, { transport, clock, configDir, load });
  const ownHeaders = lowerCase(options.headers);
  const ownSecrets = Object.values(ownHeaders).flatMap(headerForms);
  let latest: { readonly address: string; readonly target: Target } | undefined;

  /** @throws Error when the address is relative and the output has no option `url` */
  function targetOf(address: string): Target {
    if (latest?.address === address) return latest.target;
    const { url, secrets } = absolute(address, options.url);
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    const target = { url, secrets, bare, authorization: basicAuthOf(url) };
    latest = { address, target };
    return target;
  }

  function redactAt(text: string, { url, secrets }: Target): string {
    return transport.redact(text, url, [...ownSecrets, ...(auth?.secrets() ?? []), ...secrets]);
  }

  /** An error thrown while reading the answer fails the request. */
  async function exchange<T>(
    target: Target,
    details: RequestDetails,
    signal: AbortSignal,
    readAnswer: (answer: IncomingMessage) => T | Promise<T>,
  ): Promise<T> {
    const { url, bare, authorization } = target;
    const method = details.method ?? 'POST';
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'user-agent': 'tiercel',
      ...lowerCase(details.headers),
      ...(authorization !== undefined && { authorization }),
      ...ownHeaders,
    };
    let body = typeof details.body === 'string' ? Buffer.from(details.body) : details.body;
    if (body === undefined) delete headers['content-type'];
    else if (options.gzip === true) {
      body = await compress(body);
      headers['content-encoding'] = 'gzip';
    }
    try {
      for (let isFirst = true; ; isFirst = false) {
        const credentials = await auth?.credentials({ method, url: bare, headers, body }, signal);
        const wire = { method, url: bare, headers: { ...headers, ...credentials?.headers }, body };
        const answer = await transport.send<T | typeof REFUSED>(wire, signal, async (incoming) => {
          if (incoming.statusCode !== 401 || !isFirst || credentials?.refused === undefined)
            return readAnswer(incoming);
          await fromMessage(incoming);
          return REFUSED;
        });
        if (answer !== REFUSED) return answer;
        credentials!.refused!();
      }
    } catch (error) {
      if (error instanceof AuthError)
        throw new AuthError(redactAt(error.message, target), { denied: error.denied, after: error.after });
      if (signal.aborted) throw new Error(`${url.host}: ${NO_ANSWER}`, { cause: error });
      throw new Error(`${url.host}: ${redactAt(describeFailure(error), target)}`);
    }
  }

  async function send(
    address: string,
    details: RequestDetails & AnswerRules,
    signal: AbortSignal,
  ): Promise<Delivery> {
    const { accepted, retryWhen } = details;
    try {
      const target = targetOf(address);
      const redact = (text: string) => redactAt(text, target);
      let head: AnswerHead = { status: 200, header: () => undefined };
      const delivery = await exchange(target, details, signal, (answer) => {
        head = { status: answer.statusCode ?? 0, header: (name) => answer.headers[name]?.toString() };
        if (isSuccess(answer)) return accepted ? judge(answer, accepted) : fromMessage(answer);
        return retryWhen ? judgeRefusal(answer, retryWhen, redact) : fromMessage(answer, redact);
      });
      const way = { url: target.url, proxy: transport.proxyOf(target.url) };
      return withReasons(delivery, redact, (reason) => nameAnswerer(reason, way, head));
    } catch (error) {
      return retryAfterFailure(error);
    }
  }

  return {
    send,
    post: (address, body, signal, headers) => send(address, { body, ...(headers && { headers }) }, signal),
    request: async (address, details, signal) => exchange(targetOf(address), details, signal, toResponse),
    route(address) {
      const { bare: url } = targetOf(address);
      return { url, proxy: transport.proxyOf(url), readTls: () => readTls(options.tls ?? {}, configDir) };
    },
    redact: (text, address = '') => redactAt(text, targetOf(address)),
    close() {
      auth?.close?.();
      transport.close();
    },
  };
}

/** The path that the output adds is not secret, other than the address of the options and what parameters say. */
function absolute(address: string, base: string | undefined): Pick<Target, 'url' | 'secrets'> {
  if (address !== '' && !address.startsWith('/')) {
    const url = new URL(address);
    return { url, secrets: secretsOfUrl(url) };
  }
  if (base === undefined)
    throw new Error(`the address ${JSON.stringify(address)} is relative, and the output has no option "url"`);
  const url = joinUrl(base, address);
  return { url, secrets: [...secretsOfUrl(new URL(base)), ...url.searchParams.values()] };
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** What the output makes of a success; an answer that it cannot read says nothing about the events. */
async function judge(
  answer: IncomingMessage,
  accepted: (response: Response) => Delivery | Promise<Delivery>,
): Promise<Delivery> {
  const response = toResponse(answer);
  try {
    return await accepted(response);
  } catch (error) {
    return retry(`the answer cannot be read: ${describeFailure(error)}`);
  } finally {
    // An answer that is not read would keep its connection from being used again.
    if (!response.bodyUsed) await fromResponse(response);
  }
}

/** What an answer means that is no success, by its status and its body. */
async function judgeRefusal(
  answer: IncomingMessage,
  retryWhen: RegExp,
  redact: (text: string) => string,
): Promise<Delivery> {
  const response = toResponse(answer);
  // A body that breaks off does not change what the status says.
  const body = await response.text().catch(() => '');
  const delivery = await fromResponse(new Response(redact(body) || null, response));
  return delivery.status === 'rejected' && retryWhen.test(body) ? retry(delivery.reason) : delivery;
}

/** The delivery, its reasons redacted; the reason for all of it names who answered. */
function withReasons(
  delivery: Delivery,
  redact: (reason: string) => string,
  withAnswerer: (reason: string) => string,
): Delivery {
  const of = (failures: readonly Failure[]) =>
    failures.map(({ index, reason }) => ({ index, reason: redact(String(reason)) }));
  const { rejected } = delivery as { readonly rejected?: readonly Failure[] };
  const failures = rejected === undefined ? {} : { rejected: of(rejected) };
  if (delivery.status === 'delivered')
    return rejected === undefined ? delivery : { ...delivery, ...failures };
  return { ...delivery, ...failures, reason: withAnswerer(redact(String(delivery.reason))) };
}

function refuseContradictions({ tls, auth, headers = {} }: HttpOptions): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      // The platform's words would show the value.
      throw new Error(
        `headers: ${JSON.stringify(name)} is not a header, or its value holds a line break or the like`,
      );
    }
    if (auth !== undefined && (name.toLowerCase() === 'authorization' || isSame(name, auth.header?.name)))
      throw new Error(`headers: ${name} and auth cannot be combined: leave one of them out`);
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined))
    throw new Error('tls.cert and tls.key need each other');
}

function isSame(name: string, other: string | undefined): boolean {
  return name.toLowerCase() === other?.toLowerCase();
}
