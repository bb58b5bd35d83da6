import type { Event, FieldValue } from './event.ts';
import { isParsed } from './parse.ts';
import type { Renderer } from './template.ts';

/** What the configuration adds to an event. */
export interface Additions {
  readonly fields: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly render: Renderer;
}

/** Where an event comes from when somebody looks into it. */
export type ReadEvent = (raw: Uint8Array, receivedAt: number) => Event;

/**
 * An event that is parsed when something of it is asked for that is not its bytes: an output that writes events as
 * they came asks for nothing else. Seen through what the configuration adds, where it adds something; `raw` and
 * everything that is not enriched are the event's own.
 */
export class EventView implements Event {
  readonly raw: Uint8Array;
  readonly receivedAt: number;
  readonly #read: ReadEvent;
  readonly #additions: Additions | undefined;
  #event: Event | undefined;
  #fields: Readonly<Record<string, FieldValue>> | undefined;
  #tags: readonly string[] | undefined;

  /** @param read may throw; then so does whoever asks */
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

  /** A view may be enriched once more: what it says stands at the bottom. */
  static originalOf(event: Event): Event {
    return #event in event ? EventView.originalOf(event.#original()) : event;
  }

  static isPlain(event: Event): boolean {
    return #event in event && event.#additions === undefined;
  }
}

/** The parsed event below a view, or views; an event that is no view is itself. */
export const originalOf: (event: Event) => Event = EventView.originalOf;

/** Is everything that the event says in its bytes? Then they need not be parsed to write it. */
export function isAsReceived(event: Event): boolean {
  return EventView.isPlain(event) || isParsed(event);
}
