import type { Event } from '../../core/sdk/index.ts';
import type { Fields } from './fields.ts';

// A byte order mark is part of the received bytes.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of an event as text, from which the same bytes can be restored; undefined when they are not UTF-8. */
export function originalText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Takes the output fields that repeat other members of the event. */
export function takeRepeats(fields: Fields, event: Event): void {
  fields.takeIfEqual(nanoseconds(event), 'evt.time', 'evt.time.iso8601', 'evt.rawtime');
  fields.takeIfEqual(event.hostname, 'evt.hostname');
  fields.takeIfEqual(event.source, 'evt.source');
}

/** The event's time as `evt.time` has it. */
function nanoseconds({ time, timeText }: Event): string | undefined {
  if (time < 0) return undefined;
  const fraction = /\.(\d+)/.exec(timeText)?.[1] ?? '';
  return `${Math.floor(time / 1000) || ''}${fraction.slice(0, 9).padEnd(9, '0')}`;
}
