import type { S3Client } from '@aws-sdk/client-s3';
import { credentialsFor } from './s3-credentials.ts';
import type { S3Options } from './s3-options.ts';

/** Without an answer or progress for this long, a connection is given up, milliseconds. */
const IDLE_TIMEOUT = 60_000;

const nothing = () => {};
/** The SDK prints to the console what is also in the error. */
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * Makes the client that options ask for; the SDK is loaded here. It does not try again by itself: who calls does.
 *
 * @param credentials those of the options unless given: made once, so that a session is shared and renewed
 */
export async function createS3Client(
  options: S3Options,
  credentials: ReturnType<typeof credentialsFor> = credentialsFor(options),
): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    ...credentials,
    region: options.region,
    forcePathStyle: options.force_path_style ?? false,
    maxAttempts: 1,
    // The checksum is in the request already.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 10_000, socketTimeout: IDLE_TIMEOUT },
    logger: silent,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  });
}
