import type { IncomingMessage } from 'node:http';
import { Readable, type Transform } from 'node:stream';
import { setImmediate as nextTick } from 'node:timers/promises';
import { type BodyRateCheck, type CheckedBody, createBodyRateCheck } from './body-rate.ts';
import { type ByteAccount, createByteBudget } from './budget.ts';
import { DECODER_BYTES, decoderOf } from './decompress.ts';
import {
  bodyTooLarge,
  decompressedTooLarge,
  endedEarly,
  memoryUsedUp,
  notEncoded,
  slowBody,
} from './refusals.ts';
import { idleClock, type SweepClock } from './sweep.ts';

/** Bodies up to this size have a budget of their own, so that Falco's events never wait behind large uploads. */
export const SMALL_BODY = 64 << 10;
/** Bytes that small bodies may hold together. */
const SMALL_BODIES = 64 << 20;
/** Bytes that large bodies may hold together: a multiple of the largest, or this where that is little. */
const BODIES_AT_ONCE = 4;
const LARGE_BODIES = 16 << 20;

/**
 * The body of a request, from node:http or, in tests, from the Fetch API. It is read from node:http because a Fetch body
 * copies the bytes once more.
 */
export type BodySource =
  | { readonly incoming: IncomingMessage }
  | { readonly incoming?: undefined; readonly request: Request };

/** Reads the bodies of a listener's requests within its memory. */
export interface Bodies {
  /** Bytes of one body, before and after decompression. */
  readonly maxBody: number;
  /**
   * Reads a body, decompresses it and passes it to `use`; its memory is charged until `use` has ended. Bytes are charged as
   * they arrive and as they are decompressed, so that a sender that announces much and sends nothing takes no memory.
   *
   * @param use also gets the milliseconds of `maxWait` that the body has waited for memory
   * @param whenUsedUp what to do when bodies use up their memory: `wait` stops reading, up to `maxWait`; `refuse` does not
   * @throws Problem 413 over the limit, 415 for an encoding that cannot be read, 400 for a body that ends early, 408 for
   *   one that is slow, 429 or 503 when there is no memory for it
   */
  read<T>(
    source: BodySource,
    whenUsedUp: 'wait' | 'refuse',
    use: (body: Uint8Array, waited: number) => Promise<T>,
  ): Promise<T>;
}

export interface BodiesOptions {
  readonly maxBody: number;
  /** Milliseconds that a body may wait for memory. */
  readonly maxWait: number;
  /** Bytes that small and large bodies may hold; tests give less than the default. */
  readonly budgets?: { readonly small: number; readonly large: number };
  readonly clock?: SweepClock;
}

export function createBodies({ maxBody, maxWait, budgets, clock = idleClock }: BodiesOptions): Bodies {
  const small = createByteBudget(budgets?.small ?? SMALL_BODIES);
  const large = createByteBudget(budgets?.large ?? Math.max(LARGE_BODIES, BODIES_AT_ONCE * maxBody));
  const options = { maxBody, maxWait, clock, rateCheck: createBodyRateCheck(clock) };

  return {
    maxBody,
    async read(source, whenUsedUp, use) {
      const header = headersOf(source);
      const written = header('content-length');
      const length = written === undefined ? undefined : Number(written);
      if (length !== undefined && length > maxBody) throw bodyTooLarge(maxBody);
      const decoder = decoderOf(header('content-encoding'), maxBody);
      const isSmall = decoder === undefined && length !== undefined && length <= SMALL_BODY;
      const account = (isSmall ? small : large).open();
      try {
        const wait = whenUsedUp === 'wait';
        const { bytes, waited } = await collect(
          streamOf(source),
          { account, wait, length, decoder },
          options,
        );
        // Each large body keeps the processor busy for a while.
        if (!isSmall) await ownTick();
        return await use(bytes, waited);
      } finally {
        account.close();
      }
    },
  };
}

function headersOf(source: BodySource): (name: string) => string | undefined {
  const { incoming } = source;
  if (incoming === undefined) return (name) => source.request.headers.get(name) ?? undefined;
  return (name) => incoming.headers[name] as string | undefined;
}

function streamOf(source: BodySource): Readable {
  if (source.incoming !== undefined) return source.incoming;
  const { body } = source.request;
  return body === null ? Readable.from([]) : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
}

let lastOwnTick: Promise<unknown> = Promise.resolve();

/**
 * Resolves in a tick of the event loop that no other caller gets, so that many long pieces of work leave room for other
 * work in between.
 */
export function ownTick(): Promise<void> {
  const mine = lastOwnTick.then(() => nextTick());
  lastOwnTick = mine;
  return mine;
}

/** What all bodies of a listener share. */
export interface CollectOptions {
  readonly maxBody: number;
  /** Milliseconds that a body may wait for memory. */
  readonly maxWait: number;
  readonly rateCheck: BodyRateCheck;
  readonly clock: SweepClock;
}

/** One body. */
export interface Collecting {
  readonly account: ByteAccount;
  /** When the memory is used up: stop reading (true) or refuse the request. */
  readonly wait: boolean;
  /** Its `Content-Length`. */
  readonly length: number | undefined;
  /** Absent: the body is not compressed. */
  readonly decoder: (() => Transform) | undefined;
}

/** A complete body. */
export interface Collected {
  readonly bytes: Uint8Array;
  /** Milliseconds that it waited for memory. */
  readonly waited: number;
}

/** Reads a body to its end. @throws Problem */
export function collect(stream: Readable, body: Collecting, options: CollectOptions): Promise<Collected> {
  return new Promise((resolve, reject) => new Collector(stream, body, options, resolve, reject));
}

/** Reads one body. A class, because each request makes one and shares its methods (bench/cases/ingest.ts). */
class Collector implements CheckedBody {
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
    options.rateCheck.begin(this);
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
    if (this.#body.decoder === undefined) this.#addChunk(chunk, this.#stream);
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

  /** Made with the first byte: a sender that sends nothing costs no memory. */
  #decoder(make: () => Transform): Transform {
    if (this.#decoding !== undefined) return this.#decoding;
    const decoding = make();
    this.#decoding = decoding;
    this.#body.account.charge(DECODER_BYTES);
    decoding.on('data', (chunk: Buffer) => this.#addChunk(chunk, decoding));
    decoding.on('end', () => this.#finish());
    return decoding.on('error', (error) => this.#fail(notEncoded(error)));
  }

  /** @param source what the bytes come from */
  #addChunk(chunk: Buffer, source: Readable): void {
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
      // There is no memory for it, and Falco takes any answer for a success: the connection is closed, which Falco logs.
      this.#fail(memoryUsedUp(503));
      this.#stream.destroy();
    } else if (source === this.#stream && this.#size === length) {
      // The whole body is in memory: to stop reading would free nothing.
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
    // The rest of the body is skipped when the request is answered.
    this.#stream.pause();
    this.#reject(problem);
  }

  /** False when it was closed before. */
  #close(): boolean {
    const open = this.#open;
    this.#open = false;
    if (!open) return false;
    this.#options.rateCheck.end(this);
    this.#waiting?.abort();
    return true;
  }
}
