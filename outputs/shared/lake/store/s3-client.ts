import type { S3Client } from '@aws-sdk/client-s3';
import { type AwsClientConfig, awsClientConfig } from '../../aws/index.ts';
import type { S3Options } from './s3-options.ts';

/**
 * Makes the client that options ask for; the SDK is loaded here.
 *
 * @param config of the client unless given: made once, so that a session is shared and renewed
 */
export async function createS3Client(
  options: S3Options,
  config: AwsClientConfig = awsClientConfig(options),
): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    ...config,
    forcePathStyle: options.force_path_style ?? false,
    // The checksum is in the request already.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
}
