import type { ColumnMetaData } from 'hyparquet';
import type { Leaf } from '../schema/elements.ts';
import { PlainBytes } from './bytes.ts';
import type { Compress, DataPage, Page } from './page.ts';
import { dataPage, dictionaryPage } from './page.ts';
import type { Bounds } from './statistics.ts';
import { compareUtf8, statisticsOf } from './statistics.ts';

/** A value that a leaf column takes. */
export type Value = string | number | bigint | boolean;

/** A column chunk without its place in the file: pages in order, the dictionary first if there is one. */
export interface Chunk {
  readonly pages: readonly Page[];
  readonly hasDictionary: boolean;
  readonly meta: Pick<
    ColumnMetaData,
    'encodings' | 'encoding_stats' | 'statistics' | 'num_values' | 'total_uncompressed_size'
  >;
}

/** Slots a page: what bounds the memory of the many columns whose values are small (ids, levels) or all null. */
const MAX_SLOTS = 1 << 14;
/** A dictionary is given up when, after this many entries, more than half of the values were new ones. */
const TRIAL = 4096;

/**
 * Builds one leaf column of a row group: values go into the open page as they come, a full page is compressed at
 * once. A page ends between two rows, as the format demands, so the last row begun can also be taken back.
 *
 * Values go through a dictionary as long as it pays; after that the rest of the chunk is PLAIN. A slot is a value or
 * a null: what has levels.
 */
export class ColumnBuilder {
  /** Rows begun in this chunk. */
  rows = 0;
  readonly leaf: Leaf;
  readonly #compress: Compress;
  readonly #pageBytes: number;

  // The open page.
  #slots = 0;
  #definitions = new Uint8Array(256);
  #repetitions = new Uint8Array(256);
  #count = 0;
  #ids = new Int32Array(256);
  #plain = new PlainBytes();
  // Where its last row begins.
  #rowSlots = 0;
  #rowCount = 0;
  #rowPlain = 0;
  #pageRows = 0;

  // The chunk so far.
  #pages: Page[] = [];
  #dictionaryPages = 0;
  #compressed = 0;
  #totalSlots = 0;
  #totalValues = 0;
  #min: Value | undefined;
  #max: Value | undefined;

  // The dictionary. `#ends`: where each entry ends in `#entries`.
  #dictionary: Map<Value, number> | undefined;
  #entries = new PlainBytes();
  #ends: number[] = [];
  #lastValue: Value | undefined;
  #lastId = 0;

  constructor(leaf: Leaf, compress: Compress, pageBytes: number) {
    this.leaf = leaf;
    this.#compress = compress;
    this.#pageBytes = pageBytes;
    this.#dictionary = this.#newDictionary();
  }

  /** Bytes held for this chunk: compressed pages and the open one. */
  get held(): number {
    return this.#compressed + this.#plain.length + this.#entries.length + this.#slots;
  }

  /** A null: the value or something above it is absent. */
  absent(definition: number, repetition: number): void {
    this.#slot(definition, repetition);
  }

