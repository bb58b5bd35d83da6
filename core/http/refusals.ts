// What a sender is told whose events are not taken.
import { Problem } from './problem.ts';

/** Seconds after which a relay may ask again. */
const RETRY_AFTER = { 'retry-after': '5' };

/** What came in is not an event. @param field where, `body` for the JSON as a whole */
export function notAnEvent(field: string, reason: string): Problem {
  const list = field === 'body' && reason.endsWith('not a list');
  const hint = list
    ? 'POST / takes one event; send lists and NDJSON to POST /events'
    : 'an event is what Falco sends with json_output: true; it needs rule, priority and time';
  const code = field === 'body' ? 'invalid_body' : 'invalid_event';
  return new Problem(400, { code, field, reason: `${field} ${reason}`, hint });
}

/** The events of one request are more than the journal ever takes at once. */
export function tooMuchAtOnce({ message }: RangeError): Problem {
  const hint = 'send fewer events in one request, or raise journal.max_size';
  return new Problem(413, { code: 'body_too_large', reason: message, hint });
}

/** @param status 429 for who does retry, 503 for Falco, which waited as long as it may */
export function noRoom(status: 429 | 503, why = 'the journal is full'): Problem {
  const hint =
    'send again later; give the disk under journal.path room, or look for the output that is behind: GET /outputs';
  return new Problem(status, { code: 'no_room', reason: why, hint }, RETRY_AFTER);
}

export function storageFailed({ message }: Error): Problem {
  const reason = `the journal failed: ${message}`;
  const hint = 'look at the log of this process and at the disk under journal.path';
  return new Problem(503, { code: 'storage_failed', reason, hint }, RETRY_AFTER);
}
