import type { Delivery } from '../../core/index.ts';
import { rejected, retry } from '../../core/index.ts';
import { AssumeRoleError } from './s3-credentials.ts';

/** What an error of the SDK says, in one line that ends with what to do. */
export interface S3Fault {
  readonly kind:
    | 'denied'
    | 'forbidden'
    | 'missing'
    | 'wrong-region'
    | 'busy'
    | 'exists'
    | 'content'
    | 'other';
  readonly line: string;
  /** Milliseconds to wait, where the store said so. */
  readonly after?: number;
}

/** Names of the place in a fault's line. */
export interface Place {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
  /** What is asked, where it is not S3. */
  readonly service?: 'STS';
}

/** What the SDK's errors have; every part may be missing. */
interface SdkError extends Error {
  readonly code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Reads what went wrong. Sources: the error codes of the S3 API and of STS, and how the SDK names its own. */
export function faultOf(error: unknown, place: Place): S3Fault {
  if (error instanceof AssumeRoleError) return assumeRoleFault(error, place);
  const { name, message, code, $metadata, $response, Region } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  const headers = $response?.headers ?? {};
  const bucket = `bucket "${place.bucket}"`;
  const denied = (line: string): S3Fault => ({ kind: 'denied', line });
  switch (name) {
    case 'PreconditionFailed':
      return { kind: 'exists', line: 'the object is there already' };
    case 'ConditionalRequestConflict':
    case 'OperationAborted':
      return { kind: 'busy', line: 'another upload of the same object was under way; it is tried again' };
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'TokenRefreshRequired':
      return denied(
        'the session token has expired: renew session_token, or use a role so that it is renewed by itself',
      );
    case 'InvalidAccessKeyId':
    case 'InvalidClientTokenId':
    case 'UnrecognizedClientException':
      return denied('the access key is not known: check access_key_id, or that the key was not deleted');
    case 'SignatureDoesNotMatch':
      return denied('the secret does not belong to the access key: check secret_access_key');
    case 'InvalidToken':
      return denied('the session token is malformed: check session_token');
    case 'CredentialsProviderError':
    case 'CredentialsError':
      return denied(
        `no AWS credentials found (${message}): give the process a role, a profile or access_key_id`,
      );
    case 'RequestTimeTooSkewed':
      return { kind: 'other', line: "this machine's clock is off by more than 15 minutes: synchronise it" };
    case 'NoSuchBucket':
    case 'NotFound':
      return {
        kind: 'missing',
        line: `${bucket} does not exist: check its name and region (${place.region})`,
      };
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException': {
      const actual = headers['x-amz-bucket-region'] ?? Region;
      const where = actual === undefined ? 'in another region' : `in ${actual}`;
      return {
        kind: 'wrong-region',
        line: `${bucket} is ${where}, not in ${place.region}: set region to the bucket's`,
      };
    }
    case 'EntityTooLarge':
      return { kind: 'content', line: 'the file is larger than the store takes in one piece' };
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
    case 'XAmzContentChecksumMismatch':
      return { kind: 'busy', line: 'the bytes were damaged on the way; they are sent again' };
  }
  if (status === 412) return { kind: 'exists', line: 'the object is there already' };
  if (status === 409) return { kind: 'busy', line: `the store reports a conflict (${name}); tried again` };
  if (status === 401) return denied(`the credentials were refused (${name}): check them`);
  if (status === 403) {
    return {
      kind: 'forbidden',
      line: `not allowed to write to ${bucket} (${name}): check s3:PutObject on the prefix`,
    };
  }
  if (status === 301 || status === 307) {
    return faultOf(
      Object.assign(new Error(message), { name: 'PermanentRedirect', Region, $response }),
      place,
    );
  }
  if (status === 429 || name === 'SlowDown' || (status !== undefined && status >= 500)) {
    return {
      kind: 'busy',
      line: `the store is busy or failing (${status ?? '-'} ${name})`,
      ...retryAfter(headers['retry-after']),
    };
  }
  if (status === undefined) return { kind: 'other', line: networkLine(code, message, place) };
  return { kind: 'other', line: `the store answered ${status} ${name}: ${message}` };
}

/** What a failed PutObject means for the batch. That the object exists is success and is the caller's to see. */
export function deliveryOf({ kind, line, after }: S3Fault): Delivery {
  if (kind === 'content') return rejected(line);
  return retry(line, {
    ...(kind === 'denied' || kind === 'forbidden' ? { denied: true } : {}),
    ...(after === undefined ? {} : { after }),
  });
}

function assumeRoleFault({ role, endpoint, cause }: AssumeRoleError, store: Place): S3Fault {
  const place: Place = { ...store, endpoint, service: 'STS' };
  const { name, $metadata } = cause as SdkError;
  if (name === 'AccessDenied' || $metadata?.httpStatusCode === 403) {
    const own = faultOf(cause, place);
    if (own.kind === 'denied') return { kind: 'denied', line: `cannot assume ${role}: ${own.line}` };
    return {
      kind: 'denied',
      line: `not allowed to assume ${role}: check external_id, the role's trust policy, and sts:AssumeRole of the identity this process has`,
    };
  }
  const { kind, line, after } = faultOf(cause, place);
  const own = kind === 'missing' ? `the role does not exist` : line;
  return { kind, line: `cannot assume ${role}: ${own}`, ...(after === undefined ? {} : { after }) };
}

function networkLine(code: string | undefined, message: string, place: Place): string {
  const { endpoint, region, service = 'S3' } = place;
  const where = endpoint ?? `${service} in ${region}`;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${where}: the name cannot be resolved: check endpoint, region and DNS`;
    case 'ECONNREFUSED':
      return `${where} refuses connections: check the endpoint and that the store is running`;
    default:
      return `${where} cannot be reached (${code ?? message}): check network, proxy and endpoint`;
  }
}

/** Seconds or a date. */
function retryAfter(header: string | undefined): { after: number } | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const after = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return after > 0 ? { after } : undefined;
}
