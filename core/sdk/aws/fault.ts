import type { Delivery } from '../contract/verdicts.ts';
import { retry } from '../contract/verdicts.ts';
import { describeFailure } from '../http/transport/failure.ts';
import { parseRetryAfter } from '../http/transport/response.ts';
import { AssumeRoleError } from './credentials.ts';

/** What an error of the SDK says. */
export interface AwsFault {
  /** `denied`: the credentials are no good; `forbidden`: they are, and may not do this. */
  readonly kind: 'denied' | 'forbidden' | 'busy' | 'other';
  /** One line that ends with what to do. */
  readonly line: string;
  /** Milliseconds to wait, where the service said so. */
  readonly after?: number;
}

/** Which service was called, for the fault's line. */
export interface AwsPlace {
  /** As people call it: `SQS`. */
  readonly service: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
}

/** What the SDK's errors have; every part may be missing. */
export interface AwsError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Sources: the errors that all services of AWS share, those of STS, and how the SDK names its own. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  ExpiredToken:
    'the session token has expired: renew session_token, or use a role so that it is renewed by itself',
  InvalidAccessKeyId: 'the access key is not known: check access_key_id, or that the key was not deleted',
  SignatureDoesNotMatch: 'the secret does not belong to the access key: check secret_access_key',
  InvalidToken: 'the session token is malformed: check session_token',
};

const ALIASES: Readonly<Record<string, string>> = {
  ExpiredTokenException: 'ExpiredToken',
  TokenRefreshRequired: 'ExpiredToken',
  InvalidClientTokenId: 'InvalidAccessKeyId',
  UnrecognizedClientException: 'InvalidAccessKeyId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
};

const BUSY = /^(SlowDown|Throttling|ThrottlingException|RequestThrottled|TooManyRequestsException)$/;

/**
 * Reads what went wrong in a call: credentials, role, clock, haste, the network. Who knows the service better looks first
 * for what it says of its own.
 *
 * @example
 * const { kind, line } = awsFault(new Error('socket hang up'), { service: 'SQS', region: 'eu-west-1' });
 */
export function awsFault(error: unknown, place: AwsPlace): AwsFault {
  if (error instanceof AssumeRoleError) return assumeRoleFault(error, place);
  const { name, message, code, $metadata, $response } = error as AwsError;
  const status = $metadata?.httpStatusCode;
  const where = place.endpoint ?? `${place.service} in ${place.region}`;
  const credentials = CREDENTIALS[ALIASES[name] ?? name];
  if (credentials !== undefined) return { kind: 'denied', line: credentials };
  if (name === 'CredentialsProviderError' || name === 'CredentialsError') {
    const line = `no AWS credentials found (${message}): give the process a role, a profile or access_key_id`;
    return { kind: 'denied', line };
  }
  if (name === 'RequestTimeTooSkewed')
    return { kind: 'other', line: "this machine's clock is off by more than 15 minutes: synchronise it" };
  if (BUSY.test(name) || status === 429 || (status !== undefined && status >= 500)) {
    const after = parseRetryAfter($response?.headers?.['retry-after'] ?? null, Date.now());
    const line = `${where} is busy or failing (${status ?? '-'} ${name})`;
    return { kind: 'busy', line, ...(after !== undefined && { after }) };
  }
  if (status === undefined) return { kind: 'other', line: networkLine(code, error, where) };
  if (status === 407) {
    const line = `${where}: the proxy wants other credentials: give user name and password in the address of proxy, or of HTTP_PROXY`;
    return { kind: 'denied', line };
  }
  if (status === 401) return { kind: 'denied', line: `the credentials were refused (${name}): check them` };
  const line = `${where} answered ${status} ${name}: ${message}`;
  return { kind: status === 403 || name.startsWith('AccessDenied') ? 'forbidden' : 'other', line };
}

/**
 * What a failed call means for a batch: it is tried again, and at once no more where the credentials are refused. What speaks about the
 * content is for the output to know.
 *
 * @example
 * const verdictOf = (error: Error): Delivery =>
 *   error.name === 'InvalidMessageContents'
 *     ? rejected(error.message)
 *     : fromAwsFault(awsFault(error, { service: 'SQS', region: 'eu-west-1' }));
 */
export function fromAwsFault({
  kind,
  line,
  after,
}: Omit<AwsFault, 'kind'> & { readonly kind: string }): Delivery {
  return retry(line, {
    ...((kind === 'denied' || kind === 'forbidden') && { denied: true }),
    ...(after !== undefined && { after }),
  });
}

function assumeRoleFault({ role, endpoint, cause }: AssumeRoleError, { region }: AwsPlace): AwsFault {
  const fault = awsFault(cause, { service: 'STS', region, endpoint });
  if (fault.kind === 'forbidden') {
    const line = `not allowed to assume ${role}: check external_id, the role's trust policy, and sts:AssumeRole of the identity this process has`;
    return { kind: 'denied', line };
  }
  return { ...fault, line: `cannot assume ${role}: ${fault.line}` };
}

function networkLine(code: string | undefined, error: unknown, where: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${where}: the name cannot be resolved: check endpoint, region and DNS`;
    case 'ECONNREFUSED':
      return `${where} refuses connections: check the endpoint and that the service is running`;
    default:
      return `${where} cannot be reached (${describeFailure(error)}): check network, proxy and endpoint`;
  }
}
