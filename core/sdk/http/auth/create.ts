import type { Auth, AuthSurroundings } from './auth.ts';
import { aws } from './aws.ts';
import { azure } from './azure.ts';
import { basic } from './basic.ts';
import { bearer } from './bearer.ts';
import { gcp } from './gcp.ts';
import { header } from './header.ts';
import { oauth2 } from './oauth2.ts';
import type { AuthOptions } from './options.ts';

/** Applies the option `auth`. The schema has checked that it is one kind. */
export function createAuth(options: AuthOptions, surroundings: AuthSurroundings): Auth {
  if (options.basic) return basic(options.basic);
  if (options.bearer) return bearer(options.bearer, surroundings);
  if (options.header) return header(options.header);
  if (options.oauth2) return oauth2(options.oauth2, surroundings);
  if (options.gcp) return gcp(options.gcp, surroundings);
  if (options.azure) return azure(options.azure, surroundings);
  if (options.aws) return aws(options.aws, surroundings);
  throw new Error('auth names no kind of authentication');
}
