import type { ServerResponse } from 'node:http';
import type { Logger } from '../sdk/contract/logger.ts';
import type { RefusalReason } from '../telemetry/observer.ts';

/** Why a request was not accepted; `code` is for programs, the rest for people. */
export interface ProblemDetails {
  readonly code:
    | 'not_found'
    | 'method_not_allowed'
    | 'unauthorized'
    | 'forbidden'
    | 'certificate_required'
    | 'conflict'
    | 'too_many'
    | 'invalid_event'
    | 'invalid_body'
    | 'body_too_large'
    | 'slow'
    | 'unsupported_encoding'
    | 'no_room'
    | 'storage_failed'
    | 'bad_request'
    | 'internal';
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

/** A refusal on its way to the client; thrown in a handler, rendered in one place. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;
  /** The events that were refused by it; absent where the request was not about events. */
  readonly refused: Refused | undefined;

  constructor(status: number, details: ProblemDetails, headers?: Readonly<Record<string, string>>);
  /** @param details with a hint: the log has nothing else to say to who loses events */
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

/** What a request ended in, as a refusal; what is none is our fault, and told to the log only. */
export function problemOf(error: unknown, log: Logger): Problem {
  if (error instanceof Problem) return error;
  log.error({ err: error }, 'a request failed');
  return new Problem(500, { code: 'internal', reason: 'unexpected error; see the log' });
}

/** `{"error": {code, field, reason, hint}}`, and `more` beside it. */
export function problemResponse(problem: Problem, more: object = {}): Response {
  return new Response(textOf(problem, more), { status: problem.status, headers: headersOf(problem) });
}

/** The same answer, where no application is asked. */
export function sendProblem(outgoing: ServerResponse, problem: Problem): void {
  const text = textOf(problem);
  const headers = { ...headersOf(problem), 'content-length': Buffer.byteLength(text) };
  outgoing.writeHead(problem.status, headers).end(text);
}

function textOf(problem: Problem, more: object = {}): string {
  return `${JSON.stringify({ error: problem.details, ...more })}\n`;
}

function headersOf(problem: Problem): Record<string, string> {
  return { 'content-type': 'application/json', ...problem.headers };
}
