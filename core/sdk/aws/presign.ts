import type { Clock } from '../contract/clock.ts';
import { httpTransport } from '../http/transport/transport.ts';
import { TIMEOUTS } from './client.ts';
import { awsFault } from './fault.ts';
import { type AwsIdentity, awsIdentityProvider } from './identity.ts';
import type { AwsIdentityOptions } from './options.ts';

/** What an address is signed for. */
export interface PresignDetails {
  /** As signatures have it: `kafka-cluster`, `rds-db`. */
  readonly service: string;
  /** How long the signature is valid at most, milliseconds; no longer than a session that signs. */
  readonly validFor: number;
}

/** Signs addresses with the credentials of some options. */
export interface AwsPresigner {
  /**
   * Adds a signature to the query of an address; for GET.
   *
   * @throws Error with one line that says why there are no credentials
   */
  presign(address: string, details: PresignDetails): Promise<string>;
  /** Closes the connections to STS. */
  close(): void;
}

/** A session is used until it ends this soon, milliseconds; then another is asked for. */
const AHEAD = 60_000;

/**
 * Signs addresses (AWS Signature Version 4), for services that take a signed address as a password.
 *
 * @param context of the output: relative file names start at its `configDir`
 * @throws Error when only half of a static key is given, or a variable of the environment is no address of an HTTP proxy
 * @example
 * const signer = awsPresigner(options, context);
 * const password = await signer.presign('https://db.example.com:5432/?Action=connect&DBUser=falco', {
 *   service: 'rds-db',
 *   validFor: 900_000,
 * });
 */
export function awsPresigner(
  options: AwsIdentityOptions,
  context: { readonly configDir: string; readonly clock: Clock },
): AwsPresigner {
  const { clock } = context;
  const { region } = options;
  const transport = httpTransport(options, context, TIMEOUTS);
  const find = awsIdentityProvider(options, transport);
  let session: AwsIdentity | undefined;

  async function identity(): Promise<AwsIdentity> {
    const end = session?.expiration?.getTime() ?? 0;
    if (session === undefined || end < clock.now() + AHEAD) session = await find();
    return session;
  }

  return {
    async presign(address, { service, validFor }) {
      let found: AwsIdentity;
      try {
        found = await identity();
      } catch (cause) {
        throw new Error(awsFault(cause, { service: 'STS', region }).line, { cause });
      }
      const { presignUrl } = await import('./sign.ts');
      const now = clock.now();
      const left = (found.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now;
      const signing = { identity: found, region, service, at: new Date(now) };
      return presignUrl(new URL(address), signing, Math.min(validFor, left));
    },
    close: () => transport.close(),
  };
}
