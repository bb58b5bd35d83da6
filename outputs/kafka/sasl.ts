import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SASLOptions } from '@platformatic/kafka';
import { type AwsPresigner, awsPresigner } from '../../core/sdk/aws/index.ts';
import { type OutputContext, VERSION } from '../../core/sdk/index.ts';
import type { KafkaOptions } from './options.ts';

/** How long a broker of Amazon MSK accepts a token, milliseconds; more than 15 minutes is refused. */
const TOKEN_LIFETIME = 900_000;

/** The authentication of an output. */
export interface Sasl {
  /** As the library takes it. */
  readonly options: SASLOptions;
  /** Closes what it keeps open to get tokens. */
  close(): void;
}

/**
 * The authentication of the options; undefined where there is none. Tokens are asked for with each connection, and again before
 * the session that a broker grants ends.
 *
 * @param context a relative `token_file` starts at its `configDir`
 * @throws Error when only half of a static key of AWS is given
 * @example createSasl({ sasl: { mechanism: 'PLAIN', username: 'falco', password } }, context)?.options
 */
export function createSasl(
  { sasl }: Pick<KafkaOptions, 'sasl'>,
  context: Pick<OutputContext, 'configDir' | 'clock'>,
): Sasl | undefined {
  if (sasl === undefined) return undefined;
  const { mechanism, username = '', password = '', token, token_file: file, aws } = sasl;
  if (mechanism === 'AWS_MSK_IAM') {
    if (aws === undefined) return undefined;
    const signer = awsPresigner(aws, context);
    const options: SASLOptions = { mechanism: 'OAUTHBEARER', token: () => mskToken(aws.region, signer) };
    return { options, close: () => signer.close() };
  }
  const close = () => {};
  if (mechanism !== 'OAUTHBEARER') return { options: { mechanism, username, password }, close };
  const readToken = async () => (await readFile(resolve(context.configDir, file ?? ''), 'utf8')).trim();
  return { options: { mechanism, token: token ?? readToken }, close };
}

/**
 * A bearer token by which Amazon MSK authenticates an identity of IAM: a signed address, as the signers that AWS publishes make
 * it (aws-msk-iam-sasl-signer-js and others). Nothing is sent to the address.
 */
async function mskToken(region: string, signer: AwsPresigner): Promise<string> {
  const address = `https://kafka.${region}.amazonaws.com/?Action=kafka-cluster:Connect`;
  const details = { service: 'kafka-cluster', validFor: TOKEN_LIFETIME };
  const signed = await signer.presign(address, details).catch(({ message }: Error) => {
    // Without the cause: the innermost error is shown, and this one says more.
    throw new Error(`sasl.aws: ${message}`);
  });
  // Shown in the logs of the service; no part of the signature.
  return Buffer.from(`${signed}&User-Agent=tiercel%2F${VERSION}`).toString('base64url');
}
