import type { S3Client } from '@aws-sdk/client-s3';
import { awsClientConfig, awsFault } from '../../../../core/sdk/aws/index.ts';
import type { Finding } from '../../../../core/sdk/index.ts';
import type { S3Options } from './s3-client.ts';
import { faultOf } from './s3-errors.ts';

interface Question {
  readonly key: string;
  readonly write: boolean;
  readonly signal: AbortSignal;
}

/**
 * Looks at a bucket step by step: who we are, the role, the bucket and its region, and, when asked to, the permission to
 * write. Each step says what it found; one that is refused does not keep the next from being tried.
 */
export async function* diagnoseS3(
  client: S3Client,
  bucket: string,
  options: S3Options,
  context: { readonly configDir: string },
  { key, write, signal }: Question,
): AsyncGenerator<Finding> {
  const place = { bucket, region: options.region, endpoint: options.endpoint };
  const lineOf = (error: unknown) => faultOf(error, place).line;
  yield await identity(options, context, signal);
  const role = await roleOf(client, options, lineOf);
  yield role;
  if (role.status === 'failed') {
    // Each would fail for the same reason.
    const line = 'not checked: there are no credentials';
    yield { status: 'not_checked', what: 'bucket', line };
    if (write) yield { status: 'not_checked', what: 'write', line };
    return;
  }
  yield await bucketRegion(client, bucket, options, { write, signal }, (error) => faultOf(error, place));
  if (write) yield await writing(client, bucket, key, signal, lineOf);
}

type LineOf = (error: unknown) => string;

/** Before any role is assumed. */
async function identity(
  { endpoint: store, assume_role: role, ...own }: S3Options,
  context: { readonly configDir: string },
  signal: AbortSignal,
): Promise<Finding> {
  const what = 'identity';
  const endpoint = role?.sts_endpoint;
  if (store !== undefined && endpoint === undefined) {
    // Who we are is of no use there: the bucket and the permission to write show whether the credentials work.
    return { status: 'plan', what, line: 'not asked: the store is not AWS, and no sts_endpoint is given' };
  }
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const sts = new STSClient(
    awsClientConfig({ ...own, ...(endpoint !== undefined && { endpoint }) }, context),
  );
  try {
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return { status: 'ok', what, line: Arn ?? 'STS knows the credentials' };
  } catch (error) {
    const { kind, line } = awsFault(error, { service: 'STS', region: own.region, endpoint });
    // A role may be forbidden to ask. What follows shows whether the credentials work.
    return kind === 'forbidden'
      ? {
          status: 'ok',
          what,
          line: 'known to STS; sts:GetCallerIdentity is denied, which writing does not need',
        }
      : { status: 'warning', what, line: `who we are cannot be asked: ${line}` };
  } finally {
    sts.destroy();
  }
}

async function roleOf(client: S3Client, options: S3Options, lineOf: LineOf): Promise<Finding> {
  const role = options.assume_role?.role_arn;
  const what = role === undefined ? 'credentials' : 'role';
  try {
    const { accessKeyId, expiration } = await client.config.credentials();
    const until = expiration === undefined ? '' : `, until ${expiration.toISOString()}, renewed before`;
    const line =
      role === undefined
        ? `found, access key ${accessKeyId.slice(0, 4)}…${until}`
        : `${role} assumed${until}`;
    return { status: 'ok', what, line };
  } catch (error) {
    return { status: 'failed', what, line: lineOf(error) };
  }
}

async function bucketRegion(
  client: S3Client,
  bucket: string,
  { region }: S3Options,
  { write, signal }: Omit<Question, 'key'>,
  fault: (error: unknown) => ReturnType<typeof faultOf>,
): Promise<Finding> {
  const what = 'bucket';
  const { HeadBucketCommand } = await import('@aws-sdk/client-s3');
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket }), {
      abortSignal: signal,
    });
    return regionFinding(bucket, region, BucketRegion);
  } catch (error) {
    const { kind, line } = fault(error);
    if (kind !== 'forbidden') return { status: 'failed', what, line };
    // S3 says the region with a refusal too.
    const { $response } = error as { readonly $response?: { readonly headers?: Record<string, string> } };
    const its = $response?.headers?.['x-amz-bucket-region'];
    if (its !== undefined && its !== region) return regionFinding(bucket, region, its);
    const where = its === undefined ? '' : ` and is in ${its}`;
    const reached = `${bucket} answers${where}; this identity may not look at it, which writing does not need`;
    // The step that follows shows whether it may write.
    if (write) return { status: 'ok', what, line: reached };
    return { status: 'not_checked', what, line: `${reached}: --write tries the permission to write` };
  }
}

function regionFinding(bucket: string, region: string, its: string | undefined): Finding {
  const what = 'bucket';
  if (its === undefined || its === '' || its === region) {
    return { status: 'ok', what, line: `${bucket} is in ${region}` };
  }
  return { status: 'failed', what, line: `${bucket} is in ${its}: set region to ${its}, not ${region}` };
}

/**
 * Puts an object whose checksum is wrong: the store looks at the permission first, and then refuses the content, so that
 * nothing is written. What it does not show is the permission on the key that encrypts the bucket.
 */
async function writing(
  client: S3Client,
  bucket: string,
  key: string,
  signal: AbortSignal,
  lineOf: LineOf,
): Promise<Finding> {
  const what = 'write';
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: 'tiercel doctor',
    ContentMD5: Buffer.alloc(16).toString('base64'),
    IfNoneMatch: '*',
  });
  try {
    await client.send(command, { abortSignal: signal });
  } catch (error) {
    const { name, $metadata } = error as Error & {
      readonly $metadata?: { readonly httpStatusCode?: number };
    };
    if (name === 'BadDigest' || name === 'InvalidDigest' || $metadata?.httpStatusCode === 412) {
      const line =
        'objects may be put there (an upload with a wrong checksum was refused for its checksum; nothing is left)';
      return { status: 'ok', what, line };
    }
    return { status: 'failed', what, line: lineOf(error) };
  }
  return {
    status: 'failed',
    what,
    line: `${key} was written although its checksum was wrong: remove it, and see to the store, which checks nothing`,
  };
}
