import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { S3Client } from '@aws-sdk/client-s3';
import { awsClientConfig } from '../../../../core/sdk/aws/index.ts';
import type { HttpTimeouts } from '../../../../core/sdk/index.ts';
import { abortable, delivered, retry } from '../../../../core/sdk/index.ts';
import type { S3Options } from './s3-client.ts';
import { createS3Client } from './s3-client.ts';
import { deliveryOf, faultOf } from './s3-errors.ts';
import type { LocalFile, ObjectStore } from './store.ts';
import { PARQUET_CONTENT_TYPE } from './store.ts';

/**
 * A bucket. One PutObject an object, that needs `s3:PutObject` and nothing else: no ACL, no tags, no encryption headers
 * (the bucket's default applies), no multipart. `If-None-Match: *` makes a second write of a key harmless. The SHA-256 of
 * the file is part of the signature and stored with the object, so damage on the way is refused by the store.
 *
 * The SDK is loaded at the first call. It does not try again by itself: the delivery chain does.
 *
 * @param context of the output: relative file names start at its `configDir`
 * @param timeouts those of `awsClientConfig`
 * @example
 * const store = s3Store('falco-lake', { region: 'eu-west-1', force_path_style: false }, context);
 * log.info(await store.check(signal));
 */
export function s3Store(
  bucket: string,
  options: S3Options,
  context: { readonly configDir: string },
  timeouts?: HttpTimeouts,
): ObjectStore {
  const place = { bucket, region: options.region, endpoint: options.endpoint };
  const config = awsClientConfig(options, context, timeouts);
  let opened: Promise<S3Client> | undefined;

  const client = () => {
    opened ??= createS3Client(options, config);
    return opened;
  };

  return {
    async put(key, file, { signal, contentType = PARQUET_CONTENT_TYPE }) {
      try {
        await abortable(putObject(await client(), bucket, key, file, contentType, signal), signal);
        return delivered({ bytes: file.size });
      } catch (error) {
        if (signal.aborted) return retry(`the upload of ${key} was interrupted`);
        const fault = faultOf(error, place);
        return fault.kind === 'exists' ? delivered({ bytes: file.size }) : deliveryOf(fault);
      }
    },

    async check(signal) {
      const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
      const s3 = await client();
      try {
        await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }), { abortSignal: signal });
        return `${bucket} in ${options.region} answers`;
      } catch (error) {
        const { kind, line } = faultOf(error, place);
        if (kind !== 'forbidden') throw new Error(line);
        return `${bucket} answers; this identity may not list it, which writing does not need`;
      }
    },

    async *diagnose(key, write, signal) {
      const { diagnoseS3 } = await import('./s3-diagnose.ts');
      yield* diagnoseS3(await client(), bucket, options, context, { key, write, signal });
    },

    describe: () => `s3://${bucket}`,

    close() {
      void opened?.then((s3) => s3.destroy());
      opened = undefined;
    },
  };
}

async function putObject(
  client: S3Client,
  bucket: string,
  key: string,
  file: LocalFile,
  contentType: string,
  signal: AbortSignal,
): Promise<void> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const sha256 = file.sha256 ?? (await sha256Of(file.path, signal));
  const body = createReadStream(file.path, { highWaterMark: 256 * 1024 });
  // The client may give up before the file is open, or the file may not be readable: the stream's error must have a
  // listener, else it ends the process; it ends the request instead.
  const unreadable = new AbortController();
  body.once('error', (error) => unreadable.abort(error));
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: body,
    ContentLength: file.size,
    ContentType: contentType,
    ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
    IfNoneMatch: '*',
  });
  // Given here, the signature covers the payload: a stream would go unsigned otherwise, which plain HTTP stores refuse.
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'payloadHash' },
  );
  try {
    await client.send(command, { abortSignal: AbortSignal.any([signal, unreadable.signal]) });
  } finally {
    body.destroy();
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 256 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}
