import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from './problem.ts';
import { UNAUTHORIZED } from './refusals.ts';

/** Who may call: any of these. Falco can send Basic only, as `http://user:password@host` in its url. */
export interface AuthOptions {
  readonly bearer?: readonly string[];
  readonly basic?: readonly { readonly username: string; readonly password: string }[];
  /** Where they are configured, for the hint; default `server.auth`. */
  readonly setting?: string;
}

/**
 * Makes the check of an `Authorization` header.
 *
 * Digests are compared, all of them, in constant time: neither the length nor the first different character of a
 * secret can be measured from outside.
 *
 * @returns a function that throws Problem 401 when the header is absent or wrong
 */
export function createAuth(options: AuthOptions): (header: string | undefined) => void {
  const basic = (options.basic ?? []).map(({ username, password }) =>
    digest(`basic ${Buffer.from(`${username}:${password}`).toString('base64')}`),
  );
  const accepted = [...(options.bearer ?? []).map((token) => digest(`bearer ${token}`)), ...basic];
  const schemes = [...(options.bearer?.length ? ['Bearer'] : []), ...(basic.length > 0 ? ['Basic'] : [])];
  const challenge = schemes.map((scheme) => `${scheme} realm="tiercel"`).join(', ');

  return (header = '') => {
    const blank = header.indexOf(' ');
    const given = digest(`${header.slice(0, blank).toLowerCase()} ${header.slice(blank + 1).trim()}`);
    let known = false;
    for (const secret of accepted) known = timingSafeEqual(secret, given) || known;
    if (known) return;
    const reason = header === '' ? 'no Authorization header' : 'the credentials are wrong';
    const hint = `send ${schemes.join(' or ')} credentials as configured in ${options.setting ?? 'server.auth'}`;
    const headers = { 'www-authenticate': challenge };
    throw new Problem(401, { code: 'unauthorized', reason, hint }, headers, UNAUTHORIZED);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
