import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { type Certificate, connect as connectTls, type TLSSocket } from 'node:tls';
import type { Finding } from '../contract/output.ts';
import type { readTls } from '../options/tls.ts';
import { adviseOnFailure, describeFailure } from './transport/failure.ts';
import { TunnelAgent } from './transport/tunnel.ts';

/** Where a connection goes. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Gives the options of `node:tls`, where the connection uses TLS from its start; usually `() => readTls(tls, configDir)`. */
  readonly tls?: (() => ReturnType<typeof readTls>) | undefined;
  /** An HTTP proxy that stands between: `http://user:password@host:port`. */
  readonly proxy?: URL | undefined;
  /** UDP has no connection: only the name is looked up. Default `tcp`. */
  readonly protocol?: 'tcp' | 'udp';
}

/** The most that one step may take, milliseconds. */
const STEP = 10_000;
/** Addresses of a name that are shown. */
const SHOWN = 3;
const DAY = 24 * 60 * 60 * 1000;
/** A certificate that expires within this number of days is a warning. */
const EXPIRY_DAYS = 30;

/**
 * Looks step by step whether an address can be reached: its name is looked up, a connection is opened and closed, with TLS the
 * server's certificate is shown and verified. Sends nothing but the handshakes. A step that fails is the last one.
 *
 * @returns whether every step passed
 * @example
 * async function* diagnose(signal: AbortSignal) {
 *   const { host, port, tls } = options;
 *   const isReached = yield* reach({ host, port, tls: () => readTls(tls, context.configDir) }, signal);
 *   if (isReached) yield { status: 'ok', what: 'login', line: 'the user may write' };
 * }
 */
export async function* reach(address: Address, signal: AbortSignal): AsyncGenerator<Finding, boolean> {
  const { host, port, proxy } = address;
  const next =
    proxy === undefined ? { host, port } : { host: bare(proxy.hostname), port: Number(proxy.port || 80) };
  const whose = proxy === undefined ? '' : 'the proxy ';
  if (isIP(next.host) === 0) {
    const found = yield* step('name', signal, async (within) => {
      const all = await within(lookup(next.host, { all: true }));
      const addresses = all.slice(0, SHOWN).map((one) => one.address);
      const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : '';
      return ok('name', `${whose}${next.host} is ${addresses.join(', ')}${more}`);
    });
    if (!found) return false;
  }
  if (address.protocol === 'udp') {
    const line = `${place(next)}: UDP has no acknowledgement, so it cannot be checked whether events arrive`;
    yield { status: 'not_checked', what: 'connection', line };
    return true;
  }
  const connected = yield* step('connection', signal, async (within) => {
    const socket = connectTcp(next);
    try {
      await within(once(socket, 'connect'));
      const real = socket.remoteAddress ?? next.host;
      return ok('connection', `${whose}${place({ host: real, port: next.port })} accepts connections`);
    } catch (error) {
      throw new Error(`${whose}${place(next)}: ${adviseOnFailure(error)}`, { cause: error });
    } finally {
      socket.destroy();
    }
  });
  if (!connected || address.tls === undefined) return connected;
  return yield* step('TLS', signal, async (within) => {
    const tls = address.tls!();
    const socket = await within(openTls(address, tls, signal));
    try {
      return describeTls(socket, tls.rejectUnauthorized);
    } finally {
      socket.destroy();
    }
  });
}

/** A finding about the end of a certificate's time. @param until epoch milliseconds */
export function describeExpiry(until: number, now: number): Pick<Finding, 'status' | 'line'> {
  const date = new Date(until).toISOString().slice(0, 10);
  const days = Math.floor((until - now) / DAY);
  if (until <= now) return { status: 'failed', line: `expired on ${date}: renew it` };
  if (days >= EXPIRY_DAYS) return { status: 'ok', line: `valid until ${date}` };
  const left = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return { status: 'warning', line: `valid until ${date}, ${left} from now: renew it` };
}

type Within = <T>(work: Promise<T>) => Promise<T>;

