import * as zlib from 'node:zlib';

/** One step of CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320) for each byte value, and for bytes 1 to 7 places on. */
const TABLES = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  TABLES[0]![byte] = crc;
}
for (let place = 1; place < 8; place++) {
  for (let byte = 0; byte < 256; byte++) {
    const crc = TABLES[place - 1]![byte]!;
    TABLES[place]![byte] = (crc >>> 8) ^ TABLES[0]![crc & 255]!;
  }
}

/** CRC-32 in plain JavaScript, eight bytes a step, for a runtime whose zlib has none. */
export function crc32Portable(data: Uint8Array, value = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = ~value;
  let at = 0;
  for (const end = data.length - 7; at < end; at += 8) {
    crc ^= data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    crc =
      t7[crc & 255]! ^
      t6[(crc >>> 8) & 255]! ^
      t5[(crc >>> 16) & 255]! ^
      t4[crc >>> 24]! ^
      t3[data[at + 4]!]! ^
      t2[data[at + 5]!]! ^
      t1[data[at + 6]!]! ^
      t0[data[at + 7]!]!;
  }
  for (; at < data.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ data[at]!) & 255]!;
  return ~crc >>> 0;
}

/** CRC-32 of the data, continued from `value`: the platform's where it has one (Node since 20.15). */
export const crc32: (data: Uint8Array, value?: number) => number = zlib.crc32 ?? crc32Portable;
