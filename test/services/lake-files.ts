import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { readParquet } from './python.ts';

/** The keys of all objects of a bucket. */
export async function listKeys(client: S3Client, bucket: string): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key ? [Key] : [])));
    token = page.NextContinuationToken;
  } while (token);
  return keys;
}

/** The bytes of one object. */
export async function getObject(client: S3Client, bucket: string, key: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

/** Copies a bucket into a folder, each object under its key, and returns the keys. */
export async function download(client: S3Client, bucket: string, folder: string): Promise<string[]> {
  const keys = await listKeys(client, bucket);
  for (const key of keys) {
    const file = join(folder, key);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await getObject(client, bucket, key));
  }
  return keys;
}

/** `raw_data` of every row below a folder, as pyarrow reads it, sorted. */
export async function rawRows(folder: string): Promise<unknown[]> {
  const files = await readParquet(folder);
  return files.flatMap(({ records = [] }) => records.map(({ raw_data: raw }) => raw)).sort();
}