  /** A value of the leaf's type, checked by the caller. */
  value(value: Value, repetition: number): void {
    this.#slot(this.leaf.maxDefinition, repetition);
    if (this.#dictionary === undefined) this.#putPlain(value);
    else this.#putId(value, this.#dictionary);
  }

  /** Takes the last row back if it is beyond the first `rows` of the chunk. */
  rollback(rows: number): void {
    if (this.rows <= rows) return;
    this.rows--;
    this.#pageRows--;
    this.#slots = this.#rowSlots;
    this.#count = this.#rowCount;
    this.#plain.length = this.#rowPlain;
  }

  /** Ends the chunk and makes the builder ready for the next one. */
  finish(): Chunk {
    if (this.#slots > 0) {
      this.#beginRow();
      this.#cut();
    }
    const dictionaryPages = this.#dictionaryPages;
    const hasDictionary = dictionaryPages > 0;
    const pages = this.#pages;
    const plainPages = pages.length - dictionaryPages;
    if (hasDictionary) pages.unshift(dictionaryPage(this.#ends.length, this.#entries.view(), this.#compress));
    const chunk: Chunk = {
      pages,
      hasDictionary,
      meta: {
        encodings: hasDictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
        encoding_stats: [
          ...(hasDictionary
            ? [
                { page_type: 'DICTIONARY_PAGE' as const, encoding: 'PLAIN' as const, count: 1 },
                {
                  page_type: 'DATA_PAGE_V2' as const,
                  encoding: 'RLE_DICTIONARY' as const,
                  count: dictionaryPages,
                },
              ]
            : []),
          ...(plainPages > 0
            ? [{ page_type: 'DATA_PAGE_V2' as const, encoding: 'PLAIN' as const, count: plainPages }]
            : []),
        ],
        statistics: statisticsOf(this.#bounds(), this.#totalSlots - this.#totalValues),
        num_values: BigInt(this.#totalSlots),
        total_uncompressed_size: BigInt(pages.reduce((sum, page) => sum + page.uncompressed, 0)),
      },
    };
    this.#reset();
    return chunk;
  }

  #slot(definition: number, repetition: number): void {
    if (repetition === 0) this.#beginRow();
    if (this.#slots >= MAX_SLOTS && this.#rowSlots > 0) this.#cut();
    const slot = this.#slots++;
    if (slot === this.#definitions.length) this.#growLevels();
    this.#definitions[slot] = definition;
    this.#repetitions[slot] = repetition;
  }

  #beginRow(): void {
    this.rows++;
    this.#pageRows++;
    this.#rowSlots = this.#slots;
    this.#rowCount = this.#count;
    this.#rowPlain = this.#plain.length;
  }

  #putId(value: Value, dictionary: Map<Value, number>): void {
    let id: number | undefined;
    if (value === this.#lastValue) id = this.#lastId;
    else id = dictionary.get(value) ?? this.#newEntry(value, dictionary);
    if (id === undefined) {
      this.#putPlain(value);
      return;
    }
    this.#lastValue = value;
    this.#lastId = id;
    if (this.#count === this.#ids.length) this.#ids = grown(this.#ids, new Int32Array(2 * this.#count));
    this.#ids[this.#count++] = id;
  }

  /** The id of a new dictionary entry, or undefined: the dictionary is full or does not pay and was left. */
  #newEntry(value: Value, dictionary: Map<Value, number>): number | undefined {
    const id = this.#ends.length;
    const start = this.#entries.length;
    const pays = id < TRIAL || 2 * id < this.#totalValues + this.#count;
    if (pays) this.#encode(this.#entries, value);
    if (!pays || this.#entries.length > this.#pageBytes) {
      this.#entries.length = start;
      this.#leaveDictionary();
      return undefined;
    }
    this.#widen(value);
    dictionary.set(value, id);
    this.#ends.push(this.#entries.length);
    return id;
  }

  /** From here on the chunk is PLAIN. The row under way is not split: what it has in ids becomes PLAIN too. */
  #leaveDictionary(): void {
    if (this.#rowSlots > 0) this.#cut();
    for (const id of this.#ids.subarray(0, this.#count)) {
      this.#plain.appendBytes(
        this.#entries.view(this.#ends[id]!).subarray(id === 0 ? 0 : this.#ends[id - 1]!),
      );
    }
    this.#dictionary = undefined;
    this.#lastValue = undefined;
  }

  #putPlain(value: Value): void {
    this.#widen(value);
    this.#encode(this.#plain, value);
    this.#count++;
    // Levels take less than a byte a slot.
    if (this.#plain.length + this.#slots > this.#pageBytes && this.#rowSlots > 0) this.#cut();
  }

  #encode(to: PlainBytes, value: Value): void {
    switch (this.leaf.type) {
      case 'utf8':
        to.appendText(value as string);
        break;
      case 'int32':
        to.appendInt32(value as number);
        break;
      case 'int64':
      case 'timestamp':
        to.appendInt64(value as number | bigint);
        break;
      case 'double':
        to.appendDouble(value as number);
        break;
      case 'boolean':
        to.appendByte(value ? 1 : 0);
        break;
    }
  }

  /** Widens the bounds. With a dictionary only its entries come here, not every value. */
  #widen(value: Value): void {
    if (typeof value === 'string') {
      if (this.#min === undefined || compareUtf8(value, this.#min as string) < 0) this.#min = value;
      if (this.#max === undefined || compareUtf8(value, this.#max as string) > 0) this.#max = value;
    } else if (!Number.isNaN(value)) {
      if (this.#min === undefined || value < this.#min) this.#min = value;
      if (this.#max === undefined || value > this.#max) this.#max = value;
    }
  }

  #bounds(): Bounds {
    return { min: this.#min, max: this.#max };
  }

  /** Writes out the rows before the one under way and moves that to the front of the page. */
  #cut(): void {
    const slots = this.#rowSlots;
    const count = this.#rowCount;
    // A page of nulls alone is PLAIN and empty: the chunk may have no dictionary at all.
    const inDictionary = this.#dictionary !== undefined && count > 0;
    const page: DataPage = {
      rows: this.#pageRows - 1,
      nulls: slots - count,
      definitions: this.#definitions.subarray(0, slots),
      repetitions: this.#repetitions.subarray(0, slots),
      values: inDictionary ? { ids: this.#ids.subarray(0, count) } : { plain: this.#plainValues() },
    };
    const encoded = dataPage(this.leaf, page, this.#compress);
    this.#pages.push(encoded);
    this.#compressed += encoded.bytes.length;
    if (inDictionary) this.#dictionaryPages++;
    this.#totalSlots += slots;
    this.#totalValues += count;

    this.#definitions.copyWithin(0, slots, this.#slots);
    this.#repetitions.copyWithin(0, slots, this.#slots);
    if (this.#dictionary !== undefined) this.#ids.copyWithin(0, count, this.#count);
    this.#plain.dropFirst(this.#rowPlain);
    this.#slots -= slots;
    this.#count -= count;
    this.#pageRows = 1;
    this.#rowSlots = this.#rowCount = this.#rowPlain = 0;
  }

  #plainValues(): Uint8Array {
    const bytes = this.#plain.view(this.#rowPlain);
    if (this.leaf.type !== 'boolean') return bytes;
    const packed = new Uint8Array((bytes.length + 7) >> 3);
    for (let i = 0; i < bytes.length; i++) packed[i >> 3]! |= bytes[i]! << (i & 7);
    return packed;
  }

  /** Booleans are bits already, and doubles seldom repeat. */
  #newDictionary(): Map<Value, number> | undefined {
    return this.leaf.type === 'boolean' || this.leaf.type === 'double' ? undefined : new Map();
  }

  #growLevels(): void {
    const size = 2 * this.#definitions.length;
    this.#definitions = grown(this.#definitions, new Uint8Array(size));
    this.#repetitions = grown(this.#repetitions, new Uint8Array(size));
  }

  #reset(): void {
    this.rows = this.#pageRows = 0;
    this.#pages = [];
    this.#dictionaryPages = this.#compressed = this.#totalSlots = this.#totalValues = 0;
    this.#min = this.#max = this.#lastValue = undefined;
    this.#dictionary = this.#newDictionary();
    this.#entries.length = 0;
    this.#ends = [];
    this.#slots = this.#count = this.#plain.length = 0;
    this.#rowSlots = this.#rowCount = this.#rowPlain = 0;
  }
}

/** Copies a typed array into a larger one. */
function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
