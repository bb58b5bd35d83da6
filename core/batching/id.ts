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
  const runs = Float64Array.from([...positions.runs()].flat());
  const hash = createHash('sha256')
    .update(JSON.stringify([output, partition, segments]))
    .update(new Uint8Array(runs.buffer));
  return `${positions.first.toString(36).padStart(POSITION_DIGITS, '0')}-${hash.digest('hex').slice(0, 24)}`;
}

/**
 * The id of a part of a batch, for an attempt that does not carry all of it: another content must not go out under
 * the id of the whole, or a destination that tells replays by the id would throw it away.
 *
 * @param indexes which records of the batch, ascending.
 */
export function partId(id: string, indexes: readonly number[]): string {
  const hash = createHash('sha256').update(JSON.stringify([id, ...indexes]));
  return `${id}-${hash.digest('hex').slice(0, 12)}`;
}