/** One step: its finding, or its failure as a finding. @returns whether it passed */
async function* step(
  what: string,
  signal: AbortSignal,
  work: (within: Within) => Promise<Finding>,
): AsyncGenerator<Finding, boolean> {
  let finding: Finding;
  try {
    finding = await work((promise) => limited(promise, signal));
  } catch (error) {
    const line = (error as Error).cause === undefined ? adviseOnFailure(error) : (error as Error).message;
    finding = line.startsWith('proxy ')
      ? { status: 'failed', what: 'proxy', line: adviceOfProxy(line) }
      : { status: 'failed', what, line };
  }
  yield finding;
  return finding.status !== 'failed';
}

/** Rejects at the abort, and when the work takes longer than a step may. */
async function limited<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let end = () => {};
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () =>
      reject(new Error('no answer: a firewall may drop the packets, or the address is wrong'));
    end = fail;
    timer = setTimeout(fail, STEP);
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    work.catch(() => {});
  }
}

/** Not verified by the handshake: a certificate that is refused is shown, too. */
function openTls(
  { host, port, proxy }: Address,
  tls: ReturnType<typeof readTls>,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const options = { ...tls, rejectUnauthorized: false };
  const servername = isIP(host) === 0 ? host : '';
  if (proxy === undefined) {
    const socket = connectTls({ ...options, host, port, servername });
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    return once(socket, 'secureConnect');
  }
  const agent = new TunnelAgent(proxy, options, STEP);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => agent.destroy(), { once: true });
    agent.createConnection({ host, port, servername }, (error, socket) =>
      error === null ? resolve(socket as TLSSocket) : reject(error),
    );
  });
}

/** What the server showed of itself, and whether deliveries accept it. */
function describeTls(socket: TLSSocket, isVerified: boolean): Finding {
  const what = 'TLS';
  const certificate = socket.getPeerCertificate();
  const protocol = socket.getProtocol() ?? 'TLS';
  const subject = nameOf(certificate?.subject) ?? certificate?.subjectaltname;
  // Not every runtime shows the certificate of the other side.
  if (certificate?.valid_to === undefined)
    return ok(what, `${protocol}; this runtime does not show the certificate`);
  const shown = `${protocol}, certificate of ${subject ?? '(no name)'} by ${nameOf(certificate.issuer) ?? '(no name)'}`;
  const expiry = describeExpiry(Date.parse(certificate.valid_to), Date.now());
  const refusal = socket.authorized ? undefined : socket.authorizationError;
  if (refusal !== undefined && refusal !== null && isVerified) {
    const code =
      typeof refusal === 'string' ? refusal : ((refusal as { code?: string }).code ?? String(refusal));
    return { status: 'failed', what, line: `${shown}: ${whyRefused(code, expiry)}` };
  }
  if (!isVerified) {
    const line = `${shown}, not verified (tls.insecure): an attacker in between can read the events`;
    return { status: 'warning', what, line };
  }
  return { status: expiry.status, what, line: `${shown}, ${expiry.line}` };
}

/** Which code a certificate that has expired is refused with depends on the runtime, and on what else is wrong. */
function whyRefused(code: string, expiry: Pick<Finding, 'status' | 'line'>): string {
  if (expiry.status === 'failed') return `the server's certificate ${expiry.line} (${code})`;
  if (code === 'CERT_HAS_EXPIRED')
    return `${code}: an authority of the server's certificate has expired: renew it`;
  return describeFailure({ code, message: code });
}

/** The common name of a subject or issuer, else its organisation. */
function nameOf(name: Pick<Certificate, 'CN' | 'O'> | undefined): string | undefined {
  const said = name?.CN ?? name?.O;
  return said === undefined ? undefined : `"${said}"`;
}

/** A tunnel that is not opened is the affair of the proxy. @param line as the tunnel says it: `proxy HOST: answered 403 to CONNECT …` */
function adviceOfProxy(line: string): string {
  const said = line.slice('proxy '.length);
  return /answered (?!407)\d+ to CONNECT/.test(said)
    ? `${said}: allow the destination at the proxy, or set proxy or NO_PROXY so that it is not used`
    : said;
}

function once<S extends { once(event: string, listener: (error?: Error) => void): unknown }>(
  socket: S,
  event: string,
): Promise<S> {
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => reject(error));
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once(event, () => resolve(socket));
  });
}

function ok(what: string, line: string): Finding {
  return { status: 'ok', what, line };
}

function place({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
