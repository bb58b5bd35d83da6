import { createHash } from 'node:crypto';
import type { PositionSet } from '../journal/positions.ts';

/** What a batch id is made of: what names the batch's events uniquely, and who they are for. */
export interface BatchIdentity {
  readonly output: string;
  readonly partition: string;
  readonly positions: Pick<PositionSet, 'first' | 'runs'>;
  /** What the journal says of the positions (`Subscription.identify`): copies of a journal use positions again. */
  readonly segments: string;
}

/** Base 36 of 2^53 has 11 digits. */
const POSITION_DIGITS = 11;

/**
 * The id of a batch: never the same for two contents, safe in a file name (`[0-9a-z-]`, 36 characters), and in the order
 * of the first positions when sorted as text.
 */
export function batchId({ output, partition, positions, segments }: BatchIdentity): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([output, partition, segments]))
    .update(bytesOf(positions));
  return `${positions.first.toString(36).padStart(POSITION_DIGITS, '0')}-${hash.digest('hex').slice(0, 24)}`;
}

/**
 * The id of a slice of a batch, for an attempt that does not carry all of it: another content must not go out under
 * the id of the whole, or a destination that tells replays by the id would throw it away.
 *
 * @param positions of the events it carries. Their places in the batch would not do: they change when an event is lost.
 */
export function sliceId(id: string, positions: Pick<PositionSet, 'runs'>): string {
  const hash = createHash('sha256').update(id).update(bytesOf(positions));
  return `${id}-${hash.digest('hex').slice(0, 12)}`;
}

function bytesOf(positions: Pick<PositionSet, 'runs'>): Uint8Array {
  return new Uint8Array(Float64Array.from([...positions.runs()].flat()).buffer);
}
