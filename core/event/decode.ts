import type { Event } from './event.ts';
import { parseEvent } from './parse.ts';
import type { RecentEvents } from './recent.ts';
import { createRenderer } from './template.ts';
import { type Additions, EventView, type ReadEvent } from './view.ts';

/** The enrichment of the configuration, as plain data that can be sent to a worker thread. */
export interface DecodeOptions {
  /** Static fields added to `fields` of every event; they win over the event's own. */
  readonly customFields: Readonly<Record<string, string>>;
  /** Tags added after the event's own, each once. */
  readonly customTags: readonly string[];
  /** Liquid templates over the event, rendered into `fields`: `"{{ hostname }}/{{ fields['proc.name'] }}"`. */
  readonly templatedFields: Readonly<Record<string, string>>;
}

/** Adds the enrichment of the configuration to an event. Lazy: it costs almost nothing until the event is read. */
export type Enrich = (event: Event) => Event;

/** No enrichment. */
export const noDecodeOptions: DecodeOptions = { customFields: {}, customTags: [], templatedFields: {} };

/**
 * Makes the reader of stored events, with the enrichment of the configuration.
 *
 * Events are parsed lazily: `raw` and `receivedAt` need no parsing. The mapper `falco` without enrichment passes the bytes on
 * unparsed.
 *
 * @param report called once per field when a template fails on an event; the field is left out of that event
 * @param recent checked first: events that were just parsed need not be parsed again
 * @returns a function whose events throw on first access if the bytes are not an event, which stored bytes always are
 * @throws Error naming the field when a template does not parse
 * @example
 * const decode = createDecoder({ customFields: { env: 'prod' }, customTags: [], templatedFields: {} });
 * const event = decode(Buffer.from('{"rule":"A rule","priority":"Notice","time":"2026-01-02T03:04:05Z"}'), Date.now());
 * // event.fields.env === 'prod'
 */
export function createDecoder(
  options: DecodeOptions,
  report: (message: string) => void = () => {},
  recent?: Pick<RecentEvents, 'get'>,
): (raw: Uint8Array, receivedAt: number) => Event {
  const additions = additionsOf(options, report);
  const read: ReadEvent = (raw, receivedAt) => {
    const parsed = recent?.get(raw);
    if (parsed !== undefined) return parsed;
    const result = parseEvent(raw, receivedAt);
    if (!result.ok) throw new Error(`not an event: ${result.field} ${result.reason}`);
    return result.event;
  };
  return (raw, receivedAt) => new EventView(raw, receivedAt, read, additions);
}

/**
 * Makes the enrichment of the configuration, for events that are parsed already.
 *
 * @throws Error naming the field when a template does not parse
 */
export function createEnricher(options: DecodeOptions, report: (message: string) => void = () => {}): Enrich {
  const additions = additionsOf(options, report);
  if (additions === undefined) return (event) => event;
  return (event) => new EventView(event.raw, event.receivedAt, () => event, additions);
}

/** Undefined when nothing is added. */
function additionsOf(options: DecodeOptions, report: (message: string) => void): Additions | undefined {
  const { customFields: fields, customTags: tags, templatedFields } = options;
  if (Object.keys(fields).length + Object.keys(templatedFields).length + tags.length === 0) return undefined;
  return { fields, tags, render: createRenderer(templatedFields, report) };
}
