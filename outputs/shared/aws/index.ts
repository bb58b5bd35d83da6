/**
 * What outputs to services of AWS share: the options that say where, as whom and by which way, the configuration of an SDK client, and
 * what its errors mean. It knows no service.
 *
 * @module
 */

export type {
  AwsClientConfig,
  AwsError,
  AwsFault,
  AwsOptions,
  AwsPlace,
  AwsRequestHandler,
} from '../../../core/sdk/aws/index.ts';
export { awsClientConfig, awsFault, awsOptions, fromAwsFault } from '../../../core/sdk/aws/index.ts';
