import type { Delivery, Finding } from '../../../../core/sdk/index.ts';

/** A finished file on the local disk. */
export interface LocalFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Of the bytes, where it is known already; 64 hexadecimal digits. */
  readonly sha256?: string;
}

/** Where objects go. A key is written once: the same key again is the same object, and no error. */
export interface ObjectStore {
  /**
   * Writes an object in one piece under a key, unless there is one: then it was delivered before. Settles within a
   * second of the signal's abort.
   *
   * @param key `/`-separated, relative to the bucket or folder
   * @returns delivered, or retry with one line that says what is wrong and what to do
   */
  put(key: string, file: LocalFile, options: PutOptions): Promise<Delivery>;
  /**
   * Is the store there? Writes nothing, and asks for no more than a list of one key. A refusal to answer is not a failure: a
   * role may be allowed to write and nothing else.
   *
   * @returns what was found, one line
   * @throws Error saying what is wrong and what to do
   */
  check(signal: AbortSignal): Promise<string>;
  /**
   * Looks at the store step by step; a step that is refused or fails does not keep the next from being tried.
   *
   * @param write tries whether an object under the key may be written, and leaves nothing there
   */
  diagnose(key: string, write: boolean, signal: AbortSignal): AsyncIterable<Finding>;
  /** Where it is, for logs: `s3://bucket`, or a folder. */
  describe(): string;
  /** Closes connections. */
  close(): void;
}

/** How an object is written. */
export interface PutOptions {
  readonly signal: AbortSignal;
  /** Default `application/vnd.apache.parquet`. */
  readonly contentType?: string;
}

export const PARQUET_CONTENT_TYPE = 'application/vnd.apache.parquet';
