import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';

/** How a destination behaves until the next change. */
export const FAULTS = [
  'none',
  'refuse', // 503
  'throttle', // 429 with Retry-After
  'deny', // 403
  'hang', // no answer at all
  'slow', // the right answer, late
  'reset', // the connection is cut while the body comes in
  'forget', // taken, but the connection is cut instead of an answer
  'half', // taken, but the answer's body stops half-way
  'garbage', // the answer is not HTTP
] as const;

/** One of the ways in which a destination fails. */
export type Fault = (typeof FAULTS)[number];

/** What a healthy destination answers. */
export interface TargetAnswer {
  readonly status: number;
  readonly body: string;
}

/** The whole body of a request, or undefined when the connection broke first. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return request.complete ? Buffer.concat(chunks) : undefined;
}

/**
 * Misbehaves instead of, or before, `take`.
 *
 * @param take processes the body as a healthy destination does and answers
 */
export async function respond(
  fault: Fault,
  random: Random,
  request: IncomingMessage,
  response: ServerResponse,
  take: (body: Buffer) => TargetAnswer | Promise<TargetAnswer>,
): Promise<void> {
  const { socket } = request;
  if (fault === 'reset') {
    request.once('data', () => socket.resetAndDestroy());
    request.once('end', () => socket.resetAndDestroy());
    return;
  }
  const body = await readBody(request);
  if (!body) return;
  if (fault === 'hang') return;
  if (fault === 'garbage') {
    socket.end('<html>certainly not HTTP\r\n\r\n');
    return;
  }
  const refusals: Partial<Record<Fault, [number, Record<string, string>]>> = {
    refuse: [503, {}],
    throttle: [429, { 'retry-after': '1' }],
    deny: [403, {}],
  };
  const refusal = refusals[fault];
  if (refusal) {
    response.writeHead(refusal[0], refusal[1]).end('not now');
    return;
  }
  if (fault === 'slow') await sleep(random.between(200, 1500));
  const answer = await take(body);
  if (fault === 'forget') {
    socket.resetAndDestroy();
  } else if (fault === 'half') {
    response.writeHead(answer.status, { 'content-length': '1000' });
    response.write('{"half":');
    setTimeout(() => socket.destroy(), 50);
  } else {
    response.writeHead(answer.status).end(answer.body);
  }
}
