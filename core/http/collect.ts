import type { Readable, Transform } from 'node:stream';
import type { ByteAccount } from './budget.ts';
import { DECODER_BYTES } from './decompress.ts';
import type { Pace, PacedBody } from './pace.ts';
import {
  bodyTooLarge,
  decompressedTooLarge,
  endedEarly,
  memoryUsedUp,
  notEncoded,
  slowBody,
} from './refusals.ts';
import type { SweepClock } from './sweep.ts';

/** What all bodies of a listener are read with. */
export interface CollectOptions {
  readonly maxBody: number;
  /** Milliseconds that a body may wait for memory. */
  readonly maxWait: number;
  readonly pace: Pace;
  readonly clock: SweepClock;
}

/** One body. */
export interface Collecting {
  readonly account: ByteAccount;
  /** What to do where the memory is used up: stop reading, or refuse the request. */
  readonly wait: boolean;
  /** Its length, as the sender says. */
  readonly length: number | undefined;
  /** Absent: the body is not compressed. */
  readonly decoder: (() => Transform) | undefined;
}

/** A body that was read to its end. */
export interface Collected {
  readonly bytes: Uint8Array;
  /** Milliseconds that it waited for memory. */
  readonly waited: number;
}

/** Reads a body to its end. @throws Problem */
export function collect(stream: Readable, body: Collecting, options: CollectOptions): Promise<Collected> {
  return new Promise((resolve, reject) => new Collector(stream, body, options, resolve, reject));
}

/** A class, because each request makes one: its methods cost nothing. */
class Collector implements PacedBody {
  bytes = 0;
  paused = false;
  sweeps = 0;
  marks: number[] | undefined = undefined;
  readonly #stream: Readable;
  readonly #body: Collecting;
  readonly #options: CollectOptions;
  readonly #resolve: (body: Collected) => void;
  readonly #reject: (problem: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #open = true;
  #ended = false;
  #decoding: Transform | undefined;
  #waiting: AbortController | undefined;
  #waited = 0;

  constructor(
    stream: Readable,
    body: Collecting,
    options: CollectOptions,
    resolve: (body: Collected) => void,
    reject: (problem: unknown) => void,
  ) {
    this.#stream = stream;
    this.#body = body;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    options.pace.begin(this);
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('end', () => this.#end());
    const early = (cause?: unknown) => {
      // Each request closes in the end.
      if (!this.#ended) this.#fail(endedEarly(cause));
    };
    stream.on('error', early).on('close', early);
    if (stream.destroyed) early();
  }

  slow(reason: string): void {
    this.#fail(slowBody(reason));
  }

  #receive(chunk: Buffer): void {
    if (!this.#open) return;
    this.bytes += chunk.length;
    if (this.#body.decoder === undefined) this.#take(chunk, this.#stream);
    else this.#decode(chunk, this.#decoder(this.#body.decoder));
  }

  #decode(chunk: Buffer, decoding: Transform): void {
    if (decoding.write(chunk)) return;
    this.#stream.pause();
    decoding.once('drain', () => this.#stream.resume());
  }

  #end(): void {
    this.#ended = true;
    if (!this.#open) return;
    if (this.#body.decoder === undefined) this.#finish();
    else this.#decoder(this.#body.decoder).end();
  }

  /** Made when the first byte has come: a sender who sends nothing costs nothing. */
  #decoder(make: () => Transform): Transform {
    if (this.#decoding !== undefined) return this.#decoding;
    const decoding = make();
    this.#decoding = decoding;
    this.#body.account.charge(DECODER_BYTES);
    decoding.on('data', (chunk: Buffer) => this.#take(chunk, decoding));
    decoding.on('end', () => this.#finish());
    return decoding.on('error', (error) => this.#fail(notEncoded(error)));
  }

  /** @param source what the bytes come from */
  #take(chunk: Buffer, source: Readable): void {
    if (!this.#open) return;
    const { account, wait, length } = this.#body;
    const { maxBody } = this.#options;
    this.#size += chunk.length;
    if (this.#size > maxBody) {
      this.#fail(source === this.#stream ? bodyTooLarge(maxBody) : decompressedTooLarge(maxBody));
      return;
    }
    this.#chunks.push(chunk);
    account.charge(chunk.length);
    if (!wait) {
      if (account.usedUp()) this.#fail(memoryUsedUp(429));
    } else if (account.beyond()) {
      // It cannot be kept, and any answer would be a success for Falco: it meets a broken connection, as where
      // there are too many connections, and logs that.
      this.#fail(memoryUsedUp(503));
      this.#stream.destroy();
    } else if (source === this.#stream && this.#size === length) {
      // The whole body is in memory already: stopping would free nothing.
    } else if (account.mustWait()) void this.#pause(source);
  }

  async #pause(source: Readable): Promise<void> {
    const { clock, maxWait } = this.#options;
    source.pause();
    this.paused = true;
    const from = clock.monotonic();
    const over = new AbortController();
    this.#waiting = over;
    const granted = this.#body.account.wait(over.signal).then(() => !over.signal.aborted);
    const late = clock.sleep(maxWait - this.#waited, over.signal).then(() => false);
    const inTime = await Promise.race([granted, late]);
    over.abort();
    if (!this.#open) return;
    if (!inTime) {
      this.#fail(memoryUsedUp(503));
      return;
    }
    this.#waited += clock.monotonic() - from;
    this.paused = false;
    source.resume();
  }

  #finish(): void {
    if (!this.#close()) return;
    // The stream keeps this object until the request is answered, and the body must not be in memory twice until then.
    const chunks = this.#chunks.splice(0);
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    this.#resolve({ bytes, waited: this.#waited });
  }

  #fail(problem: unknown): void {
    if (!this.#close()) return;
    this.#chunks.length = 0;
    this.#decoding?.destroy();
    // What else comes is passed over with the answer.
    this.#stream.pause();
    this.#reject(problem);
  }

  /** False when all is over already. */
  #close(): boolean {
    const open = this.#open;
    this.#open = false;
    if (!open) return false;
    this.#options.pace.end(this);
    this.#waiting?.abort();
    return true;
  }
}
