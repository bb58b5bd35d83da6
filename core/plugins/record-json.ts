import { eventToJson } from '../event/encode.ts';
import type { Event, FieldValue } from '../event/event.ts';
import { stringify } from '../event/json.ts';
import type { Mapper } from './mapper.ts';

/**
 * How an output turns the records of its mapper into JSON, each a single line.
 *
 * A mapper whose `record` is text of media type `application/json` (`falco` is one) has written it already, with
 * every number as the event had it; an event is written as it was received; any other record is encoded, a text as a
 * JSON string.
 *
 * @example const toJson = recordJson(context.mapper); const body = `[${records.map(toJson).join(',')}]`;
 */
export function recordJson(mapper: Pick<Mapper, 'record'>): (record: unknown) => string {
  const { type, contentMediaType } = (mapper.record ?? {}) as { type?: unknown; contentMediaType?: unknown };
  if (type === 'string' && contentMediaType === 'application/json') return (record) => record as string;
  return (record) => (isEvent(record) ? eventToJson(record) : stringify(record as FieldValue));
}

/** What the mapper `event` gives: its bytes and what is worked out of them are no part of it. */
function isEvent(record: unknown): record is Event {
  const { raw, rule } = (record ?? {}) as Partial<Event>;
  return raw instanceof Uint8Array && typeof rule === 'string';
}
