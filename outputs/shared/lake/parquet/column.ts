import type { ColumnMetaData } from 'hyparquet';
import type { Leaf } from '../schema/elements.ts';
import { PlainBytes } from './bytes.ts';
import { Dictionary } from './dictionary.ts';
import type { Compress, DataPage, Page } from './page.ts';
import { dataPage, dictionaryPage } from './page.ts';
import { Bounds, statisticsOf } from './statistics.ts';
import { appendPlain, packBits, type Value } from './value.ts';

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
  #bounds = new Bounds();
  #dictionary: Dictionary;
  /** Do values go into the dictionary? Once they do not, the rest of the chunk is PLAIN. */
  #inDictionary: boolean;

  constructor(leaf: Leaf, compress: Compress, pageBytes: number) {
    this.leaf = leaf;
    this.#compress = compress;
    this.#pageBytes = pageBytes;
    this.#dictionary = new Dictionary(leaf.type, pageBytes);
    this.#inDictionary = hasDictionary(leaf);
  }

  /** Bytes held for this chunk: compressed pages and the open one. */
  get held(): number {
    return this.#compressed + this.#plain.length + this.#dictionary.bytes + this.#slots;
  }

  /** A null: the value or something above it is absent. */
  absent(definition: number, repetition: number): void {
    this.#slot(definition, repetition);
  }

  /** A value of the leaf's type, checked by the caller. */
  value(value: Value, repetition: number): void {
    this.#slot(this.leaf.maxDefinition, repetition);
    if (this.#inDictionary) this.#putId(value);
    else this.#putPlain(value);
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
    const withDictionary = dictionaryPages > 0;
    const pages = this.#pages;
    const plainPages = pages.length - dictionaryPages;
    if (withDictionary)
      pages.unshift(dictionaryPage(this.#dictionary.size, this.#dictionary.view(), this.#compress));
    const chunk: Chunk = {
      pages,
      hasDictionary: withDictionary,
      meta: {
        ...encodingsOf(dictionaryPages, plainPages),
        statistics: statisticsOf(this.#bounds, this.#totalSlots - this.#totalValues),
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

  #putId(value: Value): void {
    const id = this.#dictionary.find(value) ?? this.#newId(value);
    if (id === undefined) {
      this.#leaveDictionary();
      this.#putPlain(value);
      return;
    }
    if (this.#count === this.#ids.length) this.#ids = grown(this.#ids, new Int32Array(2 * this.#count));
    this.#ids[this.#count++] = id;
  }

  #newId(value: Value): number | undefined {
    const id = this.#dictionary.add(value, this.#totalValues + this.#count);
    // Only here, not for every value that comes again.
    if (id !== undefined) this.#bounds.widen(value);
    return id;
  }

  /** From here on the chunk is PLAIN. The row under way is not split: what it has in ids becomes PLAIN too. */
  #leaveDictionary(): void {
    if (this.#rowSlots > 0) this.#cut();
    for (const id of this.#ids.subarray(0, this.#count)) this.#plain.appendBytes(this.#dictionary.entry(id));
    this.#inDictionary = false;
  }

  #putPlain(value: Value): void {
    this.#bounds.widen(value);
    appendPlain(this.#plain, this.leaf.type, value);
    this.#count++;
    // Levels take less than a byte a slot.
    if (this.#plain.length + this.#slots > this.#pageBytes && this.#rowSlots > 0) this.#cut();
  }

  /** Writes out the rows before the one under way and moves that to the front of the page. */
  #cut(): void {
    const slots = this.#rowSlots;
    const count = this.#rowCount;
    // A page of nulls alone is PLAIN and empty: the chunk may have no dictionary at all.
    const inDictionary = this.#inDictionary && count > 0;
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
    if (this.#inDictionary) this.#ids.copyWithin(0, count, this.#count);
    this.#plain.dropFirst(this.#rowPlain);
    this.#slots -= slots;
    this.#count -= count;
    this.#pageRows = 1;
    this.#rowSlots = this.#rowCount = this.#rowPlain = 0;
  }

  #plainValues(): Uint8Array {
    const bytes = this.#plain.view(this.#rowPlain);
    return this.leaf.type === 'boolean' ? packBits(bytes) : bytes;
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
    this.#bounds = new Bounds();
    this.#dictionary = new Dictionary(this.leaf.type, this.#pageBytes);
    this.#inDictionary = hasDictionary(this.leaf);
    this.#slots = this.#count = this.#plain.length = 0;
    this.#rowSlots = this.#rowCount = this.#rowPlain = 0;
  }
}

/** What the footer says of the pages of a chunk. */
function encodingsOf(
  dictionaryPages: number,
  plainPages: number,
): Pick<ColumnMetaData, 'encodings' | 'encoding_stats'> {
  const dictionary = dictionaryPages > 0;
  const stats: ColumnMetaData['encoding_stats'] = [];
  if (dictionary) {
    stats.push({ page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 });
    stats.push({ page_type: 'DATA_PAGE_V2', encoding: 'RLE_DICTIONARY', count: dictionaryPages });
  }
  if (plainPages > 0) stats.push({ page_type: 'DATA_PAGE_V2', encoding: 'PLAIN', count: plainPages });
  return {
    encodings: dictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
    encoding_stats: stats,
  };
}

/** Booleans are bits already, and doubles seldom repeat. */
function hasDictionary({ type }: Leaf): boolean {
  return type !== 'boolean' && type !== 'double';
}

/** Copies a typed array into a larger one. */
function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
