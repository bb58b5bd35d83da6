import type { IncomingMessage } from 'node:http';
import { type ByteBudget, withBytes } from './budget.ts';
import { decompress } from './decompress.ts';
import { Problem } from './problem.ts';

/** How large a body may be and how much of all bodies may be in memory. */
export interface BodyLimits {
  /** Bytes of one body, before and after decompression. */
  readonly maxBody: number;
  /** Shared by all requests: what bodies beyond {@link SMALL_BODY} may hold together. */
  readonly budget: ByteBudget;
}

/** Bodies up to this size are not counted in the budget, so that Falco's events never wait behind large uploads. */
export const SMALL_BODY = 64 * 1024;

/** A request's body, wherever it comes from: node:http below, the Fetch API in tests. */
export type BodySource =
  | { readonly incoming: IncomingMessage }
  | { readonly incoming?: undefined; readonly request: Request };

/**
 * Reads a body, decompresses it and hands it to `use`. Reading stops at the limit: what is beyond is never held.
 *
 * The bytes are taken from node:http as they come: a Fetch body would copy them once more.
 *
 * @throws Problem 413 over the limit, 415 for an encoding that cannot be read, 400 for a body that ends early
 */
export async function withBody<T>(
  source: BodySource,
  limits: BodyLimits,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const header = (name: string) =>
    source.incoming === undefined
      ? (source.request.headers.get(name) ?? undefined)
      : (source.incoming.headers[name] as string | undefined);
  const length = header('content-length');
  const encoding = header('content-encoding');
  const declared = length === undefined ? undefined : Number(length);
  if (declared !== undefined && declared > limits.maxBody) throw tooLarge(limits.maxBody);
  const plain = encoding === undefined || encoding === '' || encoding === 'identity';
  if (plain && declared !== undefined && declared <= SMALL_BODY) {
    return use(await read(source, limits.maxBody));
  }
  const most = (declared ?? limits.maxBody) + (plain ? 0 : limits.maxBody);
  return withBytes(limits.budget, most, async () => {
    const body = await read(source, limits.maxBody);
    return use(plain ? body : await decompress(body, encoding, limits.maxBody));
  });
}

function tooLarge(maxBody: number): Problem {
  const details = {
    code: 'body_too_large',
    reason: `the body is larger than ${maxBody} bytes`,
    hint: 'send fewer events in one request, or raise server.max_body',
  } as const;
  // The rest of the body is not read: the connection cannot be used again.
  return new Problem(413, details, { connection: 'close' });
}

function endedEarly(cause: unknown): Problem {
  const reason = `the body ended early: ${cause instanceof Error ? cause.message : 'the connection was closed'}`;
  return new Problem(400, { code: 'invalid_body', field: 'body', reason });
}

function read(source: BodySource, maxBody: number): Promise<Uint8Array> {
  return source.incoming === undefined
    ? readRequest(source.request, maxBody)
    : readIncoming(source.incoming, maxBody);
}

/** @throws Problem 413 over the limit, 400 for a body that ends early */
export function readIncoming(incoming: IncomingMessage, maxBody: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let open = true;
    const fail = (problem: (cause: unknown) => Problem) => (cause?: unknown) => {
      // Also when all is over, as each request closes in the end.
      if (open) reject(problem(cause));
      open = false;
    };
    const tooMuch = fail(() => tooLarge(maxBody));
    const early = fail(endedEarly);
    incoming.on('data', (chunk: Buffer) => {
      if (!open) return;
      size += chunk.length;
      if (size <= maxBody) chunks.push(chunk);
      else tooMuch();
    });
    incoming.on('end', () => {
      if (open) resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      open = false;
    });
    incoming.on('error', early).on('close', early);
    if (incoming.destroyed) early();
  });
}

async function readRequest(request: Request, maxBody: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBody) throw tooLarge(maxBody);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
