import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Static } from 'typebox';
import { secret } from '../../options/scalars.ts';
import { Type } from '../../options/type.ts';
import { type Auth, AuthError, type AuthSurroundings } from './auth.ts';
import { renewedBearer } from './renewal.ts';

export const bearerOption = Type.Object(
  {
    token: Type.Optional(
      secret({
        minLength: 1,
        excludes: ['token_file'],
        description: 'The token. Either this or `token_file`.',
      }),
    ),
    token_file: Type.Optional(
      Type.String({
        format: 'path',
        minLength: 1,

        description:
          'File with the token, such as a service account token of Kubernetes. It is read again every minute and after a 401.',
        examples: ['/var/run/secrets/tokens/tiercel'],
      }),
    ),
  },
  {
    minProperties: 1,
    description: 'A token, sent as `Authorization: Bearer …`.',
  },
);

/** For so long a file is not read again, milliseconds. */
const FRESH = 60_000;

/** Sends a bearer token that is configured or stands in a file. */
export function bearer(
  { token, token_file: file }: Static<typeof bearerOption>,
  { clock, configDir }: Pick<AuthSurroundings, 'clock' | 'configDir'>,
): Auth {
  if (token !== undefined)
    return { credentials: () => ({ headers: { authorization: `Bearer ${token}` } }), secrets: () => [token] };
  return renewedBearer(clock, async () => ({
    value: await readToken(resolve(configDir, file ?? '')),
    expiresAt: clock.now() + FRESH,
  }));
}

async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new AuthError(`auth.bearer.token_file: ${(cause as Error).message}`, { denied: true, cause });
  }
  if (text === '') throw new AuthError(`auth.bearer.token_file: ${path} is empty`, { denied: true });
  if (/[^\x21-\x7e]/.test(text))
    throw new AuthError(`auth.bearer.token_file: ${path} contains more than a token`, { denied: true });
  return text;
}
