import type { LeafType } from '../../../../core/sdk/index.ts';
import { PlainBytes } from './bytes.ts';
import { appendPlain, type Value } from './value.ts';

/** A dictionary is abandoned when, after this many entries, more than half of the values were new. */
const TRIAL = 4096;

/** The distinct values of a column chunk. Pages hold their ids. A full or useless dictionary is abandoned for the chunk. */
export class Dictionary {
  readonly #type: LeafType;
  readonly #maxBytes: number;
  readonly #ids = new Map<Value, number>();
  readonly #entries = new PlainBytes();
  /** Where each entry ends in `#entries`. */
  readonly #ends: number[] = [];

  constructor(type: LeafType, maxBytes: number) {
    this.#type = type;
    this.#maxBytes = maxBytes;
  }

  /** Entries so far. */
  get size(): number {
    return this.#ends.length;
  }

  /** Bytes of the entries. */
  get bytes(): number {
    return this.#entries.length;
  }

  /** The id of a value that has one. */
  find(value: Value): number | undefined {
    return this.#ids.get(value);
  }

  /**
   * Gives a new value its id; undefined when the dictionary is full or does not save space.
   *
   * @param values the number of values so far, repeated ones included
   */
  add(value: Value, values: number): number | undefined {
    const id = this.#ends.length;
    if (id >= TRIAL && 2 * id >= values) return undefined;
    const start = this.#entries.length;
    appendPlain(this.#entries, this.#type, value);
    if (this.#entries.length > this.#maxBytes) {
      this.#entries.length = start;
      return undefined;
    }
    this.#ids.set(value, id);
    this.#ends.push(this.#entries.length);
    return id;
  }

  /** All entries, PLAIN. */
  view(): Uint8Array {
    return this.#entries.view();
  }

  /** One entry, PLAIN. */
  entry(id: number): Uint8Array {
    return this.#entries.view(this.#ends[id]!).subarray(id === 0 ? 0 : this.#ends[id - 1]!);
  }
}
