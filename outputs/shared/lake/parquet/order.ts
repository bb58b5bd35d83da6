import { PlainBytes } from './bytes.ts';

/** Finds the order of a batch's events by (time, id), with some sixty bytes an event and no event held. */
export interface SortIndex {
  /** Notes the next event. */
  add(time: number, id: string): void;
  readonly count: number;
  /** The numbers of the events, counted from 0 as they were added, in order; equal keys stay as they came. */
  order(): Uint32Array;
  time(event: number): number;
}

/** @param capacity how many events may come */
export function createSortIndex(capacity: number): SortIndex {
  const times = new Float64Array(capacity);
  const ends = new Uint32Array(capacity);
  const ids = new PlainBytes();
  let count = 0;
  let sorted = true;

  const idOf = (event: number) => ids.view(ends[event]).subarray(event === 0 ? 0 : ends[event - 1]);

  const compare = (a: number, b: number) =>
    times[a]! - times[b]! || Buffer.compare(idOf(a), idOf(b)) || a - b;

  return {
    add(time, id) {
      if (count === capacity) throw new RangeError(`the batch has more than its ${capacity} events`);
      times[count] = time;
      ids.appendUtf8(id);
      ends[count] = ids.length;
      if (sorted && count > 0) sorted = compare(count - 1, count) <= 0;
      count++;
    },
    get count() {
      return count;
    },
    order() {
      const order = Uint32Array.from({ length: count }, (_, event) => event);
      return sorted ? order : order.sort(compare);
    },
    time: (event) => times[event]!,
  };
}
