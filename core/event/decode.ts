import type { Event, FieldValue } from './event.ts';
import { parseEvent } from './parse.ts';
import type { RecentEvents } from './recent.ts';
import { createRenderer, type Renderer } from './template.ts';

/**
 * How raw bytes become an {@link Event}: the enrichment of the configuration, as plain data that can be sent
 * to a worker thread.
 */
export interface DecodeOptions {
  /** Static fields added to `fields` of every event; they win over the event's own. */
  readonly customFields: Readonly<Record<string, string>>;
  /** Tags added behind the event's own, each once. */
  readonly customTags: readonly string[];
  /** Liquid templates over the event, rendered into `fields`: `"{{ hostname }}/{{ fields['proc.name'] }}"`. */
  readonly templatedFields: Readonly<Record<string, string>>;
}

/** Adds what the configuration adds to an event's view. Lazy: costs next to nothing until the view is read. */
export type Enrich = (event: Event) => Event;

/** No enrichment. */
export const noDecodeOptions: DecodeOptions = { customFields: {}, customTags: [], templatedFields: {} };

/**
 * Makes the reader of stored events, with the enrichment of the configuration.
 *
 * @param report told once a field when a template fails on an event; the field is left out there
 * @param recent asked first: events that were parsed a moment ago need not be parsed again
 * @returns a function that throws when the bytes are not an event, which stored ones always are
 * @throws Error naming the field when a template does not parse
 * @example createDecoder({ customFields: { env: 'prod' }, customTags: [], templatedFields: {} })(raw, Date.now())
 */
export function createDecoder(
  options: DecodeOptions,
  report: (message: string) => void = () => {},
  recent?: Pick<RecentEvents, 'get'>,
): (raw: Uint8Array, receivedAt: number) => Event {
  const enrich = createEnricher(options, report);
  return (raw, receivedAt) => {
    const parsed = recent?.get(raw);
    if (parsed !== undefined) return enrich(parsed);
    const result = parseEvent(raw, receivedAt);
    if (!result.ok) throw new Error(`not an event: ${result.field} ${result.reason}`);
    return enrich(result.event);
  };
}

/**
 * Makes the enrichment of the configuration alone, for an event that is parsed already.
 *
 * @throws Error naming the field when a template does not parse
 */
export function createEnricher(options: DecodeOptions, report: (message: string) => void = () => {}): Enrich {
  const addsFields =
    Object.keys(options.customFields).length + Object.keys(options.templatedFields).length > 0;
  if (!addsFields && options.customTags.length === 0) return (event) => event;
  const render = createRenderer(options.templatedFields, report);
  return (event) => new EnrichedEvent(event, options, render);
}

/** An event seen through the enrichment; `raw` and everything that is not enriched are the event's own. */
class EnrichedEvent implements Event {
  readonly #event: Event;
  readonly #options: DecodeOptions;
  readonly #render: Renderer;
  #fields: Readonly<Record<string, FieldValue>> | undefined;
  #tags: readonly string[] | undefined;

  constructor(event: Event, options: DecodeOptions, render: Renderer) {
    this.#event = event;
    this.#options = options;
    this.#render = render;
  }

  get id(): string {
    return this.#event.id;
  }
  get raw(): Uint8Array {
    return this.#event.raw;
  }
  get receivedAt(): number {
    return this.#event.receivedAt;
  }
  get time(): number {
    return this.#event.time;
  }
  get timeText(): string {
    return this.#event.timeText;
  }
  get rule(): string {
    return this.#event.rule;
  }
  get priority(): Event['priority'] {
    return this.#event.priority;
  }
  get source(): string {
    return this.#event.source;
  }
  get hostname(): string {
    return this.#event.hostname;
  }
  get output(): string {
    return this.#event.output;
  }
  get extra(): Event['extra'] {
    return this.#event.extra;
  }

  get tags(): readonly string[] {
    this.#tags ??= [...new Set([...this.#event.tags, ...this.#options.customTags])];
    return this.#tags;
  }

  get fields(): Readonly<Record<string, FieldValue>> {
    if (this.#fields === undefined) {
      const fields = Object.assign(Object.create(null), this.#event.fields, this.#options.customFields);
      this.#fields = Object.assign(fields, this.#render(this, fields)) as Record<string, FieldValue>;
    }
    return this.#fields;
  }

  /** The event below the enrichment; undefined for an event that was not made here. */
  static originalOf(event: Event): Event | undefined {
    return #event in event ? event.#event : undefined;
  }
}

/** The event below the enrichment; undefined for an event without. */
export const originalOf: (event: Event) => Event | undefined = EnrichedEvent.originalOf;
