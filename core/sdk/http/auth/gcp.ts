import { resolve } from 'node:path';
import type { Static } from 'typebox';
import type { FalcosidekickKey } from '../../options/falcosidekick.ts';
import { Type } from '../../options/type.ts';
import { describeFailure } from '../transport/failure.ts';
import { type Auth, AuthError, type AuthSurroundings } from './auth.ts';
import { sendBy } from './fetch.ts';
import { type Lease, renewedBearer } from './renewal.ts';

/** @param keys of Falcosidekick that the file of credentials replaces */
export function gcpOption(keys?: readonly FalcosidekickKey[]) {
  return Type.Object(
    {
      credentials_file: Type.Optional(
        Type.String({
          format: 'path',
          minLength: 1,
          ...(keys && { falcosidekick: keys }),
          description:
            'Key of a service account, or configuration of a workload identity federation. Without: Application Default Credentials (`GOOGLE_APPLICATION_CREDENTIALS`, `gcloud`, the metadata server).',
          examples: ['/etc/tiercel/gcp.json'],
        }),
      ),
      scopes: Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        default: ['https://www.googleapis.com/auth/cloud-platform'],
        description: 'Scopes of the access token.',
      }),
      audience: Type.Optional(
        Type.String({
          minLength: 1,
          description: 'Send an identity token for this audience instead: for Cloud Run and Cloud Functions.',
          examples: ['https://receiver-abc123-ew.a.run.app'],
        }),
      ),
    },
    {
      advanced: true,
      description:
        'Google Cloud, by the package `google-auth-library` (install it beside Tiercel). Its token requests take `proxy` and `tls` of this output; the metadata server is asked directly.',
    },
  );
}

type GcpOptions = Static<ReturnType<typeof gcpOption>>;

/** The part of an error of the library that is read. */
interface GcpError extends Error {
  readonly code?: unknown;
  readonly status?: number;
  readonly response?: { readonly status?: number };
}

/** Sends an access token or identity token of Google Cloud. */
export function gcp(options: GcpOptions, { transport, clock, configDir, load }: AuthSurroundings): Auth {
  /** What `fetch` is given by the library: a URL and its own options. */
  const fetchImplementation = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    // As `fetch` does: the kind of body says its content type.
    const body = new Response(init.body ?? null);
    const headers = { ...Object.fromEntries(body.headers), ...Object.fromEntries(new Headers(init.headers)) };
    return sendBy(transport, new URL(String(input)), {
      method: init.method,
      headers,
      ...(init.body !== undefined && init.body !== null && { body: await body.text() }),
      signal: init.signal ?? undefined,
    });
  };

  async function fetchToken(): Promise<Lease<string>> {
    const { GoogleAuth, OAuth2Client } = await load(
      'google-auth-library',
      () => import('google-auth-library'),
    );
    const transporterOptions = { fetchImplementation: fetchImplementation as typeof fetch };
    const { transporter } = new OAuth2Client({ transporterOptions });
    // A new one for each token: it would return the refused token from its cache, and not read a renewed key file.
    const auth = new GoogleAuth({
      scopes: options.scopes,
      clientOptions: { transporterOptions },
      ...(options.credentials_file !== undefined && {
        keyFilename: resolve(configDir, options.credentials_file),
      }),
    });
    try {
      if (options.audience !== undefined) {
        const { idTokenProvider } = await auth.getIdTokenClient(options.audience);
        const value = await idTokenProvider.fetchIdToken(options.audience);
        return { value, expiresAt: endOf(value) };
      }
      const client = await auth.getClient();
      sendAllBy(transporter, client);
      const { token } = await client.getAccessToken();
      const { expiry_date: end } = client.credentials;
      if (typeof token !== 'string') throw new Error('the answer has no access token');
      return { value: token, ...(typeof end === 'number' && { expiresAt: end }) };
    } catch (error) {
      throw authError(error as GcpError);
    }
  }

  return renewedBearer(clock, fetchToken);
}

/** The library gives its options to a client, but not to the clients and handlers that this one is made of. */
function sendAllBy(transporter: unknown, client: unknown): void {
  if (typeof client !== 'object' || client === null || !('transporter' in client)) return;
  client.transporter = transporter;
  const { stsCredential, sourceClient } = client as { stsCredential?: unknown; sourceClient?: unknown };
  sendAllBy(transporter, stsCredential);
  sendAllBy(transporter, sourceClient);
}

function authError(error: GcpError): AuthError {
  const status = error.status ?? error.response?.status;
  const missing = /could not load the default credentials|ENOENT|does not exist|cannot fetch id token/i;
  const denied = (status !== undefined && [400, 401, 403].includes(status)) || missing.test(error.message);
  const cause = (error.cause ?? error) as Error;
  const reason = status === undefined ? describeFailure(cause) : `${status} ${error.message}`;
  return new AuthError(`auth.gcp: ${reason.split('\n')[0]}`, { denied, cause: error });
}

/** `exp` of a JSON Web Token, as epoch milliseconds. */
function endOf(token: string): number {
  const [, payload = ''] = token.split('.');
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp?: number };
  return (exp ?? 0) * 1000;
}
