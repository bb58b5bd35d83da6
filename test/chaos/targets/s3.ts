import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Findings } from '../findings.ts';
import type { Random } from '../random.ts';
import { type Fault, respond, type TargetAnswer } from './fault.ts';

/**
 * An object store with S3's conditional PUT that fails on command. It checks no signature: real ones do, elsewhere. It
 * keeps the digest of an object and no bytes.
 */
export interface ObjectStore {
  readonly url: string;
  setFault(fault: Fault): void;
  /** Number of objects. */
  objects(): number;
  close(): void;
}

export interface ObjectStoreOptions {
  readonly random: Random;
  readonly findings: Pick<Findings, 'add'>;
  /** Checks a new object before the client gets its answer. `key` is without the bucket. */
  readonly onObject: (key: string, bytes: Buffer) => Promise<void>;
}

/** Undoes `aws-chunked`: the form in which SDKs send a body with a checksum after it. */
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

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');
const problem = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;

/** Starts it on 127.0.0.1; any bucket exists. */
export async function startObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const { random, findings, onObject } = options;
  let fault: Fault = 'none';
  const digests = new Map<string, string>();

  const put = async (request: IncomingMessage, body: Buffer): Promise<TargetAnswer> => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    const key = path.split('/').slice(2).join('/');
    const chunked = /aws-chunked/.test(String(request.headers['content-encoding'] ?? ''));
    const bytes = chunked || request.headers['x-amz-decoded-content-length'] ? unchunk(body) : body;
    const found = digest(bytes);
    const existing = digests.get(key);
    if (existing !== undefined && existing !== found)
      findings.add('the lake: other bytes under the name of an object that exists', key);
    if (request.headers['if-none-match'] !== '*')
      findings.add('the lake: a PUT without If-None-Match: *', key);
    else if (existing !== undefined) return { status: 412, body: problem('PreconditionFailed') };
    digests.set(key, found);
    await onObject(key, bytes);
    return { status: 200, body: '' };
  };

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'PUT') {
      void respond(fault, random, request, response, (body) => put(request, body));
      return;
    }
    // The role of a Security Lake source may only PUT.
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
    objects: () => digests.size,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
