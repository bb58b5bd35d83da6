import { isIP } from 'node:net';
import { isLoopback } from '../config/schema/address.ts';
import { Problem } from './problem.ts';
import type { Env } from './server.ts';

/** Required on every change: a web page cannot send a custom header to another origin without permission (CORS). */
export const CHANGE_HEADER = 'x-tiercel-request';

/** Checks a request to a listener for operators. @throws Problem 403 */
export type Guard = (method: string, headers: Headers, env: Env['Bindings'] | undefined) => void;

export interface GuardOptions {
  /**
   * Names and addresses that clients may use for a TCP listener, apart from those of this machine. Absent: a Unix socket,
   * which has no name.
   */
  readonly hosts?: readonly string[];
}

/** Wildcard addresses: a request with such a Host is not for this listener. */
const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);
const READS = new Set(['GET', 'HEAD']);
/** `none`: the address was typed. Clients other than browsers do not send the header. */
const OWN_SITE = new Set(['same-origin', 'none']);

/**
 * Makes the check that refuses web pages: a page in the browser of an operator must not reach the operations, neither
 * directly (CSRF) nor under a host name that resolves to this address (DNS rebinding). It does not replace credentials.
 */
export function createGuard({ hosts }: GuardOptions): Guard {
  const known = hosts && new Set(hosts.filter((host) => !EVERY_ADDRESS.has(host)).map(canonical));

  const checkHost = (host: string, env: Env['Bindings'] | undefined) => {
    const name = nameOf(host);
    if (name !== undefined) {
      if (isLoopback(name) || known!.has(name)) return;
      // The client used the address it is connected to: DNS rebinding needs a host name.
      const { localAddress = '' } = env?.incoming?.socket ?? {};
      if (isIP(name) !== 0 && name === canonical(localAddress)) return;
    }
    const reason = `the Host ${JSON.stringify(host)} is unknown here`;
    throw forbidden(reason, 'add its name to server.admin_hosts, or call localhost');
  };

  return (method, headers, env) => {
    const host = headers.get('host') ?? '';
    // As sent to a proxy: the host in it would count, and not the Host.
    if (env?.incoming?.url?.startsWith('/') === false)
      throw forbidden('the target of the request is not a path', 'send the path alone');
    if (known !== undefined) checkHost(host, env);
    const origin = headers.get('origin');
    const site = headers.get('sec-fetch-site');
    const isOwn = origin === null || (known !== undefined && isOriginOf(origin, host));
    if (!isOwn || (site !== null && !OWN_SITE.has(site))) {
      throw forbidden(
        'web pages of another origin are refused',
        'call it with a command of tiercel, or with curl',
      );
    }
    if (!READS.has(method) && headers.get(CHANGE_HEADER) === null)
      throw forbidden(`a change needs the header ${CHANGE_HEADER}`, `send ${CHANGE_HEADER}: 1`);
  };
}

function forbidden(reason: string, hint: string): Problem {
  return new Problem(403, { code: 'forbidden', reason, hint });
}

/** The name or address in a Host header, without the port; undefined when it is not one. */
function nameOf(host: string): string | undefined {
  const match = /^(\[[\da-f:.]+\]|[^\s:@/?#\\[\]]+)(:\d{1,5})?$/i.exec(host);
  return match === null ? undefined : canonical(match[1]!.replace(/^\[|\]$/g, ''));
}

/** Lower-cases a name. Shortens an IPv6 address; an IPv4-mapped one becomes the IPv4 address. */
function canonical(name: string): string {
  const lower = name.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  return isIP(lower) === 6 ? new URL(`http://[${lower}]`).hostname.slice(1, -1) : lower;
}

/** Whether a page was served under this Host. The scheme is not compared: TLS may end at a proxy. */
function isOriginOf(origin: string, host: string): boolean {
  const match = /^https?:\/\/(.+)$/.exec(origin);
  return match !== null && match[1]!.toLowerCase() === host.toLowerCase();
}
