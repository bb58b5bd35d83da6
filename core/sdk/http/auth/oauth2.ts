import type { Static } from 'typebox';
import { secret } from '../../options/scalars.ts';
import { Type } from '../../options/type.ts';
import { nameAnswerer } from '../transport/answerer.ts';
import { basicAuth, credentialsOf, headerForms } from '../transport/credentials.ts';
import { describeFailure } from '../transport/failure.ts';
import { httpUrl } from '../transport/options.ts';
import { NO_ANSWER } from '../transport/own-words.ts';
import { redactor } from '../transport/redact.ts';
import { parseRetryAfter, toResponse } from '../transport/response.ts';
import { type Auth, AuthError, type AuthSurroundings } from './auth.ts';
import { type Lease, renewedBearer } from './renewal.ts';

export const oauth2Option = Type.Object(
  {
    token_url: httpUrl({
      description: 'The token endpoint.',
      examples: ['https://login.example.com/oauth2/token'],
    }),
    client_id: Type.String({ minLength: 1, description: 'Client id.' }),
    client_secret: secret({ minLength: 1, description: 'Client secret.' }),
    client_authentication: Type.Enum(['header', 'body'], {
      default: 'header',
      advanced: true,
      description:
        'Where id and secret are sent: in the header `Authorization` (`client_secret_basic`), or in the body (`client_secret_post`).',
    }),
    scopes: Type.Optional(
      Type.Array(Type.String({ minLength: 1, pattern: '^\\S+$' }), {
        minItems: 1,
        description: 'Scopes to ask for.',
        examples: [['events.write']],
      }),
    ),
    audience: Type.Optional(
      Type.String({ minLength: 1, description: 'Audience to ask for, where the server wants one (Auth0).' }),
    ),
    parameters: Type.Optional(
      Type.Record(Type.String(), Type.String({ secret: true }), {
        advanced: true,
        description: 'Further parameters of the token request. Their values are kept out of logs.',
        examples: [{ resource: 'https://api.example.com' }],
      }),
    ),
  },
  {
    advanced: true,
    description: 'OAuth 2.0 client credentials (RFC 6749, 4.4). The token is renewed before it expires.',
  },
);

type OAuth2Options = Static<typeof oauth2Option>;

/** The longest error of a token endpoint that is quoted. */
const QUOTED = 200;

/** Sends a token that a token endpoint issues for client id and secret. The request takes the output's proxy and certificates. */
export function oauth2(
  options: OAuth2Options,
  { transport, clock }: Pick<AuthSurroundings, 'transport' | 'clock'>,
): Auth {
  const url = new URL(options.token_url);
  const authorization = basicAuth(formEncoded(options.client_id), formEncoded(options.client_secret));
  const secrets = [
    options.client_secret,
    formEncoded(options.client_secret),
    ...headerForms(authorization),
    ...Object.values(options.parameters ?? {}),
    ...credentialsOf(url),
    ...url.searchParams.values(),
  ];
  const redact = (text: string) => transport.redact(redactor(secrets)(text), url);
  const fail = (
    reason: string,
    details: { denied?: boolean; after?: number | undefined; cause?: unknown } = {},
  ) => new AuthError(redact(`auth.oauth2: ${reason}`), details);

  async function fetchToken(signal: AbortSignal): Promise<Lease<string>> {
    const isHeader = options.client_authentication !== 'body';
    const request = {
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        'user-agent': 'tiercel',
        ...(isHeader && { authorization }),
      },
      body: Buffer.from(formOf(options, isHeader).toString()),
    };
    let answer: Response;
    let text: string;
    const sentAt = clock.now();
    try {
      answer = await transport.send(request, signal, toResponse);
      text = await answer.text();
    } catch (cause) {
      throw fail(`${url.host} gave no token: ${signal.aborted ? NO_ANSWER : describeFailure(cause)}`, {
        cause,
      });
    }
    const said = parsed(text);
    if (!answer.ok) {
      // 400 is a refusal as well: invalid_client, invalid_scope (RFC 6749, 5.2).
      const denied = [400, 401, 403].includes(answer.status);
      const after = parseRetryAfter(answer.headers.get('retry-after'), clock.now());
      const advice = denied ? '; check auth.oauth2' : '';
      const way = { url, proxy: transport.proxyOf(url) };
      const head = { status: answer.status, header: (name: string) => answer.headers.get(name) };
      const reason = `answered ${answer.status} ${errorOf(said, text, redact)}`.trimEnd() + advice;
      throw fail(nameAnswerer(reason, way, head), { denied, after });
    }
    const { access_token: value, token_type: type = 'Bearer', expires_in: seconds } = said;
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
      throw fail(`${url.host} answered without an access_token: check auth.oauth2.token_url`);
    if (String(type).toLowerCase() !== 'bearer')
      throw fail(`${url.host} issues tokens of the type ${JSON.stringify(type)}; only Bearer is supported`, {
        denied: true,
      });
    const lifetime = seconds === undefined ? Number.NaN : Number(seconds) * 1000;
    return { value, ...(lifetime > 0 && { expiresAt: sentAt + lifetime }) };
  }

  return renewedBearer(clock, fetchToken, secrets);
}

function formOf(options: OAuth2Options, isHeader: boolean): URLSearchParams {
  const { scopes, audience, parameters } = options;
  return new URLSearchParams({
    ...parameters,
    grant_type: 'client_credentials',
    ...(scopes && { scope: scopes.join(' ') }),
    ...(audience !== undefined && { audience }),
    ...(!isHeader && { client_id: options.client_id, client_secret: options.client_secret }),
  });
}

/** As RFC 6749, 2.3.1 wants id and secret in the header. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** `error` and `error_description` of RFC 6749, 5.2, else the start of the body. */
function errorOf(said: Record<string, unknown>, text: string, redact: (text: string) => string): string {
  const { error, error_description: description } = said;
  const words =
    typeof error === 'string' ? [error, description].filter((word) => typeof word === 'string') : [text];
  // Before it is cut: half of a secret is not recognized.
  return redact(words.join(': ')).replace(/\s+/g, ' ').trim().slice(0, QUOTED);
}
