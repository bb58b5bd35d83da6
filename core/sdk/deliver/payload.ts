import { eventToJson, stringify } from '../../event/encode.ts';
import type { Event, FieldValue } from '../../event/event.ts';
import { createRenderer } from '../../event/template.ts';
import type { Logger } from '../contract/logger.ts';
import type { Mapper } from '../contract/mapper.ts';

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

/**
 * Compiles a Liquid template over an event, for texts that users write in an option made by `template`: `rule`, `priority`, `source`, `hostname`, `output`, `time`,
 * `tags`, `fields`, `id`. It reaches nothing else.
 *
 * @param name of the option it comes from, for messages
 * @returns a function that never throws: where the template fails on an event the text is empty and the log says why, once
 * @throws Error when the template does not parse
 * @example textTemplate('message', '{{ rule }} on {{ fields["k8s.pod.name"] }}', log)(event)
 */
export function textTemplate(name: string, text: string, log: Logger): (event: Event) => string {
  const render = createRenderer({ [name]: text }, (message) => log.warn(message));
  // The usual ones need no Liquid, which takes five microseconds, nor the fields of the event.
  if (!text.includes('{')) return () => text;
  const [, member] = /^\{\{ *(id|rule|priority|source|hostname|output) *\}\}$/.exec(text) ?? [];
  if (member !== undefined) return (event) => event[member as 'rule'] ?? '';
  return (event) => render(event, event.fields)[name] ?? '';
}
