import type { TlsOptions } from '../options/tls.ts';
import { Type } from '../options/type.ts';
import { type AuthOptions, authOption } from './auth/options.ts';
import { httpConnection } from './transport/options.ts';

/**
 * The options that every output over HTTP has: headers, compression, proxy, TLS and authentication. Spread them into the
 * properties of its own schema; `context.http` applies them.
 *
 * @example
 * const options = Type.Object({ url: httpUrl({ description: 'Where to POST.' }), ...httpOptions });
 */
export const httpOptions = {
  ...httpConnection,
  auth: Type.Optional(authOption()),
};

/** What {@link httpOptions} gives, and the base of the addresses of `context.http`. */
export interface HttpOptions {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly gzip?: boolean;
  readonly proxy?: string;
  readonly tls?: TlsOptions;
  readonly auth?: AuthOptions;
}
