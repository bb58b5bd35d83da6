// Sends requests over kept-alive connections, each as soon as the last one was answered: `load.js <json of LoadOptions>`.
// A process of its own with sockets of its own: an HTTP client would cost more than what is measured.
import { connect, type Socket } from 'node:net';
import { falcoAlert } from './records.ts';

export interface LoadOptions {
  readonly url: string;
  readonly path: string;
  readonly connections: number;
  /** Milliseconds, or until so many requests were answered. */
  readonly milliseconds?: number;
  readonly requests?: number;
  readonly eventsPerRequest: number;
  /** No more than so many requests a second over all connections. Default: as many as are answered. */
  readonly perSecond?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly events: number;
  readonly seconds: number;
  /** Answers that were no 2xx. */
  readonly refused: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const options = JSON.parse(process.argv[2]!) as LoadOptions;
const { hostname, port, host } = new URL(options.url);
const { path, connections, eventsPerRequest } = options;

const distinct = Math.max(8, Math.min(2000, Math.ceil(8000 / eventsPerRequest)));
const requests = Array.from({ length: distinct }, (_, request) => {
  const events = Array.from({ length: eventsPerRequest }, (_, n) =>
    falcoAlert(request * eventsPerRequest + n),
  );
  const body = Buffer.concat(events.flatMap((event) => [event, Buffer.from('\n')]));
  const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
});

const latencies: number[] = [];
let sent = 0;
let refused = 0;
const most = options.requests ?? Number.POSITIVE_INFINITY;
const started = performance.now();
const end = started + (options.milliseconds ?? Number.POSITIVE_INFINITY);

await Promise.all(Array.from({ length: connections }, (_, n) => client(n)));
const seconds = (performance.now() - started) / 1000;
latencies.sort((a, b) => a - b);
const result: LoadResult = {
  requests: latencies.length,
  events: latencies.length * eventsPerRequest,
  seconds,
  refused,
  p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
  p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
};
console.log(JSON.stringify(result));

function client(offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let next = offset * 7;
    let at = 0;
    let answer = '';
    const send = () => {
      if (sent >= most || performance.now() >= end) return socket.end(resolve);
      const due = started + (1000 * sent) / (options.perSecond ?? Number.POSITIVE_INFINITY);
      sent++;
      if (due > performance.now()) setTimeout(write, due - performance.now());
      else write();
    };
    const write = () => {
      at = performance.now();
      socket.write(requests[next++ % distinct]!);
    };
    socket.once('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!complete(answer)) return;
      latencies.push(performance.now() - at);
      if (answer[9] !== '2') refused++;
      answer = '';
      send();
    });
  });
}

/** Is the answer there, body and all? */
function complete(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer);
  if (length !== null) return answer.length >= headEnd + 4 + Number(length[1]);
  return answer.endsWith('0\r\n\r\n');
}
