import type { LeafType } from '../../../../core/sdk/index.ts';
import type { PlainBytes } from './bytes.ts';

/** A value that a leaf column takes. */
export type Value = string | number | bigint | boolean;

/** Appends a value in PLAIN; a boolean takes a byte until {@link packBits}. */
export function appendPlain(to: PlainBytes, type: LeafType, value: Value): void {
  switch (type) {
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

/** Eight booleans a byte, the first in the lowest bit. */
export function packBits(bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array((bytes.length + 7) >> 3);
  for (let i = 0; i < bytes.length; i++) packed[i >> 3]! |= bytes[i]! << (i & 7);
  return packed;
}
