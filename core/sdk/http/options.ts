import type { FalcosidekickKey } from '../options/falcosidekick.ts';
import { type OptionMarks, secret } from '../options/scalars.ts';
import { type TlsOptions, tlsOption } from '../options/tls.ts';
import { Type } from '../options/type.ts';

/** An option that is an address: `http://` or `https://`. A secret, because webhook addresses carry tokens. */
export function httpUrl(
  options: OptionMarks & {
    readonly description: string;
    readonly examples?: readonly string[];
    /** The keys of Falcosidekick that it stands for. */
    readonly falcosidekick?: readonly FalcosidekickKey[];
  },
) {
  return Type.String({ format: 'http-url', secret: true, ...options });
}

const headerValue = Type.String({
  format: 'header-value',
  secret: true,
  description: 'The value of the header.',
});

/**
 * The options of the connection alone, for outputs whose address is the credential: {@link httpOptions} without
 * authentication.
 */
export const httpConnection = {
  headers: Type.Optional(
    Type.Record(Type.String(), headerValue, {
      propertyNames: { type: 'string', format: 'header-name' },
      falcosidekick: ['customheaders'],
      description: 'Further request headers. Their values are kept out of logs.',
    }),
  ),
  gzip: Type.Boolean({ advanced: true, default: false, description: 'Compress request bodies with gzip.' }),
  proxy: Type.Optional(
    Type.String({
      format: 'http-url',
      pattern: '^http:',
      secret: true,
      advanced: true,
      description:
        'An HTTP proxy to go through; user name and password may stand in the address. Without: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment.',
      examples: ['http://proxy.example.com:3128'],
    }),
  ),
  tls: Type.Optional(tlsOption),
};

/**
 * The options that every output over HTTP has; spread them into the properties of its own schema and hand the
 * options to {@link httpClient}.
 *
 * @example
 * options: Type.Object({ url: httpUrl({ description: 'Where to POST.' }), ...httpOptions })
 */
export const httpOptions = {
  ...httpConnection,
  username: Type.Optional(Type.String({ description: 'User name for basic authentication.' })),
  password: Type.Optional(secret({ description: 'Password for basic authentication.', needs: ['username'] })),
  bearer_token: Type.Optional(
    secret({ description: 'Sent as `Authorization: Bearer …`.', minLength: 1, excludes: ['username'] }),
  ),
};

/** What {@link httpOptions} gives. */
export interface HttpOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly username?: string;
  readonly password?: string;
  readonly bearer_token?: string;
  readonly gzip?: boolean;
  readonly proxy?: string;
  readonly tls?: TlsOptions;
}
