import {
  type AwsError,
  type AwsFault,
  type AwsPlace,
  awsFault,
  fromAwsFault,
} from '../../../../core/sdk/aws/index.ts';
import type { Delivery } from '../../../../core/sdk/index.ts';
import { rejected } from '../../../../core/sdk/index.ts';

/** What an error of the SDK says, in one line that ends with what to do. */
export interface S3Fault extends Omit<AwsFault, 'kind'> {
  readonly kind: AwsFault['kind'] | 'missing' | 'wrong-region' | 'exists' | 'content';
}

/** Names of the place in a fault's line. */
export interface Place extends Omit<AwsPlace, 'service'> {
  readonly bucket: string;
}

/** Reads what went wrong. Sources: the error codes of the S3 API; what all of AWS says is read by {@link awsFault}. */
export function faultOf(error: unknown, place: Place): S3Fault {
  const common = awsFault(error, { ...place, service: 'S3' });
  const { name, $metadata } = error as AwsError;
  const status = $metadata?.httpStatusCode;
  const bucket = `bucket "${place.bucket}"`;
  switch (name) {
    case 'PreconditionFailed':
      return { kind: 'exists', line: 'the object is there already' };
    case 'ConditionalRequestConflict':
    case 'OperationAborted':
      return { kind: 'busy', line: 'another upload of the same object was under way; it is tried again' };
    case 'NoSuchBucket':
    case 'NotFound':
      return {
        kind: 'missing',
        line: `${bucket} does not exist: check its name and region (${place.region})`,
      };
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return wrongRegion(error as AwsError, place);
    case 'EntityTooLarge':
      return { kind: 'content', line: 'the file is larger than the store takes in one piece' };
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
    case 'XAmzContentChecksumMismatch':
      return { kind: 'busy', line: 'the bytes were damaged on the way; they are sent again' };
  }
  if (status === 412) return { kind: 'exists', line: 'the object is there already' };
  if (status === 409) return { kind: 'busy', line: `the store reports a conflict (${name}); tried again` };
  if (status === 301 || status === 307) return wrongRegion(error as AwsError, place);
  if (common.kind === 'forbidden') {
    const line = `not allowed to write to ${bucket} (${name}): check s3:PutObject on the prefix`;
    return { kind: 'forbidden', line };
  }
  return common;
}

/** What a failed PutObject means for the batch. That the object exists is success and is the caller's to see. */
export function deliveryOf(fault: S3Fault): Delivery {
  return fault.kind === 'content' ? rejected(fault.line) : fromAwsFault(fault);
}

function wrongRegion(error: AwsError & { readonly Region?: string }, { bucket, region }: Place): S3Fault {
  const actual = error.$response?.headers?.['x-amz-bucket-region'] ?? error.Region;
  const where = actual === undefined ? 'in another region' : `in ${actual}`;
  const line = `bucket "${bucket}" is ${where}, not in ${region}: set region to the bucket's`;
  return { kind: 'wrong-region', line };
}
