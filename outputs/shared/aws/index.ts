/**
 * What outputs to services of AWS share: the options that say where, as whom and by which way, the configuration of an SDK client, and
 * what its errors mean. It knows no service.
 *
 * @module
 */

export type { AwsClientConfig } from './client.ts';
export { awsClientConfig } from './client.ts';
export type { AwsError, AwsFault, AwsPlace } from './fault.ts';
export { awsFault, fromAwsFault } from './fault.ts';
export type { AwsRequestHandler } from './handler.ts';
export type { AwsOptions } from './options.ts';
export { awsOptions } from './options.ts';
