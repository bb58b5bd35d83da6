import type { Static } from 'typebox';
import type { FalcosidekickKey } from '../../options/falcosidekick.ts';
import { Type } from '../../options/type.ts';
import { awsOption } from './aws.ts';
import { azureOption } from './azure.ts';
import { basicOption } from './basic.ts';
import { bearerOption } from './bearer.ts';
import { gcpOption } from './gcp.ts';
import { headerOption } from './header.ts';
import { oauth2Option } from './oauth2.ts';

/** The keys of Falcosidekick that parts of the option replace. */
export interface AuthKeys {
  readonly username?: readonly FalcosidekickKey[];
  readonly password?: readonly FalcosidekickKey[];
  /** Of an API key that stands in a header. */
  readonly header?: readonly FalcosidekickKey[];
  /** Of the credentials of a Google Cloud service account. */
  readonly gcp?: readonly FalcosidekickKey[];
}

/** What the option `auth` of an output offers. */
export interface AuthChoice<K extends AuthKind = AuthKind> extends AuthKeys {
  /** The kinds that the service knows. Default: all. */
  readonly kinds?: readonly K[];
  /** The header that the service reads an API key from. Then `auth.header` needs only `value`, and takes no other name. */
  readonly headerName?: string;
}

/** A kind of authentication: `basic`, `bearer`, `header`, `oauth2`, `gcp`, `azure` or `aws`. */
export type AuthKind = keyof ReturnType<typeof kindsOf>;

function kindsOf({ headerName, ...keys }: Omit<AuthChoice<never>, 'kinds'>) {
  return {
    basic: Type.Optional(basicOption(keys)),
    bearer: Type.Optional(bearerOption),
    header: Type.Optional(headerOption(keys.header, headerName)),
    oauth2: Type.Optional(oauth2Option),
    gcp: Type.Optional(gcpOption(keys.gcp)),
    azure: Type.Optional(azureOption),
    aws: Type.Optional(awsOption),
  };
}

/**
 * The option `auth`: exactly one kind of authentication. `httpOptions` has it with all kinds; build it to offer only those that the
 * service knows, or to name keys of Falcosidekick.
 *
 * @throws Error when `kinds` is empty
 * @example
 * options: Type.Object({ ...httpOptions, auth: Type.Optional(authOption({ username: ['loki.user'], password: ['loki.apikey'] })) })
 * @example
 * // auth: { header: { value: KEY } }, sent as X-Api-Key; or auth: { oauth2: … }; nothing else
 * const options = Type.Object({
 *   url: httpUrl({ description: 'Address of the ticket system.' }),
 *   ...httpOptions,
 *   auth: authOption({ kinds: ['header', 'oauth2'], headerName: 'X-Api-Key' }),
 * });
 */
export function authOption<const K extends AuthKind = AuthKind>({ kinds, ...choice }: AuthChoice<K> = {}) {
  const all = kindsOf(choice);
  const offered = kinds ?? (Object.keys(all) as K[]);
  if (offered.length === 0) throw new Error('authOption: kinds is empty');
  const properties = Object.fromEntries(offered.map((kind) => [kind, all[kind]])) as Pick<typeof all, K>;
  const example = offered.find((kind) => kind === 'bearer') ?? offered[0]!;
  return Type.Object(properties, {
    minProperties: 1,
    maxProperties: 1,
    description: 'How requests are authenticated: one of these.',
    examples: [{ [example]: exampleOf(example, choice.headerName) }],
  });
}

function exampleOf(kind: AuthKind, headerName: string | undefined): object {
  switch (kind) {
    case 'basic':
      return { username: 'tiercel', password: 'a-secret-password' };
    case 'bearer':
      return { token: 'a-secret-token' };
    case 'header':
      return { ...(headerName === undefined && { name: 'X-Api-Key' }), value: 'a-secret-key' };
    case 'oauth2':
      return {
        token_url: 'https://login.example.com/oauth2/token',
        client_id: 'tiercel',
        client_secret: 'a-client-secret',
      };
    case 'gcp':
      return { credentials_file: '/etc/tiercel/gcp.json' };
    case 'azure':
      return { scope: 'https://eventhubs.azure.net/.default' };
    case 'aws':
      return { region: 'eu-west-1', service: 'es' };
  }
}

/** The option `auth`, decoded. */
export type AuthOptions = Static<ReturnType<typeof authOption>>;

/** The packages that kinds of authentication load, which are not installed with this one. */
export const AUTH_PACKAGES: Readonly<Record<string, string>> = {
  '@azure/identity': '^4.0.0',
  'google-auth-library': '^10.0.0',
};
