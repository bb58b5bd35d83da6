import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createByteBudget } from './budget.ts';
import { collect } from './collect.ts';
import { decoderOf } from './decompress.ts';
import { createPace } from './pace.ts';
import { bodyTooLarge } from './refusals.ts';
import { idleClock, type SweepClock } from './sweep.ts';
import { ownTurn } from './turn.ts';

/** Bodies up to this size have a budget of their own, so that Falco's events never wait behind large uploads. */
export const SMALL_BODY = 64 << 10;
/** Bytes that small bodies may hold together. */
const SMALL_BODIES = 64 << 20;
/** Bytes that large bodies may hold together: a multiple of the largest, or this where that is little. */
const BODIES_AT_ONCE = 4;
const LARGE_BODIES = 16 << 20;

/**
 * A request's body, wherever it comes from: node:http, the Fetch API in tests. The bytes are taken from node:http as they
 * come: a Fetch body would copy them once more.
 */
export type BodySource =
  | { readonly incoming: IncomingMessage }
  | { readonly incoming?: undefined; readonly request: Request };

/** Reads the bodies of a listener's requests within its memory. */
export interface Bodies {
  /** Bytes of one body, before and after decompression. */
  readonly maxBody: number;
  /**
   * Reads a body, decompresses it and hands it to `use`; its memory is charged until that has ended. Bytes are charged as
   * they come and as they are decompressed, so that a sender who says much and sends nothing takes nothing from others.
   *
   * @param use is also told how many milliseconds of `maxWait` the body has waited for memory
   * @param whenUsedUp what to do where bodies use up their memory: `wait` stops reading, up to `maxWait`; `refuse` does not
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
  const options = { maxBody, maxWait, clock, pace: createPace(clock) };

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
        // Large ones keep the processor busy for a while each.
        if (!isSmall) await ownTurn();
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
