import type { ServerResponse } from 'node:http';
import type { Problem } from './problem.ts';

/** Characters of NDJSON that are collected before they are sent. */
const CHUNK = 64 << 10;

/** A response of one JSON value, with a newline at the end for terminals. */
export function json(status: number, value: object): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json' },
  });
}

/** A response of one JSON value per line; the source is read only as fast as the client reads. */
export function ndjson(values: AsyncIterable<object>): Response {
  const iterator = values[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let text = '';
        while (text.length < CHUNK) {
          const { value, done } = await iterator.next();
          if (done) {
            if (text !== '') controller.enqueue(Buffer.from(text));
            return controller.close();
          }
          text += `${JSON.stringify(value)}\n`;
        }
        controller.enqueue(Buffer.from(text));
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { headers: { 'content-type': 'application/x-ndjson' } });
}

/** `{"error": {code, field, reason, hint}}` with the members of `more`. */
export function problemResponse(problem: Problem, more: object = {}): Response {
  return new Response(textOf(problem, more), { status: problem.status, headers: headersOf(problem) });
}

/** The same response, sent without the application. */
export function sendProblem(outgoing: ServerResponse, problem: Problem): void {
  const text = textOf(problem);
  const headers = { ...headersOf(problem), 'content-length': Buffer.byteLength(text) };
  outgoing.writeHead(problem.status, headers).end(text);
}

function textOf(problem: Problem, more: object = {}): string {
  return `${JSON.stringify({ error: problem.details, ...more })}\n`;
}

function headersOf(problem: Problem): Record<string, string> {
  return { 'content-type': 'application/json', ...problem.headers };
}
