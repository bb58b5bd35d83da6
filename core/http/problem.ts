import type { Logger } from '../sdk/contract/logger.ts';
import type { RefusalReason } from '../telemetry/observer.ts';

/** Every code of a problem, its statuses and its meaning. `docs/errors.md` is generated from it. */
export const PROBLEM_CODES = {
  invalid_event: {
    status: [400],
    meaning:
      'The JSON is not a Falco alert; `field` says which member is wrong. `rule`, `priority` and `time` must be there. Send it again only when it was mended.',
  },
  invalid_body: {
    status: [400],
    meaning: 'The body is empty, broken off, or not what `content-encoding` says.',
  },
  body_too_large: {
    status: [413],
    meaning:
      'The body, after decompression, is larger than `server.max_body`, or than the journal takes in one piece.',
  },
  slow: {
    status: [408],
    meaning:
      'The body came in at less than 1 KiB/s for ten seconds, or was not complete after 60 s. Time in which Tiercel itself stopped reading does not count. Nothing of the request was accepted.',
  },
  unsupported_encoding: {
    status: [415],
    meaning:
      'The body is compressed in a way that is not understood: gzip is, and zstd on Node 22.15, Deno and Bun.',
  },
  no_room: {
    status: [429, 503],
    meaning:
      'There is no room: the journal has reached `journal.max_size` because an output is slow or down, its disk is full, or the bodies under way use up their memory; the reason says which. `POST /` waits `server.max_wait` before it answers 503, `POST /events` answers 429 at once; both with `Retry-After`. Nothing of the request was accepted.',
  },
  storage_failed: {
    status: [503],
    meaning:
      'The event could not be put on stable storage. It was not accepted; look at the disk and the log. `POST /` tries again for `server.max_wait` before it answers so.',
  },
  unauthorized: {
    status: [401],
    meaning:
      'The credentials of `server.auth`, or of `server.admin_auth` at `server.admin_listen`, are missing or wrong.',
  },
  forbidden: {
    status: [403],
    meaning:
      'A listener for operators refuses the request: its `Host` is unknown (`server.admin_hosts` names more), it comes from a web page of another origin, or it is a change without the header `x-tiercel-request: 1`.',
  },
  certificate_required: {
    status: [403],
    meaning:
      'The client has no certificate of an authority in `server.tls.client_ca`, or it has expired; `reason` has what OpenSSL says.',
  },
  not_found: {
    status: [404],
    meaning: 'Nothing is served at this path, or there is no such output or dead letter.',
  },
  method_not_allowed: {
    status: [405],
    meaning: 'The path is served under another method; `allow` names it.',
  },
  conflict: { status: [409], meaning: 'What was asked for contradicts what is under way.' },
  too_many: { status: [503], meaning: 'As many look at live events as may; close another `tap`.' },
  bad_request: { status: [400], meaning: 'A parameter of the request is wrong; `reason` says which.' },
  internal: { status: [500], meaning: 'A fault of the program; the log has it. The event was not accepted.' },
} as const satisfies Readonly<
  Record<string, { readonly status: readonly number[]; readonly meaning: string }>
>;

/** Why a request was not accepted; `code` is for programs, the other members are for people. */
export interface ProblemDetails {
  readonly code: keyof typeof PROBLEM_CODES;
  /** The member of the event that is wrong, `body` for the JSON as a whole. */
  readonly field?: string;
  readonly reason: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Events that were refused; a request whose events are not known counts as one. */
export interface Refused {
  readonly reason: RefusalReason;
  readonly events: number;
}

/** An error response, thrown in a handler and rendered in one place. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;
  /** The events that were refused by it; absent where the request was not about events. */
  readonly refused: Refused | undefined;

  constructor(status: number, details: ProblemDetails, headers?: Readonly<Record<string, string>>);
  /** @param details with a hint, which the log of refused events shows */
  constructor(
    status: number,
    details: ProblemDetails & { readonly hint: string },
    headers: Readonly<Record<string, string>>,
    refused: Refused | undefined,
  );
  constructor(
    status: number,
    details: ProblemDetails,
    headers: Readonly<Record<string, string>> = {},
    refused?: Refused,
  ) {
    super(details.reason);
    this.refused = refused;
    this.status = status;
    this.details = details;
    this.headers = headers;
  }
}

/** The problem of a failed request. Any other error is internal: it is logged, and the client does not see it. */
export function problemOf(error: unknown, log: Logger): Problem {
  if (error instanceof Problem) return error;
  log.error({ err: error }, 'a request failed');
  return new Problem(500, { code: 'internal', reason: 'unexpected error; see the log' });
}
