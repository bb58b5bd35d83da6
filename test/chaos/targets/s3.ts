import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../random.ts';
import { type Fault, respond } from './fault.ts';

/** An object store with S3's conditional PUT that fails on command. It checks no signature: real ones do, elsewhere. */
export interface ObjectTarget {
  readonly url: string;
  setFault(fault: Fault): void;
  /** Objects by key, without the bucket. */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** What no client may do: another content under a name that exists. */
  readonly violations: readonly string[];
  close(): void;
}

/** Undoes `aws-chunked`: the form in which SDKs send a body with a checksum behind it. */
export function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw new Error('aws-chunked: a chunk without a head');
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (size === 0) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const problem = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;

/** Starts it on 127.0.0.1; any bucket exists. */
export async function startObjectStore(random: Random): Promise<ObjectTarget> {
  let fault: Fault = 'none';
  const objects = new Map<string, Buffer>();
  const violations: string[] = [];

  const put = (request: IncomingMessage, body: Buffer): { status: number; body: string } => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    const key = path.split('/').slice(2).join('/');
    const chunked = /aws-chunked/.test(String(request.headers['content-encoding'] ?? ''));
    const bytes = chunked || request.headers['x-amz-decoded-content-length'] ? unchunk(body) : body;
    const existing = objects.get(key);
    if (existing && digest(existing) !== digest(bytes)) violations.push(`other bytes under the name ${key}`);
    if (request.headers['if-none-match'] !== '*') violations.push(`PUT ${key} without If-None-Match: *`);
    else if (existing) return { status: 412, body: problem('PreconditionFailed') };
    objects.set(key, bytes);
    return { status: 200, body: '' };
  };

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'PUT') {
      void respond(fault, random, request, response, (body) => put(request, body));
      return;
    }
    // Only PUT is allowed to the role of a Security Lake source.
    request.resume();
    response.writeHead(403).end(problem('AccessDenied'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    setFault: (next) => {
      fault = next;
      if (next === 'none') server.closeAllConnections();
    },
    objects,
    violations,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
