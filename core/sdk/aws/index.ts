/**
 * Calls of AWS: options, credentials, clients and errors. Published as `tiercel/aws`; the option `auth` of HTTP outputs signs
 * requests with the same credentials.
 *
 * @module
 */

export type { AwsClientConfig } from './client.ts';
export { awsClientConfig } from './client.ts';
export type { AwsError, AwsFault, AwsPlace } from './fault.ts';
export { awsFault, fromAwsFault } from './fault.ts';
export type { AwsRequestHandler } from './handler.ts';
export type { AwsIdentityOptions, AwsOptions } from './options.ts';
export { awsIdentityOptions, awsOptions } from './options.ts';
export type { AwsPresigner, PresignDetails } from './presign.ts';
export { awsPresigner } from './presign.ts';
