import { secret } from './scalars.ts';
import { Type } from './type.ts';

/** What {@link loginOptions} gives: both, or neither. */
export interface Login {
  readonly username?: string;
  readonly password?: string;
}

/**
 * The options `username` and `password` of an output that logs in to its server; spread them into the properties of its schema.
 * One without the other is a mistake in the configuration. Another way to log in says `excludes: ['username']`. Outputs over
 * HTTP have the options of `httpOptions` instead.
 *
 * @param details.falcosidekick the section of Falcosidekick whose keys `username` and `password` these options replace
 * @example
 * options: Type.Object({
 *   ...serverOptions({ port: 1883 }),
 *   ...loginOptions({ falcosidekick: 'mqtt' }),
 *   token: Type.Optional(secret({ excludes: ['username'], description: 'Token for authentication.' })),
 * })
 */
export function loginOptions({ falcosidekick }: { readonly falcosidekick?: string } = {}) {
  const replaces = (key: string) =>
    falcosidekick === undefined ? {} : { falcosidekick: [`${falcosidekick}.${key}`] };
  return {
    username: Type.Optional(
      Type.String({
        minLength: 1,
        needs: ['password'],
        ...replaces('username'),
        description: 'User name for authentication. Needs `password`.',
      }),
    ),
    password: Type.Optional(
      secret({ needs: ['username'], ...replaces('password'), description: 'Password for authentication.' }),
    ),
  };
}
