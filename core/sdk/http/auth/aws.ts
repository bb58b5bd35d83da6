import type { Static } from 'typebox';
import type { AwsIdentity } from '../../aws/identity.ts';
import { awsIdentityOptions } from '../../aws/options.ts';
import { Type } from '../../options/type.ts';
import { type Auth, AuthError, type AuthSurroundings } from './auth.ts';
import { keepRenewed, type Lease } from './renewal.ts';

const { profile, access_key_id, secret_access_key, session_token, assume_role } = awsIdentityOptions;

export const awsOption = Type.Object(
  {
    region: Type.String({
      pattern: '^[a-z0-9-]+$',
      description: 'Region of the service.',
      examples: ['eu-central-1'],
    }),
    service: Type.String({
      pattern: '^[a-z0-9-]+$',
      description: 'Name of the service as signatures have it.',
      examples: ['es', 'aoss', 'execute-api', 'lambda', 'vpc-lattice-svcs'],
    }),
    profile,
    access_key_id,
    secret_access_key,
    session_token,
    assume_role: Type.Optional({
      ...assume_role,
      description: 'Assume this role and sign with its session; renewed before the session ends.',
    }),
  },
  {
    advanced: true,
    description:
      'Sign each request for AWS (Signature Version 4). Calls of STS take `proxy` and `tls` of this output.',
  },
);

type AwsAuthOptions = Static<typeof awsOption>;

/** Credentials without an end are looked up again after this long, milliseconds: files may have changed. */
const FRESH = 300_000;

/** Signs requests with the credentials that every output to AWS finds. */
export function aws(options: AwsAuthOptions, { transport, clock }: AuthSurroundings): Auth {
  const identities = keepRenewed(clock, findIdentity);
  let find: ((signal: AbortSignal) => Promise<AwsIdentity>) | undefined;

  async function findIdentity(signal: AbortSignal): Promise<Lease<AwsIdentity>> {
    try {
      if (find === undefined) {
        // Loaded here and not above: other outputs need no SDK.
        const { awsIdentityProvider } = await import('../../aws/identity.ts');
        find = awsIdentityProvider(options, transport);
      }
      const value = await find(signal);
      return { value, expiresAt: value.expiration?.getTime() ?? clock.now() + FRESH };
    } catch (cause) {
      const { awsFault } = await import('../../aws/fault.ts');
      const { kind, line } = awsFault(cause, { service: 'STS', region: options.region });
      const denied = kind === 'denied' || kind === 'forbidden';
      throw new AuthError(`auth.aws: ${line}`, { denied, cause });
    }
  }

  return {
    async credentials(request, signal) {
      const identity = await identities.get(signal);
      const { signRequest } = await import('../../aws/sign.ts');
      const headers = await signRequest(request, { ...options, identity, at: new Date(clock.now()) });
      return { headers, refused: () => identities.refuse(identity) };
    },
    secrets: () =>
      identities
        .known()
        .flatMap(({ secretAccessKey, sessionToken }) => [
          secretAccessKey,
          ...(sessionToken ? [sessionToken] : []),
        ]),
    close: () => identities.close(),
  };
}
