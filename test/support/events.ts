import type { Event } from '../../core/event/event.ts';

/** An event for tests that need no bytes; every member may be given. */
export function sampleEvent(members: Partial<Event> = {}): Event {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    raw: new Uint8Array(),
    receivedAt: Date.UTC(2026, 0, 15, 12),
    time: Date.UTC(2026, 0, 15, 11, 59),
    timeText: '2026-01-15T11:59:00.000000000Z',
    rule: 'Terminal shell in container',
    priority: 'Notice',
    source: 'syscall',
    hostname: 'node-1',
    output: 'A shell was spawned',
    tags: ['container', 'shell'],
    fields: {},
    extra: {},
    ...members,
  };
}

/** The bytes of an event that carries a number, for tests that follow events from end to end. */
export function rawEvent(n: number, members: Record<string, unknown> = {}): Uint8Array {
  const event = { time: '2026-01-15T11:59:00.5Z', rule: `rule ${n}`, priority: 'Notice', output: String(n) };
  return new TextEncoder().encode(JSON.stringify({ ...event, ...members, output_fields: { n } }));
}
