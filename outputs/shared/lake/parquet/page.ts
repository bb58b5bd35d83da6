import type { Encoding } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import type { Leaf } from '../schema/elements.ts';

/** Compresses one page; must not keep the bytes it is given. */
export type Compress = (bytes: Uint8Array) => Uint8Array;

/** A finished page: its bytes in the file, and its size before compression, both with the header. */
export interface Page {
  readonly bytes: Uint8Array;
  readonly uncompressed: number;
}

/** What a data page is made of; the arrays are views and are not kept. */
export interface DataPage {
  readonly rows: number;
  readonly nulls: number;
  readonly definitions: Uint8Array;
  readonly repetitions: Uint8Array;
  /** Ids in the dictionary, or PLAIN bytes. */
  readonly values: { readonly ids: Int32Array } | { readonly plain: Uint8Array };
}

/** Encodes a data page (version 2: the levels lie before the values, uncompressed). */
export function dataPage(leaf: Leaf, page: DataPage, compress: Compress): Page {
  const levels = new ByteWriter();
  const repetitionBytes = writeLevels(levels, page.repetitions, leaf.maxRepetition);
  const definitionBytes = writeLevels(levels, page.definitions, leaf.maxDefinition);
  const raw = 'ids' in page.values ? encodeIds(page.values.ids) : page.values.plain;
  // Nothing to compress when all is null; some readers trip over a compressed nothing.
  const body = raw.length === 0 ? raw : compress(raw);
  const size = levels.offset + raw.length;
  return assemble(size, levels.getBytes(), body, (writer) =>
    writePageHeader(writer, {
      type: 'DATA_PAGE_V2',
      uncompressed_page_size: size,
      compressed_page_size: levels.offset + body.length,
      data_page_header_v2: {
        num_values: page.definitions.length,
        num_nulls: page.nulls,
        num_rows: page.rows,
        encoding: encodingOf(page.values),
        definition_levels_byte_length: definitionBytes,
        repetition_levels_byte_length: repetitionBytes,
        is_compressed: raw.length > 0,
      },
    }),
  );
}

/** Encodes the dictionary of a column chunk, `count` PLAIN values. */
export function dictionaryPage(count: number, plain: Uint8Array, compress: Compress): Page {
  const body = compress(plain);
  return assemble(plain.length, EMPTY, body, (writer) =>
    writePageHeader(writer, {
      type: 'DICTIONARY_PAGE',
      uncompressed_page_size: plain.length,
      compressed_page_size: body.length,
      dictionary_page_header: { num_values: count, encoding: 'PLAIN' },
    }),
  );
}

export function encodingOf(values: DataPage['values']): Encoding {
  return 'ids' in values ? 'RLE_DICTIONARY' : 'PLAIN';
}

const EMPTY = new Uint8Array(0);

function assemble(
  size: number,
  levels: Uint8Array,
  body: Uint8Array,
  writeHeader: (writer: ByteWriter) => void,
): Page {
  const writer = new ByteWriter(64 + levels.length + body.length);
  writeHeader(writer);
  const header = writer.offset;
  writer.appendBytes(levels);
  writer.appendBytes(body);
  return { bytes: writer.getBytes(), uncompressed: header + size };
}

function writeLevels(writer: ByteWriter, levels: Uint8Array, max: number): number {
  return max === 0 ? 0 : writeRleBitPackedHybrid(writer, levels, bitsFor(max));
}

function encodeIds(ids: Int32Array): Uint8Array {
  let max = 1;
  for (const id of ids) if (id > max) max = id;
  const width = bitsFor(max);
  const writer = new ByteWriter(16 + ((ids.length * (width + 1)) >> 3));
  writer.appendUint8(width);
  writeRleBitPackedHybrid(writer, ids, width);
  return writer.getBytes();
}

/** How many bits hold every number up to `max`. */
function bitsFor(max: number): number {
  return 32 - Math.clz32(max);
}
