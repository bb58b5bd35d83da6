import { type Clock, systemClock } from '../sdk/contract/clock.ts';
import type { Answer, ReceivedRequest } from './http-destination.ts';

/** Where tokens are issued, at the destination itself. */
export const TOKEN_PATH = '/tiercel-testing/token';

/** How tokens are issued. */
export interface TokenOptions {
  /** How long a token is good, milliseconds. Default: an hour. */
  readonly tokenLifetime?: number;
  /** What the lifetime is measured by: give the output the same one in its context. Default: the clock of the system. */
  readonly clock?: Clock;
}

/** Issues tokens for OAuth2 client credentials, and knows its own. */
export interface TokenEndpoint {
  /** Every token that was issued, in order. */
  readonly tokens: readonly string[];
  /** The answer to a request for a token. */
  issue(request: Pick<ReceivedRequest, 'method' | 'headers' | 'body'>): Exclude<Answer, string>;
  /** Refuses from now on all tokens issued until now, before they expire. */
  revoke(): void;
  /** Whether the request has a token that was issued here and has expired or was revoked. */
  isRefused(request: Pick<ReceivedRequest, 'headers'>): boolean;
}

/** Makes the token endpoint of a destination: client credentials by header or body (RFC 6749, 4.4), whatever they are. */
export function createTokenEndpoint({
  tokenLifetime = 3_600_000,
  clock = systemClock,
}: TokenOptions = {}): TokenEndpoint {
  const expiries = new Map<string, number>();
  const tokens: string[] = [];
  return {
    tokens,
    issue({ method, headers, body }) {
      const form = new URLSearchParams(body);
      if (method !== 'POST' || form.get('grant_type') !== 'client_credentials')
        return failure(400, 'unsupported_grant_type');
      if (
        !/^Basic ./.test(headers.authorization ?? '') &&
        !(form.get('client_id') && form.get('client_secret'))
      )
        return failure(401, 'invalid_client');
      const token = `issued-token-${tokens.length + 1}`;
      tokens.push(token);
      expiries.set(token, clock.now() + tokenLifetime);
      const answer = { access_token: token, token_type: 'Bearer', expires_in: tokenLifetime / 1000 };
      return { status: 200, body: JSON.stringify(answer) };
    },
    revoke() {
      for (const token of tokens) expiries.set(token, Number.NEGATIVE_INFINITY);
    },
    isRefused({ headers }) {
      const [, token = ''] = /^Bearer (.*)$/i.exec(headers.authorization ?? '') ?? [];
      return clock.now() >= (expiries.get(token) ?? Number.POSITIVE_INFINITY);
    },
  };
}

function failure(status: number, error: string): Exclude<Answer, string> {
  return { status, body: JSON.stringify({ error }) };
}
