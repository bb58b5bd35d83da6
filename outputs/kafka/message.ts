import type { Event } from '../../core/sdk/index.ts';

/** A record of Kafka before it has a partition. */
export interface Message {
  readonly topic: string;
  /** Undefined: any partition will do. */
  readonly key: Buffer | undefined;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
  /** Epoch milliseconds. */
  readonly timestamp: bigint;
  /** Of the event. */
  readonly id: string;
  /** What it adds to a record batch, at most. */
  readonly bytes: number;
}

/** The longest name of a topic, and what it may not contain (Kafka's Topic.validate). */
const LONGEST_TOPIC = 249;
const NOT_IN_TOPIC = /[^a-zA-Z0-9._-]/g;
/** Lengths, deltas and attributes of a record and of each header are varints of five bytes at most. */
const RECORD_OVERHEAD = 36;
const HEADER_OVERHEAD = 10;

/** How the parts of a message are made of an event. */
export interface MessageParts {
  readonly topic: (event: Event) => string;
  readonly key: ((event: Event) => string) | undefined;
  readonly headers: readonly (readonly [name: string, value: (event: Event) => string])[];
}

/**
 * Makes messages of events and the texts that the mapper made of them. An empty key is no key, and an empty header is left out.
 *
 * @example const messageOf = messageMaker(parts); messageOf(event, toJson(record))
 */
export function messageMaker({ topic, key, headers }: MessageParts): (event: Event, text: string) => Message {
  const named = headers.map(([name, value]) => [Buffer.from(name), value] as const);
  return (event, text) => {
    const keyText = key?.(event) ?? '';
    const keyBytes = keyText === '' ? undefined : Buffer.from(keyText);
    const value = Buffer.from(text);
    const given = new Map<Buffer, Buffer>();
    let bytes = RECORD_OVERHEAD + value.length + (keyBytes?.length ?? 0);
    for (const [name, render] of named) {
      const said = render(event);
      if (said === '') continue;
      const saidBytes = Buffer.from(said);
      given.set(name, saidBytes);
      bytes += HEADER_OVERHEAD + name.length + saidBytes.length;
    }
    return {
      topic: topicName(topic(event)),
      key: keyBytes,
      value,
      headers: given,
      timestamp: timestampOf(event),
      id: event.id,
      bytes,
    };
  };
}

/** What Kafka does not allow in the name of a topic becomes `_`, and it is cut at 249 characters. */
export function topicName(text: string): string {
  const name = text.trim().replace(NOT_IN_TOPIC, '_').slice(0, LONGEST_TOPIC);
  return /^\.{0,2}$/.test(name) ? name.replaceAll('.', '_') || '_' : name;
}

/** When it happened. Brokers refuse times in the future, so the time of a host whose clock is ahead is when it was received. */
function timestampOf({ time, receivedAt }: Event): bigint {
  return BigInt(Math.max(0, Math.trunc(Math.min(time, receivedAt))));
}

/**
 * The partition of a key, as Kafka's own producer and others that hash with murmur2 choose it.
 *
 * @param count of partitions
 */
export function partitionOf(key: Buffer, count: number, murmur2: (key: Buffer) => number): number {
  return (murmur2(key) & 0x7fffffff) % count;
}
