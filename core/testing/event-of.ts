import { stringify } from '../event/encode.ts';
import type { Event, FieldValue } from '../event/event.ts';
import { decodeEvent } from './events.ts';

/** What a test says of an event; what it leaves out has a value of every day. */
export interface EventMembers extends Partial<Omit<Event, 'raw' | 'fields'>> {
  /** `output_fields`. */
  readonly fields?: Readonly<Record<string, FieldValue>>;
  /** The event as Falco sent it, instead of one made of the other members: a text, bytes, or a value to be written as JSON. */
  readonly raw?: string | Uint8Array;
}

/** 2 January 2026, 03:04:05 UTC. */
const TIME = Date.UTC(2026, 0, 2, 3, 4, 5);

/**
 * An event as an output or mapper gets it. Its bytes say the same as its members.
 *
 * @example eventOf({ rule: 'Terminal shell', priority: 'Critical', fields: { 'proc.name': 'bash' } })
 * @example eventOf({ raw: '{"rule":"r","priority":"Debug","time":"2026-01-02T03:04:05Z","output_fields":{"n":1e400}}' })
 */
export function eventOf(members: EventMembers = {}): Event {
  const { raw, ...said } = members;
  const time = said.time ?? (said.timeText === undefined ? TIME : Date.parse(said.timeText));
  const { timeText = new Date(time).toISOString(), receivedAt = time } = said;
  // Decoded as the framework does: a JSON text that an output makes of it has its own bytes.
  return decodeEvent(Buffer.from(raw ?? jsonOf({ ...said, timeText })), receivedAt);
}

function jsonOf({ timeText, ...said }: Omit<EventMembers, 'raw'> & { readonly timeText: string }): string {
  return stringify({
    uuid: said.id ?? '11111111-2222-4333-8444-555555555555',
    hostname: said.hostname ?? 'host-1',
    output: said.output ?? 'something happened',
    output_fields: said.fields ?? {},
    priority: said.priority ?? 'Warning',
    rule: said.rule ?? 'Test rule',
    source: said.source ?? 'syscall',
    tags: said.tags ?? [],
    time: timeText,
    ...said.extra,
  });
}
