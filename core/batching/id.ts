import { createHash } from 'node:crypto';
import type { PositionSet } from '../journal/positions.ts';

/** What a batch id is made of. Nothing else may enter it: after a crash the same batch has to get the same id. */
export interface BatchIdentity {
  /** Of the journal: positions start again when it is created anew. */
  readonly epoch: string;
  readonly output: string;
  readonly partition: string;
  readonly positions: Pick<PositionSet, 'first' | 'last' | 'count'>;
}

/** Base 36 of 2^53 has 11 digits. */
const POSITION_DIGITS = 11;

/**
 * The id of a batch: the same for the same batch, safe in a file name (`[0-9a-z-]`, 36 characters), and in the order
 * of the first positions when sorted as text.
 */
export function batchId({ epoch, output, partition, positions }: BatchIdentity): string {
  const { first, last, count } = positions;
  return `${first.toString(36).padStart(POSITION_DIGITS, '0')}-${digest([epoch, output, partition, first, last, count])}`;
}

/**
 * The id of a part of a batch, for an attempt that does not carry all of it: another content must not go out under
 * the id of the whole, or a destination that tells replays by the id would throw it away.
 *
 * @param indexes which records of the batch, ascending.
 */
export function partId(id: string, indexes: readonly number[]): string {
  return `${id}-${digest([id, ...indexes]).slice(0, 12)}`;
}

/** 24 hexadecimal digits. JSON keeps the members apart: ('a', 'bc') and ('ab', 'c') differ. */
function digest(members: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('hex').slice(0, 24);
}
