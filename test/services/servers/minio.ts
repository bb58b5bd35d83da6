import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { program, type Server, startServer } from './server.ts';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The root account of the S3 server. */
export const MINIO_KEYS = { accessKeyId: 'tiercel-tests', secretAccessKey: 'tiercel-tests-secret' };

/** Starts MinIO, a real S3 server: conditional writes, checksums and signatures are checked as by AWS. */
export function startMinio(): Promise<Server> {
  return startServer({
    name: 'minio',
    command: (port, directory) => ({
      program: program('minio'),
      args: ['server', directory, '--address', `127.0.0.1:${port}`, '--quiet'],
      env: {
        MINIO_ROOT_USER: MINIO_KEYS.accessKeyId,
        MINIO_ROOT_PASSWORD: MINIO_KEYS.secretAccessKey,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
      },
    }),
    ready: async (url) => (await fetch(`${url}/minio/health/ready`)).ok,
  });
}

/** A client of that server; with the root account's rights unless others are given. */
export function minioClient(server: Server, credentials: Keys = MINIO_KEYS): S3Client {
  return new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials });
}

/** Creates an empty bucket. */
export async function createBucket(client: S3Client, bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
}
