import type { Static } from 'typebox';
import type { FalcosidekickKey } from '../../options/falcosidekick.ts';
import { secret } from '../../options/scalars.ts';
import { Type } from '../../options/type.ts';
import { basicAuth, headerForms } from '../transport/credentials.ts';
import type { Auth } from './auth.ts';

/** @param keys of Falcosidekick that the user name and the password replace */
export function basicOption(
  keys: {
    readonly username?: readonly FalcosidekickKey[];
    readonly password?: readonly FalcosidekickKey[];
  } = {},
) {
  const replaces = (falcosidekick: readonly FalcosidekickKey[] | undefined) =>
    falcosidekick && { falcosidekick };
  return Type.Object(
    {
      username: Type.String({ description: 'User name.', ...replaces(keys.username) }),
      password: secret({ description: 'Password.', ...replaces(keys.password) }),
    },
    { description: 'User name and password (RFC 7617).' },
  );
}

/** Sends a user name and a password. */
export function basic({ username, password }: Static<ReturnType<typeof basicOption>>): Auth {
  const authorization = basicAuth(username, password);
  return {
    credentials: () => ({ headers: { authorization } }),
    secrets: () => [...headerForms(authorization), password],
  };
}
