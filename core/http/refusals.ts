// The problems that refuse events: what the sender is told, and how many events are counted as refused.
import { Problem, type Refused } from './problem.ts';

/** A request whose body cannot be read. */
export const UNREADABLE: Refused = { reason: 'invalid', events: 1 };

/** The paths where `POST` sends events. */
const EVENT_PATHS: ReadonlySet<string> = new Set(['/', '/events', '/test']);

/** The refused event of a request without valid credentials, if it sends one. */
export function ofUnknownSender(method: string | undefined, path: string): Refused | undefined {
  if (method !== 'POST' || !EVENT_PATHS.has(path)) return undefined;
  return { reason: 'unauthorized', events: 1 };
}

/** The refused event of a request to an unknown path, if its method sends one. Falco takes a 404 for a success, too. */
export function ofWrongPath(method: string): Refused | undefined {
  return method === 'POST' || method === 'PUT' ? { reason: 'wrong_path', events: 1 } : undefined;
}

/** Seconds after which a client may retry. */
const RETRY_AFTER = { 'retry-after': '5' };
/** The rest of the body is not read, so the connection cannot be used again. */
const CLOSE = { connection: 'close' };

const TEXT_HINT =
  'this is text, not JSON: set json_output: true in falco.yaml; other senders must send a JSON object';
const EVENT_HINT = 'an event is what Falco sends with json_output: true; it needs rule, priority and time';

/** The hint for bytes that are not an event. Falco sends text when `json_output` is false, and logs no refusal. */
function hintFor(raw: Uint8Array): string {
  const first = raw.find((byte) => byte > 0x20);
  return first === undefined || first === 0x7b || first === 0x5b ? EVENT_HINT : TEXT_HINT;
}

/** The body is not an event. @param field the member at fault, `body` for the JSON as a whole */
export function notAnEvent(field: string, reason: string, raw: Uint8Array): Problem {
  const list = field === 'body' && reason.endsWith('not a list');
  const hint = list ? 'POST / takes one event; send lists and NDJSON to POST /events' : hintFor(raw);
  const code = field === 'body' ? 'invalid_body' : 'invalid_event';
  return new Problem(400, { code, field, reason: `${field} ${reason}`, hint }, {}, UNREADABLE);
}

/** A body of `POST /events` that cannot be split into events. */
export function notEvents(raw: Uint8Array, fault: unknown): Problem {
  const broken = 'body is not a JSON array: it is cut off or broken';
  const tooMany =
    'body has more elements or lines than events of any kind would fit in it; nothing was taken';
  const reason = raw.length === 0 ? 'body is empty' : fault === 'too_many_elements' ? tooMany : broken;
  const hint = 'send a JSON array of events, or NDJSON: one event a line';
  return new Problem(400, { code: 'invalid_body', field: 'body', reason, hint }, {}, UNREADABLE);
}

/** Elements of one request that are not events. @param first the first of them, with the reason `why` */
export function rejectedEvents(
  events: number,
  { of, first, why }: { readonly of: number; readonly first: Uint8Array; readonly why: string },
): Problem {
  const what = events === of ? `none of the ${of} is an event` : `${events} of ${of} are not events`;
  const reason = `${what}; the first: ${why}`;
  const details = { code: 'invalid_event', reason, hint: hintFor(first) } as const;
  return new Problem(400, details, {}, { reason: 'invalid', events });
}

export function bodyTooLarge(maxBody: number): Problem {
  return tooLarge(`the body is larger than ${maxBody} bytes`, 'server.max_body', CLOSE);
}

export function decompressedTooLarge(maxBody: number): Problem {
  return tooLarge(`the body is larger than ${maxBody} bytes when decompressed`, 'server.max_body', CLOSE);
}

/** The events of one request are more than the journal ever takes at once. */
export function tooMuchAtOnce({ message }: RangeError, events: number): Problem {
  return tooLarge(message, 'journal.max_size', {}, { reason: 'full', events });
}

function tooLarge(
  reason: string,
  option: string,
  headers: Readonly<Record<string, string>>,
  refused: Refused = UNREADABLE,
): Problem {
  const hint = `send fewer events in one request, or raise ${option}`;
  return new Problem(413, { code: 'body_too_large', reason, hint }, headers, refused);
}

/** The connection was closed before the body was complete. Not counted: the sender gets no answer. */
export function endedEarly(cause: unknown): Problem {
  const reason = `the body ended early: ${cause instanceof Error ? cause.message : 'the connection was closed'}`;
  return new Problem(400, { code: 'invalid_body', field: 'body', reason });
}

/** The body is not what `Content-Encoding` says. */
export function notEncoded({ message }: Error): Problem {
  const reason = `the body is not what content-encoding says: ${message}`;
  const hint = 'send the body in the encoding that content-encoding names, or without that header';
  return new Problem(400, { code: 'invalid_body', field: 'body', reason, hint }, {}, UNREADABLE);
}

export function slowBody(reason: string): Problem {
  const hint = 'send the body at once; look at the network between sender and Tiercel, and at proxies';
  return new Problem(408, { code: 'slow', reason, hint }, CLOSE, { reason: 'slow', events: 1 });
}

/** The bodies under way use up their memory. @param status as for {@link noRoom} */
export function memoryUsedUp(status: 429 | 503): Problem {
  const reason = 'the requests under way use up the memory for bodies';
  const hint = 'send again later; send smaller bodies, fewer at once';
  const headers = { ...RETRY_AFTER, ...CLOSE };
  return new Problem(status, { code: 'no_room', reason, hint }, headers, { reason: 'full', events: 1 });
}

/** @param status 429 for clients that retry, 503 for Falco, whose request has waited for `max_wait` */
export function noRoom(status: 429 | 503, events: number, why = 'the journal is full'): Problem {
  const hint =
    'send again later; free disk space under journal.path, or look for the output that is slow or down: GET /outputs';
  return new Problem(status, { code: 'no_room', reason: why, hint }, RETRY_AFTER, { reason: 'full', events });
}

export function storageFailed({ message }: Error, events: number): Problem {
  const reason = `the journal failed: ${message}`;
  const hint = 'look at the log of this process and at the disk under journal.path';
  const details = { code: 'storage_failed', reason, hint } as const;
  return new Problem(503, details, RETRY_AFTER, { reason: 'failed', events });
}
