import type { IncomingMessage } from 'node:http';
import { type Delivery, delivered, rejected, retry } from '../../contract/verdicts.ts';
import { NO_REDIRECTS } from './own-words.ts';

/** The statuses that speak about the content of the request: sent again it would be refused again. */
const CONTENT_REFUSED: ReadonlySet<number> = new Set([400, 413, 415, 422]);
const DENIED: ReadonlySet<number> = new Set([401, 403, 407]);
/** A destination that asks for more (a year, by mistake) is asked again after this long. */
const LONGEST_WAIT = 3_600_000;
/** How much of an answer is put into a reason, and how much of it is read at all. */
const QUOTED = 300;
const READ = 64 * 1024;

/**
 * What an HTTP answer means for a batch.
 *
 * | status | delivery |
 * |---|---|
 * | 2xx | delivered |
 * | 400, 413, 415, 422 | rejected: the content is at fault |
 * | 401, 403, 407 | retry, denied: the breaker opens at once |
 * | everything else: 404, 405, 408, 425, 429, 5xx, redirects (also one that `fetch` followed) | retry, after `Retry-After` where the answer has one |
 *
 * Reads (a part of) the body, so that the connection can be used again.
 *
 * @param now epoch milliseconds, for a `Retry-After` that is a date
 * @example fromResponse(await fetch(url, { method: 'POST', body, signal }))
 */
export async function fromResponse(response: Response, now = Date.now()): Promise<Delivery> {
  const body = await readStart(response);
  // A fetch that followed a redirect has made a GET without a body of the POST, and 2xx is some page's.
  if (response.redirected) return retry(`was redirected; ${NO_REDIRECTS}`);
  const { status, statusText, headers } = response;
  return meaningOf({ status, statusText, retryAfter: headers.get('retry-after') }, body, now);
}

/** Takes secrets out of a text. */
type Redact = (text: string) => string;

/**
 * The same for a message of node:http: without a {@link Response} and its streams (bench/peers/scenarios.ts, CPU per event).
 *
 * @param redact applied to the body before it is cut: half of a secret is not recognized
 */
export async function fromMessage(
  message: IncomingMessage,
  redact: Redact = (text) => text,
): Promise<Delivery> {
  const body = redact(await startOf(message));
  const { statusCode: status = 0, statusMessage: statusText = '', headers } = message;
  return meaningOf({ status, statusText, retryAfter: headers['retry-after'] ?? null }, body, Date.now());
}

function meaningOf(
  { status, statusText, retryAfter }: { status: number; statusText: string; retryAfter: string | null },
  body: string,
  now: number,
): Delivery {
  if (status >= 200 && status < 300) return delivered();
  const reason = `answered ${`${status} ${statusText}`.trim()}${quote(body)}`;
  if (CONTENT_REFUSED.has(status)) return rejected(reason);
  if (DENIED.has(status)) return retry(reason, { denied: true });
  if (status >= 300 && status < 400) {
    return retry(`${reason}; ${NO_REDIRECTS}`);
  }
  const after = parseRetryAfter(retryAfter, now);
  return retry(reason, after === undefined ? {} : { after });
}

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds or a date.
 *
 * @returns milliseconds from now, an hour at the most; undefined when absent or not understood
 * @example
 * const after = parseRetryAfter(response.headers.get('retry-after'), context.clock.now());
 * const verdict = retry('asked to wait', after === undefined ? {} : { after });
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_WAIT);
}

/** The start of the body; an answer that breaks off or never ends does not change what its status said. */
async function readStart(response: Response): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (let read = 0; read < READ; ) {
      const { done, value } = await reader.read();
      if (done) return text;
      read += value.byteLength;
      if (text.length < QUOTED) text += decoder.decode(value, { stream: true });
    }
    await reader.cancel();
  } catch {
    // Broken off: what was read is all there is.
  }
  return text;
}

/** The same of a message. */
function startOf(message: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const decoder = new TextDecoder();
    let text = '';
    let read = 0;
    message.on('data', (chunk: Buffer) => {
      read += chunk.byteLength;
      if (text.length < QUOTED) text += decoder.decode(chunk, { stream: true });
      if (read >= READ) message.destroy();
    });
    message.on('error', () => {});
    message.once('end', () => resolve(text));
    message.once('close', () => resolve(text));
  });
}

function quote(body: string): string {
  const text = body.replace(/\s+/g, ' ').trim();
  if (text === '') return '';
  return `: ${text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text}`;
}

/** The longest answer that is read, bytes: one that never ends must not fill the memory. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

/**
 * An answer as the platform's `Response`, for outputs that read it.
 *
 * @throws RangeError when it cannot be one: a status below 200 or above 599
 */
export function toResponse(incoming: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = '' } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  const empty = status === 204 || status === 205 || status === 304;
  if (empty) incoming.resume();
  return new Response(empty ? null : bodyOf(incoming), { status, statusText, headers });
}

/** How much of an answer waits to be read, bytes. */
const WAITING = 64 * 1024;

/**
 * The answer up to {@link LONGEST_ANSWER}; beyond, the stream fails and the connection is closed. Not the platform's
 * `Readable.toWeb`: on Node 20 it throws in a timer of its own when data come after the reader has cancelled.
 */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let length = 0;
  let isOver = false;
  const end = (finish: () => void) => {
    if (!isOver) finish();
    isOver = true;
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        incoming.on('data', (chunk: Buffer<ArrayBuffer>) => {
          if (isOver) return;
          length += chunk.byteLength;
          if (length > LONGEST_ANSWER) {
            const limit = LONGEST_ANSWER / 1024 / 1024;
            end(() => controller.error(new Error(`the answer is longer than ${limit} MiB`)));
            incoming.destroy();
            return;
          }
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        incoming.once('end', () => end(() => controller.close()));
        incoming.on('error', (error) => end(() => controller.error(error)));
        incoming.once('close', () => end(() => controller.error(new Error('the connection was cut'))));
      },
      pull: () => void incoming.resume(),
      cancel: () => end(() => incoming.destroy()),
    },
    { highWaterMark: WAITING, size: ({ byteLength }) => byteLength },
  );
}
