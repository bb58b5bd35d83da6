import { createDecoder, noDecodeOptions } from '../event/decode.ts';
import type { Event } from '../event/event.ts';

/** A raw Falco event with a mark by which it is recognized at the destination. */
export interface MarkedEvent {
  readonly mark: string;
  readonly raw: Uint8Array;
}

/** Matches a mark. */
export const MARK = /contract-mark-\d{4}/g;

/**
 * The digits that the `evt.time` of every marked event begins with: nineteen digits, of which a double holds sixteen. Two more
 * follow, which differ by event.
 */
export const EVENT_TIME = '17000000001234567';

/**
 * Raw Falco events whose `rule` and `output` carry a mark of their own.
 *
 * @param from the number of the first
 * @example
 * const [first, second] = markedEvents(2);
 * const event = decodeEvent(first!.raw, Date.now()); // event.rule === first.mark
 */
export function markedEvents(count: number, from = 0): MarkedEvent[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = from + offset;
    const mark = `contract-mark-${String(index).padStart(4, '0')}`;
    const text = JSON.stringify({
      uuid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      hostname: 'contract-host',
      output: `12:00:00.000000000: Warning ${mark} happened`,
      output_fields: { 'evt.time': 0, 'proc.name': 'sh', 'user.name': null },
      priority: 'Warning',
      rule: mark,
      source: 'syscall',
      tags: ['mitre_execution', 'T1059'],
      time: '2026-01-02T03:04:05.123456789Z',
    });
    // Inserted as text: JavaScript rounds a number of this size.
    const time = `${EVENT_TIME}${String(index % 100).padStart(2, '0')}`;
    return { mark, raw: Buffer.from(text.replace('"evt.time":0', `"evt.time":${time}`)) };
  });
}

/** Fields of Falco that are unsigned integers of 64 bits, or may become ones (a pid of -1). */
const UNSIGNED = [
  'evt.num',
  'evt.rawtime',
  'evt.rawarg.res',
  'evt.res',
  'evt.time',
  'fd.num',
  'proc.pid',
  'proc.ppid',
  'proc.vpid',
  'thread.tid',
  'user.uid',
];

/** Raw events that are valid but unusual: minimal ones, and those of plugins and older versions of Falco. */
export function oddEvents(): Uint8Array[] {
  const least = { priority: 'Notice', rule: 'the least', time: '2026-01-02T03:04:05Z' };
  const fields = {
    list: ['a', 1, null],
    nested: { deep: { deeper: true } },
    empty: '',
    yes: true,
    'a b/c[0]': 'x',
  };
  return [
    JSON.stringify(least),
    JSON.stringify({ ...least, output: '', output_fields: null, tags: [], source: '', hostname: '' }),
    JSON.stringify({
      ...least,
      rule: 'a "quote", <b> & \u2028 💥',
      output: 'two\nlines\u0000',
      output_fields: fields,
    }),
    `{"priority":"Debug","rule":"numbers","time":"2026-01-02T03:04:05.5+02:00","output_fields":{"a":18446744073709551615,"b":-9223372036854775808,"c":0.0,"d":1e400,"e":0.1}}`,
    // Falco's integers are unsigned; no 64-bit integer with a sign holds these.
    `{"priority":"Debug","rule":"unsigned numbers","time":"2026-01-02T03:04:05Z","output_fields":{${UNSIGNED.map((name) => `"${name}":18446744073709551615`).join(',')}}}`,
  ].map((text) => Buffer.from(text));
}

/**
 * Decodes as the framework does, without enrichment.
 *
 * @example
 * import assert from 'node:assert/strict';
 *
 * const event = decodeEvent(Buffer.from('{"rule":"A rule","priority":"Notice","time":"2026-01-02T03:04:05Z"}'), Date.now());
 * assert.equal(event.time, Date.parse('2026-01-02T03:04:05Z'));
 */
export const decodeEvent: (raw: Uint8Array, receivedAt: number) => Event = createDecoder(noDecodeOptions);
