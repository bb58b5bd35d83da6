import type { STSClientConfig } from '@aws-sdk/client-sts';
import type { AwsOptions } from './options.ts';

/** The role could not be assumed: told apart from a refusal of the service itself. */
export class AssumeRoleError extends Error {
  override readonly name = 'AssumeRoleError';
  readonly role: string;
  /** Where STS was asked, where the options say so. */
  readonly endpoint: string | undefined;

  constructor(role: string, endpoint: string | undefined, cause: unknown) {
    super(`cannot assume ${role}`, { cause });
    this.role = role;
    this.endpoint = endpoint;
  }
}

export type Credentials = Pick<STSClientConfig, 'credentials' | 'credentialDefaultProvider' | 'profile'>;

/** How credentials are asked for; the caller closes the connections. */
export type CredentialsConfig = Required<Pick<STSClientConfig, 'requestHandler' | 'logger'>>;

/**
 * Where the SDK takes credentials from: a static key, a profile or the default chain (environment, files, IRSA, Pod
 * Identity, ECS, IMDS), and from there through a role where one is named. The SDK asks again five minutes before a
 * session ends.
 *
 * @throws Error when only half of a static key is given
 */
export function credentialsFor(options: AwsOptions, config: CredentialsConfig): Credentials {
  const own = ownCredentials(options, config);
  return options.assume_role === undefined ? own : { credentials: () => assumeRole(options, own, config) };
}

/** Before any role. */
function ownCredentials(options: AwsOptions, { requestHandler }: CredentialsConfig): Credentials {
  const { access_key_id, secret_access_key, session_token, profile } = options;
  if ((access_key_id === undefined) !== (secret_access_key === undefined)) {
    throw new Error('access_key_id and secret_access_key go together: give both or neither');
  }
  if (access_key_id === undefined || secret_access_key === undefined) {
    return {
      ...(profile !== undefined && { profile }),
      credentialDefaultProvider: (init) => defaultChain({ ...init, clientConfig: { requestHandler } }),
    };
  }
  return {
    credentials: {
      accessKeyId: access_key_id,
      secretAccessKey: secret_access_key,
      ...(session_token === undefined ? {} : { sessionToken: session_token }),
    },
  };
}

type Chain = ReturnType<NonNullable<Credentials['credentialDefaultProvider']>>;

/** The SDK's own; by itself it would ask SSO by another way than the client's. */
function defaultChain(init: object): Chain {
  let chain: Promise<Chain> | undefined;
  return async (properties) => {
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider(init),
    );
    return (await chain)(properties);
  };
}

async function assumeRole(options: AwsOptions, own: Credentials, config: CredentialsConfig) {
  const role = options.assume_role!;
  const { STSClient, AssumeRoleCommand } = await import('@aws-sdk/client-sts');
  const client = new STSClient({
    ...own,
    ...config,
    region: options.region,
    maxAttempts: 1,
    ...(role.sts_endpoint === undefined ? {} : { endpoint: role.sts_endpoint }),
  });
  try {
    const { Credentials: session } = await client.send(
      new AssumeRoleCommand({
        RoleArn: role.role_arn,
        RoleSessionName: role.session_name,
        DurationSeconds: Math.round(role.session_duration / 1000),
        ...(role.external_id === undefined ? {} : { ExternalId: role.external_id }),
      }),
    );
    if (session?.AccessKeyId === undefined || session.SecretAccessKey === undefined) {
      throw new Error('the answer has no credentials');
    }
    return {
      accessKeyId: session.AccessKeyId,
      secretAccessKey: session.SecretAccessKey,
      ...(session.SessionToken === undefined ? {} : { sessionToken: session.SessionToken }),
      ...(session.Expiration === undefined ? {} : { expiration: session.Expiration }),
    };
  } catch (error) {
    throw new AssumeRoleError(role.role_arn, role.sts_endpoint, error);
  }
}
