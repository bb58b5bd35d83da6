/** Positions of a chunk, and its 32-bit words: 8 KiB a chunk. */
const CHUNK = 65_536;
const WORDS = CHUNK / 32;

interface Chunk {
  readonly words: Uint32Array;
  count: number;
}

/**
 * A mutable set of positions, one bit each: what an output has not settled. A backlog of five million events
 * costs 625 KB an output, however ragged it is (`bench/cases/memory.ts`); a chunk without a bit costs nothing.
 */
export class PositionBitmap {
  readonly #chunks = new Map<number, Chunk>();
  /** No chunk lies outside these ids. */
  #low = Number.POSITIVE_INFINITY;
  #high = -1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The smallest position, undefined when empty. */
  get first(): number | undefined {
    return this.next(1);
  }

  has(position: number): boolean {
    const chunk = this.#chunks.get(Math.floor(position / CHUNK));
    const bit = position % CHUNK;
    return chunk !== undefined && (chunk.words[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }

  /** Adds the positions from first to last. Returns how many were not there before. */
  addRun(first: number, last = first): number {
    let added = 0;
    for (let position = first; position <= last; ) {
      const id = Math.floor(position / CHUNK);
      const end = Math.min(last, id * CHUNK + CHUNK - 1);
      const chunk = this.#chunks.get(id) ?? this.#grow(id);
      const inChunk = fill(chunk.words, position - id * CHUNK, end - id * CHUNK);
      chunk.count += inChunk;
      added += inChunk;
      position = end + 1;
    }
    this.#count += added;
    return added;
  }

  /** Removes the positions from first to last. Returns how many were there. */
  deleteRun(first: number, last = first): number {
    let removed = 0;
    const through = Math.min(last, this.#high * CHUNK + CHUNK - 1);
    for (let position = Math.max(first, this.#low * CHUNK); position <= through; ) {
      const id = Math.floor(position / CHUNK);
      const end = Math.min(through, id * CHUNK + CHUNK - 1);
      const chunk = this.#chunks.get(id);
      if (chunk !== undefined) {
        const inChunk = clear(chunk.words, position - id * CHUNK, end - id * CHUNK);
        chunk.count -= inChunk;
        removed += inChunk;
        if (chunk.count === 0) this.#drop(id);
      }
      position = end + 1;
    }
    this.#count -= removed;
    return removed;
  }

  /** The smallest position that is not below `from`, undefined when there is none. */
  next(from: number): number | undefined {
    const start = Math.max(Math.floor(from / CHUNK), this.#low);
    for (let id = start; id <= this.#high; id++) {
      const chunk = this.#chunks.get(id);
      if (chunk === undefined) continue;
      const base = id * CHUNK;
      const bit = nextBit(chunk.words, base < from ? from - base : 0, 0);
      if (bit < CHUNK) return base + bit;
    }
    return undefined;
  }

  /** The runs of consecutive positions up to `through`, ascending. The set must not change meanwhile. */
  *runs(through = Number.POSITIVE_INFINITY): Generator<readonly [first: number, last: number]> {
    let first = this.next(1);
    while (first !== undefined && first <= through) {
      const last = Math.min(this.#endOfRun(first), through);
      yield [first, last];
      first = this.next(last + 1);
    }
  }

  #endOfRun(position: number): number {
    let from = position % CHUNK;
    for (let id = Math.floor(position / CHUNK); ; id++) {
      const chunk = this.#chunks.get(id);
      const bit = chunk === undefined ? 0 : nextBit(chunk.words, from, -1);
      if (bit < CHUNK) return id * CHUNK + bit - 1;
      from = 0;
    }
  }

  #grow(id: number): Chunk {
    const chunk = { words: new Uint32Array(WORDS), count: 0 };
    this.#chunks.set(id, chunk);
    this.#low = Math.min(this.#low, id);
    this.#high = Math.max(this.#high, id);
    return chunk;
  }

  #drop(id: number): void {
    this.#chunks.delete(id);
    if (this.#chunks.size === 0) {
      this.#low = Number.POSITIVE_INFINITY;
      this.#high = -1;
      return;
    }
    while (!this.#chunks.has(this.#low)) this.#low++;
    while (!this.#chunks.has(this.#high)) this.#high--;
  }
}

/** The index of the first bit at or after `from` that differs from `flip` (0: the first one; -1: the first zero). */
function nextBit(words: Uint32Array, from: number, flip: 0 | -1): number {
  let index = from >>> 5;
  let word = (words[index]! ^ flip) & (-1 << (from & 31));
  while (word === 0) {
    if (++index === WORDS) return CHUNK;
    word = words[index]! ^ flip;
  }
  return index * 32 + 31 - Math.clz32(word & -word);
}

/** Sets the bits from `from` to `to`. Returns how many were not set. */
function fill(words: Uint32Array, from: number, to: number): number {
  let changed = 0;
  for (let index = from >>> 5; index <= to >>> 5; index++) {
    const mask = maskOf(index, from, to);
    changed += ones(mask & ~words[index]!);
    words[index]! |= mask;
  }
  return changed;
}

/** Clears the bits from `from` to `to`. Returns how many were set. */
function clear(words: Uint32Array, from: number, to: number): number {
  let changed = 0;
  for (let index = from >>> 5; index <= to >>> 5; index++) {
    const mask = maskOf(index, from, to);
    changed += ones(mask & words[index]!);
    words[index]! &= ~mask;
  }
  return changed;
}

/** The bits of one word that lie between bit `from` and bit `to` of the chunk. */
function maskOf(word: number, from: number, to: number): number {
  const low = Math.max(from - word * 32, 0);
  const high = Math.min(to - word * 32, 31);
  return (-1 << low) & (-1 >>> (31 - high));
}

/** How many bits of a 32-bit word are set. */
function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
