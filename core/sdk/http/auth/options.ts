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

/**
 * The option `auth`: exactly one kind of authentication. `httpOptions` has it; build it where keys of Falcosidekick are to be named.
 *
 * @example
 * options: Type.Object({ ...httpOptions, auth: Type.Optional(authOption({ username: ['loki.user'], password: ['loki.apikey'] })) })
 */
export function authOption(keys: AuthKeys = {}) {
  return Type.Object(
    {
      basic: Type.Optional(basicOption(keys)),
      bearer: Type.Optional(bearerOption),
      header: Type.Optional(headerOption(keys.header)),
      oauth2: Type.Optional(oauth2Option),
      gcp: Type.Optional(gcpOption(keys.gcp)),
      azure: Type.Optional(azureOption),
      aws: Type.Optional(awsOption),
    },
    {
      minProperties: 1,
      maxProperties: 1,
      description: 'How requests are authenticated: one of these.',
      examples: [{ bearer: { token: 'a-secret-token' } }],
    },
  );
}

/** The option `auth`, decoded. */
export type AuthOptions = Static<ReturnType<typeof authOption>>;

/** The packages that kinds of authentication load, which are not installed with this one. */
export const AUTH_PACKAGES: Readonly<Record<string, string>> = {
  '@azure/identity': '^4.0.0',
  'google-auth-library': '^10.0.0',
};
