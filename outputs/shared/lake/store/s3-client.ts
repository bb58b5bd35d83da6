import type { S3Client } from '@aws-sdk/client-s3';
import { type AwsClientConfig, awsOptions } from '../../../../core/sdk/aws/index.ts';
import type { Static } from '../../../../core/sdk/index.ts';
import { Type } from '../../../../core/sdk/index.ts';

const { region, endpoint, ...who } = awsOptions;

/**
 * Who writes: options of an output that writes to S3, to be spread into its own.
 *
 * @example
 * const options = Type.Object({ bucket: Type.String({ description: 'The bucket.' }), ...s3Options });
 * type Options = Static<typeof options>; // with region, endpoint, assume_role, …
 */
export const s3Options = {
  region: { ...region, description: 'Region of the bucket.' },
  endpoint: Type.Optional({
    ...endpoint,
    description: 'URL of an S3-compatible store; leave out for AWS.',
    examples: ['http://minio:9000'],
  }),
  force_path_style: Type.Boolean({
    description: 'Put the bucket into the path instead of the host name; most S3-compatible stores need it.',
    default: false,
  }),
  ...who,
};

const schema = Type.Object(s3Options);

/** {@link s3Options} as the code sees them. */
export type S3Options = Static<typeof schema>;

/** What a reader must know: all but the region may be left out. */
export type S3Access = Omit<S3Options, 'force_path_style'> & Partial<S3Options>;

/**
 * Makes the client for these options. Loads the SDK, which an output that is not used need not.
 *
 * @param config of `awsClientConfig`; shared by clients, so that they share one session and its renewal
 */
export async function createS3Client(options: S3Access, config: AwsClientConfig): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    ...config,
    forcePathStyle: options.force_path_style === true,
    // The checksum is in the request already.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
}
