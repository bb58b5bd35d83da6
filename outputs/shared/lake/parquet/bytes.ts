/** Above this length a native call is quicker than a loop over the characters. */
const SHORT = 24;

/** PLAIN-encoded values, appended; the memory is used again from page to page. */
export class PlainBytes {
  length = 0;
  #buffer: Buffer = Buffer.allocUnsafeSlow(1024);

  /** The bytes so far, or the first of them; a view that the next append may overwrite. */
  view(length = this.length): Uint8Array {
    return this.#buffer.subarray(0, length);
  }

  /** A length in four bytes, then UTF-8. A lone surrogate becomes U+FFFD. */
  appendText(text: string): void {
    const { length } = text;
    this.#reserve(4 + 3 * length);
    const start = this.length + 4;
    const size = this.#writeShort(text, start) ?? this.#buffer.write(text, start, 'utf8');
    this.#buffer.writeUInt32LE(size, this.length);
    this.length = start + size;
  }

  /** UTF-8 without a length. */
  appendUtf8(text: string): void {
    this.#reserve(3 * text.length);
    this.length += this.#writeShort(text, this.length) ?? this.#buffer.write(text, this.length, 'utf8');
  }

  appendInt32(value: number): void {
    this.#reserve(4);
    this.length = this.#buffer.writeInt32LE(value, this.length);
  }

  appendInt64(value: number | bigint): void {
    this.#reserve(8);
    if (typeof value === 'bigint') {
      this.length = this.#buffer.writeBigInt64LE(value, this.length);
      return;
    }
    // Two halves, rounded down: right for negative numbers too, and no bigint is made.
    const high = Math.floor(value / 0x1_0000_0000);
    this.#buffer.writeUInt32LE(value - high * 0x1_0000_0000, this.length);
    this.length = this.#buffer.writeInt32LE(high, this.length + 4);
  }

  appendDouble(value: number): void {
    this.#reserve(8);
    this.length = this.#buffer.writeDoubleLE(value, this.length);
  }

  /** One byte; booleans are packed into bits when the page is cut. */
  appendByte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.length++] = value;
  }

  appendBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Moves what is behind the first `count` bytes to the front. */
  dropFirst(count: number): void {
    this.#buffer.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** Writes a short ASCII text; undefined when it is not one. */
  #writeShort(text: string, start: number): number | undefined {
    const { length } = text;
    if (length > SHORT) return undefined;
    const buffer = this.#buffer;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return undefined;
      buffer[start + i] = unit;
    }
    return length;
  }

  #reserve(size: number): void {
    if (this.length + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.length + size));
    this.#buffer.copy(larger, 0, 0, this.length);
    this.#buffer = larger;
  }
}
