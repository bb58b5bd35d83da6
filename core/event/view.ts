import type { Event, FieldValue } from './event.ts';
import { isParsed } from './parse.ts';
import type { Renderer } from './template.ts';

/** The enrichment of the configuration. */
export interface Additions {
  readonly fields: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly render: Renderer;
}

/** Parses an event. */
export type ReadEvent = (raw: Uint8Array, receivedAt: number) => Event;

/**
 * An event with the enrichment of the configuration. It is parsed lazily, on first access to anything but `raw` and
 * `receivedAt`, so an output that writes the raw bytes parses nothing. Only `fields` and `tags` are
 * enriched.
 */
export class EventView implements Event {
  readonly raw: Uint8Array;
  readonly receivedAt: number;
  readonly #read: ReadEvent;
  readonly #additions: Additions | undefined;
  #event: Event | undefined;
  #fields: Readonly<Record<string, FieldValue>> | undefined;
  #tags: readonly string[] | undefined;

  /** @param read may throw, on first access */
  constructor(raw: Uint8Array, receivedAt: number, read: ReadEvent, additions: Additions | undefined) {
    this.raw = raw;
    this.receivedAt = receivedAt;
    this.#read = read;
    this.#additions = additions;
  }

  #original(): Event {
    this.#event ??= this.#read(this.raw, this.receivedAt);
    return this.#event;
  }

  get id(): string {
    return this.#original().id;
  }
  get time(): number {
    return this.#original().time;
  }
  get timeText(): string {
    return this.#original().timeText;
  }
  get rule(): string {
    return this.#original().rule;
  }
  get priority(): Event['priority'] {
    return this.#original().priority;
  }
  get source(): string {
    return this.#original().source;
  }
  get hostname(): string {
    return this.#original().hostname;
  }
  get output(): string {
    return this.#original().output;
  }
  get extra(): Event['extra'] {
    return this.#original().extra;
  }

  get tags(): readonly string[] {
    const { tags } = this.#original();
    if (this.#additions === undefined) return tags;
    this.#tags ??= [...new Set([...tags, ...this.#additions.tags])];
    return this.#tags;
  }

  get fields(): Readonly<Record<string, FieldValue>> {
    const { fields } = this.#original();
    if (this.#additions === undefined) return fields;
    if (this.#fields === undefined) {
      const enriched = Object.assign(Object.create(null), fields, this.#additions.fields);
      this.#fields = Object.assign(enriched, this.#additions.render(this, enriched)) as typeof fields;
    }
    return this.#fields;
  }

  /** A view may be a view of another view. */
  static originalOf(event: Event): Event {
    return #event in event ? EventView.originalOf(event.#original()) : event;
  }

  static isPlain(event: Event): boolean {
    return #event in event && event.#additions === undefined;
  }
}

/** The parsed event of a view; any other event is returned as it is. */
export const originalOf: (event: Event) => Event = EventView.originalOf;

/** Whether the raw bytes are the whole event, so that it can be written without parsing. */
export function isAsReceived(event: Event): boolean {
  return EventView.isPlain(event) || isParsed(event);
}
