import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SASLOptions } from '@platformatic/kafka';
import type { KafkaOptions } from './options.ts';

/**
 * The authentication of the options as the library takes it. Tokens are asked for with each connection, and again before the
 * session that a broker grants ends.
 *
 * @param configDir where a relative `token_file` starts
 */
export function saslOf({ sasl }: Pick<KafkaOptions, 'sasl'>, configDir: string): SASLOptions | undefined {
  if (sasl === undefined) return undefined;
  const { mechanism, username = '', password = '', token, token_file: file } = sasl;
  if (mechanism !== 'OAUTHBEARER') return { mechanism, username, password };
  return {
    mechanism,
    token: token ?? (async () => (await readFile(resolve(configDir, file ?? ''), 'utf8')).trim()),
  };
}
