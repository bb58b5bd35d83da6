import type { Manifest } from '../journal/journal.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { sliceId } from './batch-id.ts';
import type { Content } from './content.ts';

/**
 * What one attempt carries: a batch, or those of its records that still have to be delivered. Indexes in a
 * {@link Delivery} count the records of the slice.
 */
export interface BatchSlice {
  readonly manifest: Manifest;
  readonly content: Content;
  /** Of the batch, or one of its own when it carries fewer events. The same for the same events on every attempt. */
  readonly id: string;
  /** 1 on the first attempt. */
  readonly attempt: number;
  /** Number of records. */
  readonly count: number;
  /** Which records of the batch, ascending; undefined: all. */
  readonly indexes: readonly number[] | undefined;
}

/**
 * One attempt, as a step of the delivery chain: delivers a slice and returns the result.
 * @throws StoppingError when the output is being stopped: the batch stays sealed and is delivered after the next start.
 */
export type Deliver = (slice: BatchSlice, deadline: AbortSignal) => Promise<Delivery>;

/**
 * A whole batch, for its first attempt. A batch without its lost events has an id of its own: the next process may be able to
 * read them, and a destination that deduplicates by id must not take the whole for what it has.
 */
export function wholeBatch(manifest: Manifest, content: Content): BatchSlice {
  const isWhole = content.setAside().every(({ cause }) => cause !== 'lost');
  const id = isWhole ? manifest.id : sliceId(manifest.id, content.positions());
  return { manifest, content, id, attempt: 1, count: content.count, indexes: undefined };
}

/** The records of a slice with these indexes (of the slice, ascending), as a slice of its own. */
export function subset(slice: BatchSlice, indexes: readonly number[]): BatchSlice {
  if (indexes.length === slice.count) return slice;
  const inBatch = indexes.map((index) => indexInBatch(slice, index));
  const id = sliceId(slice.manifest.id, slice.content.positions(inBatch));
  return { ...slice, id, count: inBatch.length, indexes: inBatch };
}

/** The index in the batch of a record of the slice. */
export function indexInBatch(slice: BatchSlice, index: number): number {
  return slice.indexes === undefined ? index : (slice.indexes[index] as number);
}

/** 0, 1, … count - 1: the indexes of all records of a slice. */
export function allIndexes(slice: BatchSlice): number[] {
  return Array.from({ length: slice.count }, (_, index) => index);
}
