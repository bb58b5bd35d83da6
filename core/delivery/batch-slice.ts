import type { Manifest } from '../journal/journal.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { partId } from './batch-id.ts';
import type { Content } from './content.ts';

/**
 * What one attempt carries: a batch, or the part of it that still has to be delivered. Indexes in a
 * {@link Delivery} count the records of the part that was handed over.
 */
export interface Part {
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
 * One step of the delivery chain: takes a part, says what became of it.
 * @throws StoppingError when the output is being stopped: the batch stays sealed and is delivered after the next start.
 */
export type Deliver = (part: Part, signal: AbortSignal) => Promise<Delivery>;

/**
 * A whole batch, for its first attempt. A batch without its lost events has an id of its own: the next process may be able to
 * read them, and a destination that deduplicates by id must not take the whole for what it has.
 */
export function wholeBatch(manifest: Manifest, content: Content): Part {
  const isWhole = content.setAside().every(({ cause }) => cause !== 'lost');
  const id = isWhole ? manifest.id : partId(manifest.id, content.positions());
  return { manifest, content, id, attempt: 1, count: content.count, indexes: undefined };
}

/** The records of a part with these indexes (of the part, ascending), as a part of its own. */
export function subset(part: Part, indexes: readonly number[]): Part {
  if (indexes.length === part.count) return part;
  const inBatch = indexes.map((index) => indexInBatch(part, index));
  const id = partId(part.manifest.id, part.content.positions(inBatch));
  return { ...part, id, count: inBatch.length, indexes: inBatch };
}

/** The index in the batch of a record of the part. */
export function indexInBatch(part: Part, index: number): number {
  return part.indexes === undefined ? index : (part.indexes[index] as number);
}

/** 0, 1, … count - 1: the indexes of all records of a part. */
export function allIndexes(part: Part): number[] {
  return Array.from({ length: part.count }, (_, index) => index);
}
