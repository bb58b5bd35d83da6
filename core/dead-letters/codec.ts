import type { Position } from '../journal/journal.ts';
import type { DeadLetterCause } from '../telemetry/observer.ts';

/** Names an event uniquely, also among copies and restored snapshots of a journal. */
export interface EventIdentity {
  readonly epoch: string;
  readonly position: Position;
  /** What the journal says of the position (`Subscription.identify`); absent in letters of before 0.2. */
  readonly segment?: string;
}

/** An event that one output did not deliver: the original bytes and what is known about it. */
export interface DeadLetter {
  readonly output: string;
  readonly cause: DeadLetterCause | 'damaged';
  /** As the output or mapper gave it. */
  readonly reason: string;
  /** Which event of which journal it was: two letters of one output with the same event are one. Older letters have none. */
  readonly event?: EventIdentity;
  /** The event's original bytes; empty in letters of before 0.2 whose event was corrupt in the journal. */
  readonly raw: Uint8Array;
  /** When the event was accepted, epoch milliseconds. */
  readonly receivedAt: number;
  /** When delivery was first and last attempted, epoch milliseconds; the same as each other when it never was. */
  readonly firstAttempt: number;
  readonly lastAttempt: number;
  /** By the process that set it aside; 0 when that was before any attempt. */
  readonly attempts: number;
}

const VERSION = 1;

/** Packs a dead letter into the bytes of one journal record: `version u8 | header length u32 LE | header JSON | raw`. */
export function encodeDeadLetter(letter: DeadLetter): Uint8Array {
  const { raw, ...rest } = letter;
  const header = new TextEncoder().encode(JSON.stringify(rest));
  const bytes = new Uint8Array(5 + header.length + raw.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, header.length, true);
  bytes.set(header, 5);
  bytes.set(raw, 5 + header.length);
  return bytes;
}

/** @throws RangeError when the bytes are no dead letter of a version that is known here. */
export function decodeDeadLetter(bytes: Uint8Array): DeadLetter {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 5 || view.getUint8(0) !== VERSION)
    throw new RangeError('not a dead letter of version 1');
  const length = view.getUint32(1, true);
  if (5 + length > bytes.length) throw new RangeError('a dead letter that ends in its header');
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(5, 5 + length))) as Omit<
    DeadLetter,
    'raw'
  >;
  return { ...header, raw: bytes.slice(5 + length) };
}
