import type { FalcosidekickKey } from '../../options/falcosidekick.ts';
import type { OptionMarks } from '../../options/scalars.ts';
import { tlsOption } from '../../options/tls.ts';
import { Type } from '../../options/type.ts';

/**
 * An option that is an address: `http://` or `https://`. A secret, because webhook addresses carry tokens.
 *
 * @example
 * const options = Type.Object({
 *   url: httpUrl({ description: 'Where to POST.', examples: ['https://tickets.example.com/new'] }),
 * });
 */
export function httpUrl(
  options: OptionMarks & {
    readonly description: string;
    readonly examples?: readonly string[];
    readonly default?: string;
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
 *
 * @example
 * const options = Type.Object({
 *   webhook_url: httpUrl({ description: 'The address of the webhook, which is its credential.' }),
 *   ...httpConnection,
 * });
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
