/** How often each event was seen, in 2 bits an event: never, once, more often. */
export interface Tally {
  /** Counts an event. @returns how often it was counted before: 0, 1, or 2 for more often */
  add(id: number): number;
  /** 0, 1, or 2 for more often. */
  count(id: number): number;
  /** Number of different events. */
  readonly size: number;
}

/** An array that grows by doubling. */
type Numbers = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** The same array, or a copy with room for `index`. New elements are 0. */
export function withRoom<T extends Numbers>(array: T, index: number): T {
  if (index < array.length) return array;
  const larger = new (array.constructor as new (length: number) => T)(Math.max(index + 1, array.length * 2));
  larger.set(array);
  return larger;
}

export function createTally(): Tally {
  let bytes = new Uint8Array(1 << 12);
  let size = 0;
  const count = (id: number): number => ((bytes[id >> 2] ?? 0) >> ((id & 3) * 2)) & 3;
  return {
    add(id) {
      const before = count(id);
      if (before === 0) size += 1;
      if (before === 2) return before;
      const index = id >> 2;
      const shift = (id & 3) * 2;
      bytes = withRoom(bytes, index);
      bytes[index] = (bytes[index]! & ~(3 << shift)) | ((before + 1) << shift);
      return before;
    },
    count,
    get size() {
      return size;
    },
  };
}
