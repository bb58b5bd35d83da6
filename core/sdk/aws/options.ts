import type { Static } from 'typebox';
import { httpConnection } from '../http/transport/options.ts';
import { duration, secret } from '../options/scalars.ts';
import { Type } from '../options/type.ts';

const { proxy, tls } = httpConnection;

/**
 * Where, as whom and by which way an output calls AWS; spread them into the properties of its own schema and hand the options to
 * {@link awsClientConfig}.
 *
 * @example
 * const options = Type.Object({ queue_url: Type.String({ description: 'The queue.' }), ...awsOptions });
 * type Options = Static<typeof options>; // with region, profile, assume_role, …
 */
export const awsOptions = {
  region: Type.String({
    format: 'aws-region',
    falcosidekick: ['aws.region'],
    description: 'Region of the service.',
    pattern: '^[a-z0-9-]+$',
    examples: ['eu-central-1'],
  }),
  endpoint: Type.Optional(
    Type.String({
      advanced: true,
      description: 'URL of a service that speaks the same protocol; leave out for AWS.',
      format: 'http-url',
    }),
  ),
  profile: Type.Optional(
    Type.String({ description: 'Profile of the AWS configuration files to take credentials from.' }),
  ),
  access_key_id: Type.Optional(
    Type.String({
      needs: ['secret_access_key'],
      falcosidekick: ['aws.accesskeyid'],
      description: 'Static key; without one the default chain of the AWS SDK is asked.',
    }),
  ),
  secret_access_key: Type.Optional(
    secret({
      needs: ['access_key_id'],
      falcosidekick: ['aws.secretaccesskey'],
      description: 'Secret of the static key.',
    }),
  ),
  session_token: Type.Optional(
    secret({ needs: ['access_key_id'], description: 'Session token of a temporary static key.' }),
  ),
  assume_role: Type.Optional(
    Type.Object(
      {
        role_arn: Type.String({
          falcosidekick: ['aws.rolearn'],
          description: 'Role to assume with the credentials found.',
          pattern: '^arn:[^:]+:iam::[0-9]{12}:role/.+$',
          examples: ['arn:aws:iam::111122223333:role/AmazonSecurityLake-Provider-falco-eu-central-1'],
        }),
        external_id: Type.Optional(
          Type.String({
            falcosidekick: ['aws.externalid'],
            description: 'External id that the trust policy of the role asks for.',
          }),
        ),
        session_name: Type.String({
          advanced: true,
          description: 'Name of the session, as CloudTrail shows it.',
          default: 'tiercel',
          pattern: '^[\\w+=,.@-]{2,64}$',
        }),
        session_duration: duration({
          advanced: true,
          description:
            'How long a session lasts; at most 1h where the credentials come from a role themselves.',
          default: '1h',
        }),
        sts_endpoint: Type.Optional(
          Type.String({
            advanced: true,
            description: 'URL of the STS endpoint; leave out for the regional one.',
            format: 'http-url',
          }),
        ),
      },
      {
        description: 'Assume this role before writing; renewed before the session ends.',
      },
    ),
  ),
  proxy,
  tls,
};

const schema = Type.Object(awsOptions);

/** {@link awsOptions} as the code sees them. */
export type AwsOptions = Static<typeof schema>;

const { region, profile, access_key_id, secret_access_key, session_token, assume_role } = awsOptions;

/**
 * As whom something is signed for AWS, and by which way STS is called, for an output that does not call AWS otherwise; in an object
 * of its own. Hand the options to {@link awsPresigner}.
 *
 * @example
 * const options = Type.Object({
 *   aws: Type.Optional(Type.Object(awsIdentityOptions, { description: 'Log in by IAM.' })),
 * });
 */
export const awsIdentityOptions = {
  region: withoutKeys(region),
  profile: Type.Optional(withoutKeys(profile)),
  access_key_id: Type.Optional(withoutKeys(access_key_id)),
  secret_access_key: Type.Optional(withoutKeys(secret_access_key)),
  session_token: Type.Optional(withoutKeys(session_token)),
  assume_role: Type.Optional(withoutKeys(assume_role)),
  proxy,
  tls,
};

const identitySchema = Type.Object(awsIdentityOptions);

/** {@link awsIdentityOptions} as the code sees them. */
export type AwsIdentityOptions = Static<typeof identitySchema>;

/** Keys of Falcosidekick stand for options of its outputs to AWS, not for those of others that sign for it. */
function withoutKeys<S extends object>(option: S): S {
  const {
    falcosidekick: _,
    properties,
    ...rest
  } = option as { falcosidekick?: unknown; properties?: Record<string, object> };
  if (properties === undefined) return rest as S;
  const members = Object.entries(properties).map(([name, member]) => [name, withoutKeys(member)]);
  return { ...rest, properties: Object.fromEntries(members) } as S;
}
