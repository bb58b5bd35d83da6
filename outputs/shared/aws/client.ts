import { type Credentials, credentialsFor } from './credentials.ts';
import type { AwsOptions } from './options.ts';

/** Without an answer or progress for this long, a connection is given up, milliseconds. */
const IDLE_TIMEOUT = 60_000;

/** The SDK's own switch for its warning that later versions do not support Node 20: the version is pinned (CONTRIBUTING.md). */
const NO_NODE_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

const nothing = () => {};
/** The SDK prints to the console what is also in the error. */
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** What every client of the SDK is made with. */
export type AwsClientConfig = Credentials & {
  readonly region: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly requestHandler: { readonly connectionTimeout: number; readonly socketTimeout: number };
  readonly logger: typeof silent;
};

/**
 * What a client of the AWS SDK is made with: region, credentials and the role of the options. It does not try again by
 * itself, because the delivery chain does, and writes nothing to the console.
 *
 * Call it once for an output: what is made with one configuration shares a session.
 *
 * @throws Error when only half of a static key is given
 * @example const sqs = new SQSClient(awsClientConfig(options));
 */
export function awsClientConfig(options: AwsOptions): AwsClientConfig {
  process.env[NO_NODE_WARNING] ??= 'true';
  return {
    ...credentialsFor(options),
    region: options.region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 10_000, socketTimeout: IDLE_TIMEOUT },
    logger: silent,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
  };
}
