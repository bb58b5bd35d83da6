/** What arrived: one text or bytes for each message, body or file, or all of it in one. */
export type Arrived = string | Uint8Array | readonly (string | Uint8Array)[];

/**
 * Where an output under test delivers to: a server of its protocol on the loopback interface, a fake of one, a file. Each test
 * starts one and closes it. What it cannot do is left out, and the tests that need it are skipped, where the test runner can.
 */
export interface TestDestination {
  /** Its port on 127.0.0.1, for `options`. */
  readonly port?: number;
  /** Its address, for `options`, where that is more than `127.0.0.1:PORT`. */
  readonly url?: string;
  /** What it holds for its readers: messages, rows, lines; not the bytes of a handshake. A missing file (ENOENT) means nothing arrived. */
  arrived(): Arrived | Promise<Arrived>;
  /** From now on it takes connections and requests, and answers nothing. */
  hang?(): void | Promise<void>;
  /** From now on it is down: open connections are cut, others refused; a folder is gone. */
  cut?(): void | Promise<void>;
  /** It works again after `hang`, `cut` or `refuse`. */
  recover?(): void | Promise<void>;
  /** From now on it answers each request with an error of its own making, whose message holds the text. */
  refuse?(text: string): void | Promise<void>;
  /**
   * From now on it does not take records whose text is bad, for good (`refused`) or for now (`busy`), and takes all others: for
   * destinations that answer about each record.
   */
  refuseRecords?(isBad: (text: string) => boolean, fault: 'refused' | 'busy'): void | Promise<void>;
  /** Whether it is down cannot be seen before something is sent: the check then need not fail. */
  readonly hidden?: boolean;
  /** It may be reached by any name that leads to 127.0.0.1, so the kit tests a name that has an address only later. Not with TLS. */
  readonly byName?: boolean;
  /** What went wrong in the code of the test itself, `decode` for example: the test fails with it, whatever the output makes of it. */
  mistake?(): Error | undefined;
  close?(): void | Promise<void>;
}

/** How bodies are read that are not text: base64 in JSON, protobuf, another compression than those of HTTP. */
export type Decode<Request = unknown> = (body: Buffer, request?: Request) => string | Promise<string>;
