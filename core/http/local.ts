import { isIP } from 'node:net';
import type { Env } from './env.ts';
import { Problem } from './problem.ts';

/**
 * Lets in only who is on this machine: what guards the operations where no credentials are configured. A web page
 * open on this machine is not let in: a browser names the page's origin, or reaches us under a name of its own.
 *
 * @throws Problem 403
 */
export function requireLocal(env: Env['Bindings'] | undefined, headers: Headers): void {
  const address = env?.incoming?.socket.remoteAddress ?? '';
  const host = (headers.get('host') ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const isKnownHost = host === 'localhost' || isIP(host) !== 0;
  if (isLoopback(address) && isKnownHost && headers.get('origin') === null) return;
  const reason = 'without server.auth this is served to programs on the same machine only';
  const hint = 'set server.auth, or call it on this machine: docker exec, kubectl exec';
  throw new Problem(403, { code: 'forbidden', reason, hint });
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
