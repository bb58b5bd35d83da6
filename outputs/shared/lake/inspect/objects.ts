import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { awsClientConfig } from '../../../../core/sdk/aws/index.ts';
import type { S3Access } from '../store/s3-client.ts';
import { createS3Client } from '../store/s3-client.ts';
import { faultOf } from '../store/s3-errors.ts';

/** A file of a lake, wherever it is. */
export interface LakeObject {
  /** Of a bucket: its key. Of the disk: its absolute path, `/`-separated. */
  readonly key: string;
  /** Has the file on the local disk while `use` runs. */
  withFile<T>(use: (path: string) => Promise<T>): Promise<T>;
}

/**
 * The files of a place in the order of their names: one file, every `.parquet` below a folder, or every object below
 * `s3://bucket/prefix`. Objects are fetched one at a time, when they are used.
 *
 * @param s3 how to get into the bucket
 * @throws Error saying what is wrong and what to do
 */
export async function* openObjects(target: string, s3: S3Access): AsyncGenerator<LakeObject> {
  const address = /^s3:\/\/([^/]+)\/?(.*)$/i.exec(target);
  if (address !== null) return yield* bucketObjects(address[1]!, address[2]!, s3);
  const path = resolve(target);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Error(`there is no file or folder ${target}`);
  if (found.isFile()) return yield localObject(path);
  // Other writers call a folder of parts like a file.
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((each) => !each.isDirectory() && each.name.endsWith('.parquet'));
  for (const file of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
    yield localObject(file);
  }
}

function localObject(path: string): LakeObject {
  return { key: path.split(sep).join('/'), withFile: (use) => use(path) };
}

async function* bucketObjects(bucket: string, prefix: string, s3: S3Access): AsyncGenerator<LakeObject> {
  const { GetObjectCommand, ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const client = await createS3Client(s3, awsClientConfig(s3, { configDir: process.cwd() }));
  const explained = (error: unknown): Error => {
    const { kind, line } = faultOf(error, { bucket, region: s3.region, endpoint: s3.endpoint });
    if (kind !== 'forbidden') return new Error(line);
    return new Error(
      `not allowed to read s3://${bucket}/${prefix}: inspect needs s3:ListBucket and s3:GetObject, which the provider role of a source has not; use an identity that may read the lake`,
    );
  };
  try {
    let token: string | undefined;
    do {
      const page = await client
        .send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }))
        .catch((error: unknown) => {
          throw explained(error);
        });
      for (const { Key: key = '' } of page.Contents ?? []) {
        if (!key.endsWith('.parquet')) continue;
        yield {
          key,
          withFile: (use) =>
            fetched(client, new GetObjectCommand({ Bucket: bucket, Key: key }), explained, use),
        };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  } finally {
    client.destroy();
  }
}

/** Into a file, not into memory: objects have hundreds of megabytes. */
async function fetched<T>(
  client: S3Client,
  command: import('@aws-sdk/client-s3').GetObjectCommand,
  explained: (error: unknown) => Error,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-inspect-'));
  const path = join(folder, 'object.parquet');
  try {
    const { Body } = await client.send(command).catch((error: unknown) => {
      throw explained(error);
    });
    await pipeline(Body as Readable, createWriteStream(path, { mode: 0o600 }));
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
