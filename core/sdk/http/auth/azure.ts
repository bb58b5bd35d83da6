import type { Static } from 'typebox';
import { secret } from '../../options/scalars.ts';
import { Type } from '../../options/type.ts';
import { redactor } from '../transport/redact.ts';
import type { HttpTransport } from '../transport/transport.ts';
import { type Auth, AuthError, type AuthSurroundings } from './auth.ts';
import { sendBy } from './fetch.ts';
import { type Lease, renewedBearer } from './renewal.ts';

export const azureOption = Type.Object(
  {
    scope: Type.String({
      minLength: 1,
      description: 'Scope of the token: the service, and `/.default`.',
      examples: ['https://eventhubs.azure.net/.default'],
    }),
    tenant_id: Type.Optional(Type.String({ minLength: 1, description: 'Tenant of Microsoft Entra ID.' })),
    client_id: Type.Optional(
      Type.String({ minLength: 1, description: 'Application, or managed identity that a user assigned.' }),
    ),
    client_secret: Type.Optional(
      secret({
        needs: ['tenant_id', 'client_id'],
        description:
          'Secret of the application. Without: `DefaultAzureCredential` (environment, workload identity, managed identity, Azure CLI).',
      }),
    ),
    authority_host: Type.Optional(
      Type.String({
        advanced: true,
        format: 'http-url',
        pattern: '^https:',
        description: 'Authority of another cloud than the public one.',
        examples: ['https://login.microsoftonline.us'],
      }),
    ),
  },
  {
    advanced: true,
    description:
      'Microsoft Entra ID, by the package `@azure/identity` (install it beside Tiercel). Its token requests take `proxy` and `tls` of this output, except those to the metadata service of the machine.',
  },
);

type AzureOptions = Static<typeof azureOption>;

/** The longest reason of the library that is quoted. */
const QUOTED = 300;

/** The part of an error of the library that is read. */
interface AzureError extends Error {
  readonly statusCode?: number;
  readonly errors?: readonly AzureError[];
}

/** Sends an access token of Microsoft Entra ID. */
export function azure(options: AzureOptions, { transport, clock, load }: AuthSurroundings): Auth {
  const { scope, tenant_id: tenantId, client_id: clientId, client_secret: clientSecret } = options;
  const secrets = clientSecret === undefined ? [] : [clientSecret];
  const redact = redactor(secrets);

  async function fetchToken(signal: AbortSignal): Promise<Lease<string>> {
    const { ClientSecretCredential, DefaultAzureCredential } = await load(
      '@azure/identity',
      () => import('@azure/identity'),
    );
    const common = {
      // Ours has only what the library uses of a client.
      httpClient: clientOver(transport) as never,
      retryOptions: { maxRetries: 0 },
      ...(options.authority_host !== undefined && { authorityHost: options.authority_host }),
    };
    try {
      // A new one for each token: it would return the refused token from its cache.
      const credential =
        clientSecret !== undefined && tenantId !== undefined && clientId !== undefined
          ? new ClientSecretCredential(tenantId, clientId, clientSecret, common)
          : new DefaultAzureCredential({
              ...common,
              ...(tenantId !== undefined && { tenantId }),
              ...(clientId !== undefined && {
                managedIdentityClientId: clientId,
                workloadIdentityClientId: clientId,
              }),
            });
      const { token, expiresOnTimestamp } = await credential.getToken(scope, { abortSignal: signal });
      return { value: token, expiresAt: expiresOnTimestamp };
    } catch (cause) {
      const reasons = leaves(cause as AzureError).map(({ message }) => message.split('\n')[0]);
      const denied = leaves(cause as AzureError).every(isRefusal);
      throw new AuthError(redact(`auth.azure: ${reasons.join('; ').slice(0, QUOTED)}`), { denied, cause });
    }
  }

  return renewedBearer(clock, fetchToken, secrets);
}

/** The errors that others were made of. */
function leaves(error: AzureError): readonly AzureError[] {
  return error.errors === undefined || error.errors.length === 0 ? [error] : error.errors.flatMap(leaves);
}

/** No credentials were found, or the login server refuses them: it names the error of OAuth, and its own number. */
function isRefusal({ name, message, statusCode = 0 }: AzureError): boolean {
  if (name === 'CredentialUnavailableError' || [400, 401, 403].includes(statusCode)) return true;
  return /^(invalid|unauthorized)_\w+|\bAADSTS(7|9)\d{3,}/.test(message);
}

/** What the library asks of a request. */
interface PipelineRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: { toJSON(): Record<string, string> };
  readonly body?: unknown;
  readonly abortSignal?: AbortSignal;
}

/** An HTTP client for the library that sends by the transport of the output. */
function clientOver(transport: HttpTransport): { sendRequest(request: PipelineRequest): Promise<object> } {
  return {
    async sendRequest(request) {
      const response = await sendBy(transport, new URL(request.url), {
        method: request.method,
        headers: request.headers.toJSON(),
        ...(typeof request.body === 'string' && { body: request.body }),
        ...(request.abortSignal !== undefined && { signal: request.abortSignal }),
      });
      const { status, headers } = response;
      return { request, status, headers: pipelineHeaders(headers), bodyAsText: await response.text() };
    },
  };
}

function pipelineHeaders(headers: Headers): object {
  return {
    get: (name: string) => headers.get(name) ?? undefined,
    has: (name: string) => headers.has(name),
    set: (name: string, value: unknown) => headers.set(name, String(value)),
    delete: (name: string) => headers.delete(name),
    toJSON: () => Object.fromEntries(headers),
    [Symbol.iterator]: () => headers[Symbol.iterator](),
  };
}
