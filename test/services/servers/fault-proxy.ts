import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers of S3 in place of an upload: status and code. */
const REFUSALS = {
  forbidden: [403, 'AccessDenied'],
  'slow-down': [503, 'SlowDown'],
  conflict: [409, 'ConditionalRequestConflict'],
  'expired-token': [400, 'ExpiredToken'],
  'clock-skew': [403, 'RequestTimeTooSkewed'],
  'wrong-region': [301, 'PermanentRedirect'],
} as const;

/** What befalls an upload on its way to the real server. */
export type UploadFault =
  | 'none'
  | keyof typeof REFUSALS // before the body is read
  | 'slow' // everything arrives, the answer takes long
  | 'reset' // the connection breaks in the middle of the body
  | 'lost-answer'; // the server has the object, the answer is lost

/** A proxy in front of a real server that lets uploads fail on command. */
export interface FaultProxy {
  readonly url: string;
  /** Every upload from now on. */
  setFault(fault: UploadFault): void;
  /** Called once, when the next upload has begun (`begun`), or when the server has it and nobody was told (`stored`). */
  onUpload(step: 'begun' | 'stored', call: () => unknown): void;
  /** How many uploads met the fault that is set. */
  readonly hits: number;
  /** How often the real server answered which status to an upload. */
  readonly statuses: ReadonlyMap<number, number>;
  close(): void;
}

const problem = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;

/** Starts one on 127.0.0.1. Headers go through as they are, so that signatures hold. */
export async function startFaultProxy(target: { readonly port: number }): Promise<FaultProxy> {
  let fault: UploadFault = 'none';
  let hits = 0;
  let watched: { step: 'begun' | 'stored'; call: () => unknown } | undefined;
  const statuses = new Map<number, number>();

  const reached = async (step: 'begun' | 'stored'): Promise<void> => {
    if (watched?.step !== step) return;
    const { call } = watched;
    watched = undefined;
    await call();
  };

  const pass = (request: IncomingMessage, body: Buffer) =>
    new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
      const { method, url, headers } = request;
      const upstream = forward({ host: '127.0.0.1', port: target.port, method, path: url, headers });
      upstream.once('error', reject);
      upstream.once('response', async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
      upstream.end(body);
    });

  const upload = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const own = fault;
    hits++;
    if (own in REFUSALS) {
      const [status, code] = REFUSALS[own as keyof typeof REFUSALS];
      return void response.writeHead(status).end(problem(code));
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      await reached('begun');
      chunks.push(chunk as Buffer);
      if (own === 'reset') return void request.socket.resetAndDestroy();
    }
    const answer = await pass(request, Buffer.concat(chunks));
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    await reached('stored');
    if (own === 'lost-answer') return void request.socket.resetAndDestroy();
    if (own === 'slow') await sleep(1500);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };

  const server = createServer((request, response) => {
    // A client that is killed breaks its connections: nothing to be told to anybody.
    void upload(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setFault: (next) => {
      fault = next;
      hits = 0;
    },
    onUpload: (step, call) => {
      watched = { step, call };
    },
    get hits() {
      return hits;
    },
    statuses,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
