import type { HttpTimeouts } from '../http/transport/transport.ts';
import { type Credentials, credentialsFor } from './credentials.ts';
import { type AwsRequestHandler, awsRequestHandler } from './handler.ts';
import type { AwsOptions } from './options.ts';
import { silenceNodeWarning, silent } from './silent.ts';

/** For every client of AWS, milliseconds: until a connection is ready, and without an answer or progress on it. */
export const TIMEOUTS: HttpTimeouts = { connect: 10_000, idle: 60_000 };

/** What every client of the SDK is made with. */
export type AwsClientConfig = Credentials & {
  readonly region: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly requestHandler: AwsRequestHandler;
  readonly logger: typeof silent;
};

/**
 * What a client of the AWS SDK is made with: region, credentials and the role of the options, and how its requests leave this
 * machine: proxy, certificates, timeouts. Every client takes it, also one that speaks HTTP/2 by itself (Kinesis): it speaks
 * HTTP/1.1 then. So do the clients that the SDK makes to find credentials (a web identity, a profile with a role, SSO).
 *
 * A client does not try again by itself, because the delivery chain does, and writes nothing to the console.
 *
 * Call it once for an output: what is made with one configuration shares a session and its connections. `destroy` of one
 * of the clients closes the connections of all.
 *
 * @param context of the output: relative file names start at its `configDir`
 * @param timeouts default: 10 s until a connection is ready, 60 s without an answer or progress
 * @throws Error when only half of a static key is given, or a variable of the environment is no address of an HTTP proxy
 * @example
 * import { SQSClient } from '@aws-sdk/client-sqs';
 *
 * const sqs = new SQSClient(awsClientConfig(options, context));
 */
export function awsClientConfig(
  options: AwsOptions,
  context: { readonly configDir: string },
  timeouts: HttpTimeouts = TIMEOUTS,
): AwsClientConfig {
  silenceNodeWarning();
  const requestHandler = awsRequestHandler(options, context, timeouts);
  return {
    ...credentialsFor(options, { requestHandler, logger: silent }),
    region: options.region,
    maxAttempts: 1,
    requestHandler,
    logger: silent,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
  };
}
