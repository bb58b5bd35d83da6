import type { ProblemDetails } from './problem.ts';

/** Every code of the HTTP side: the status it comes with and what it means. `docs/errors.md` is made of it. */
export const PROBLEM_CODES: Readonly<
  Record<ProblemDetails['code'], { readonly status: readonly number[]; readonly meaning: string }>
> = {
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
};
