import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem, type Refused } from './problem.ts';

/** The paths of health probes, which need neither credentials nor a certificate. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/ping']);

/** The accepted credentials: any of these. Falco can send Basic only, as `http://user:password@host` in its url. */
export interface AuthOptions {
  readonly bearer?: readonly string[];
  readonly basic?: readonly { readonly username: string; readonly password: string }[];
  /** Where they are configured, for the hint; default `server.auth`. */
  readonly setting?: string;
}

/** Checks an `Authorization` header. @param refused the events of the request @throws Problem 401 when it is absent or wrong */
export type CheckAuth = (header: string | undefined, refused?: Refused) => void;

/**
 * Makes the check of an `Authorization` header.
 *
 * All digests are compared, in constant time, so that neither the length nor the first wrong character of a secret can be
 * measured.
 */
export function createAuth(options: AuthOptions): CheckAuth {
  const basic = (options.basic ?? []).map(({ username, password }) =>
    digest(`basic ${Buffer.from(`${username}:${password}`).toString('base64')}`),
  );
  const accepted = [...(options.bearer ?? []).map((token) => digest(`bearer ${token}`)), ...basic];
  const schemes = [...(options.bearer?.length ? ['Bearer'] : []), ...(basic.length > 0 ? ['Basic'] : [])];
  const challenge = schemes.map((scheme) => `${scheme} realm="tiercel"`).join(', ');

  return (header = '', refused) => {
    const blank = header.indexOf(' ');
    const given = digest(`${header.slice(0, blank).toLowerCase()} ${header.slice(blank + 1).trim()}`);
    let known = false;
    for (const secret of accepted) known = timingSafeEqual(secret, given) || known;
    if (known) return;
    const reason = header === '' ? 'no Authorization header' : 'the credentials are wrong';
    const hint = `send ${schemes.join(' or ')} credentials as configured in ${options.setting ?? 'server.auth'}`;
    const headers = { 'www-authenticate': challenge };
    throw new Problem(401, { code: 'unauthorized', reason, hint }, headers, refused);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
