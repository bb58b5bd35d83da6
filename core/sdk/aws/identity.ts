import type { STSClientConfig } from '@aws-sdk/client-sts';
import type { HttpTransport } from '../http/transport/transport.ts';
import { credentialsFor } from './credentials.ts';
import { awsHandlerOver } from './handler.ts';
import type { AwsOptions } from './options.ts';
import { silenceNodeWarning, silent } from './silent.ts';

/** Keys of AWS, for a time or for good. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** As whom: the options of a client that say nothing about a service. */
export type WhoOptions = Pick<
  AwsOptions,
  'region' | 'profile' | 'access_key_id' | 'secret_access_key' | 'session_token' | 'assume_role'
>;

/**
 * Finds credentials as a client of the SDK does: a static key, a profile or the default chain, and from there the role.
 *
 * @param transport calls of STS and SSO take it
 * @returns asks for them; a session that was assumed is assumed again by each call
 */
export function awsIdentityProvider(
  options: WhoOptions,
  transport: HttpTransport,
): () => Promise<AwsIdentity> {
  silenceNodeWarning();
  const requestHandler = awsHandlerOver(transport);
  const { credentials, credentialDefaultProvider, profile } = credentialsFor(options, {
    requestHandler,
    logger: silent,
  }) as STSClientConfig & { profile?: string };
  if (typeof credentials === 'function') return credentials as () => Promise<AwsIdentity>;
  if (credentials !== undefined) return async () => credentials as AwsIdentity;
  const find = credentialDefaultProvider!({ ...(profile !== undefined && { profile }) } as never);
  return find as () => Promise<AwsIdentity>;
}
