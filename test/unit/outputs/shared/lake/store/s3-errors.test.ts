import { describe, expect, it } from 'vitest';
import { deliveryOf, faultOf, type S3Fault } from '../../../../../../outputs/shared/lake/store/s3-errors.ts';

const place = { bucket: 'lake', region: 'eu-west-1' };
const error = (name: string, status?: number, more: object = {}) =>
  Object.assign(new Error('what it said'), { name, $metadata: { httpStatusCode: status }, ...more });

describe('faultOf', () => {
  it.each<[string, number | undefined, S3Fault['kind'], string]>([
    ['PreconditionFailed', 412, 'exists', 'the object is there already'],
    ['Unknown', 412, 'exists', 'the object is there already'],
    [
      'ConditionalRequestConflict',
      409,
      'busy',
      'another upload of the same object was under way; it is tried again',
    ],
    ['OperationAborted', 409, 'busy', 'another upload of the same object was under way; it is tried again'],
    ['BucketConflict', 409, 'busy', 'the store reports a conflict (BucketConflict); tried again'],
    ['NoSuchBucket', 404, 'missing', 'bucket "lake" does not exist: check its name and region (eu-west-1)'],
    ['NotFound', 404, 'missing', 'bucket "lake" does not exist: check its name and region (eu-west-1)'],
    ['EntityTooLarge', 400, 'content', 'the file is larger than the store takes in one piece'],
    ['BadDigest', 400, 'busy', 'the bytes were damaged on the way; they are sent again'],
    ['XAmzContentSHA256Mismatch', 400, 'busy', 'the bytes were damaged on the way; they are sent again'],
    ['XAmzContentChecksumMismatch', 400, 'busy', 'the bytes were damaged on the way; they are sent again'],
    [
      'AccessDenied',
      403,
      'forbidden',
      'not allowed to write to bucket "lake" (AccessDenied): check s3:PutObject on the prefix',
    ],
    ...[
      'PermanentRedirect',
      'TemporaryRedirect',
      'AuthorizationHeaderMalformed',
      'IllegalLocationConstraintException',
    ].map(
      (name) =>
        [
          name,
          400,
          'wrong-region',
          `bucket "lake" is in another region, not in eu-west-1: set region to the bucket's`,
        ] as [string, number, S3Fault['kind'], string],
    ),
    [
      'Unknown',
      301,
      'wrong-region',
      `bucket "lake" is in another region, not in eu-west-1: set region to the bucket's`,
    ],
    [
      'Unknown',
      307,
      'wrong-region',
      `bucket "lake" is in another region, not in eu-west-1: set region to the bucket's`,
    ],
  ])('reads %s with the status %s as %s', (name, status, kind, line) => {
    expect(faultOf(error(name, status), place)).toEqual({ kind, line });
  });

  it('leaves what all of AWS says to it', () => {
    expect(faultOf(error('SlowDown', 503), place).kind).toBe('busy');
    expect(faultOf(error('InvalidAccessKeyId', 403), place).kind).toBe('denied');
    expect(faultOf(error('Other', 302), place)).toMatchObject({
      kind: 'other',
      line: expect.stringContaining('S3 in eu-west-1 answered 302 Other'),
    });
  });

  it('names the region of the bucket, from the header or the body', () => {
    const of = (more: object) => faultOf(error('PermanentRedirect', 301, more), place).line;
    const header = { $response: { headers: { 'x-amz-bucket-region': 'us-east-1' } } };
    expect(of(header)).toBe(`bucket "lake" is in us-east-1, not in eu-west-1: set region to the bucket's`);
    expect(of({ Region: 'us-west-2' })).toContain('is in us-west-2,');
    expect(of({ ...header, Region: 'us-west-2' })).toContain('is in us-east-1,');
  });
});

describe('deliveryOf', () => {
  it('rejects what no attempt can change, and retries all else', () => {
    const kinds = ['missing', 'wrong-region', 'exists', 'busy', 'denied', 'forbidden', 'other'] as const;
    expect(deliveryOf({ kind: 'content', line: 'large' })).toEqual({ status: 'rejected', reason: 'large' });
    for (const kind of kinds)
      expect(deliveryOf({ kind, line: 'no', after: 7 })).toMatchObject({
        status: 'retry',
        reason: 'no',
        after: 7,
      });
  });
});
