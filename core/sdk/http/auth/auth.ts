import type { Clock } from '../../contract/clock.ts';
import { type Delivery, retry } from '../../contract/verdicts.ts';
import type { HttpTransport } from '../transport/transport.ts';

/** A request that is about to be sent: everything but its credentials is decided. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

/** The credentials of one request. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** Call it when they were answered with 401: others are fetched for the next request. Absent: there are no others. */
  refused?(): void;
}

/** One kind of authentication, with its options applied. */
export interface Auth {
  /**
   * The credentials of a request.
   *
   * @throws AuthError when there are none
   */
  credentials(request: UnsignedRequest, signal: AbortSignal): Credentials | Promise<Credentials>;
  /** What must appear in no message: now, and what was in use before. */
  secrets(): readonly string[];
  /** Ends what is under way. */
  close?(): void;
}

/** What a kind of authentication works with. */
export interface AuthSurroundings {
  /** The transport of the output: tokens are fetched through its proxy and with its certificates. */
  readonly transport: HttpTransport;
  readonly clock: Clock;
  /** Where relative file names start. */
  readonly configDir: string;
  /** Loads a package that is not installed with this one. */
  load<T>(name: string, load: () => Promise<T>): Promise<T>;
}

/** There are no credentials for a request, so it was not sent. */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  /** The credentials were refused or cannot be found: trying again soon is useless. */
  readonly denied: boolean;
  /** Milliseconds to wait, where the token endpoint said so. */
  readonly after: number | undefined;

  constructor(
    message: string,
    details: { denied?: boolean; after?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.denied = details.denied === true;
    this.after = details.after;
  }
}

/** What a request that could not be sent means for a batch: it is tried again. */
export function retryAfterFailure(error: unknown): Delivery {
  const { message } = error as Error;
  if (!(error instanceof AuthError)) return retry(message);
  const { denied, after } = error;
  return retry(message, { ...(denied && { denied }), ...(after !== undefined && { after }) });
}
