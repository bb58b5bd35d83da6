// Sends requests over kept-alive connections, each as soon as the last one was answered: `load.js <json of LoadOptions>`.
// A process of its own with sockets of its own: an HTTP client would cost more than what is measured.
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { ID_DIGITS, ID_MARK } from './event-ids.ts';
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
  /** How events are put into a request. Default: one a line. */
  readonly format?: 'lines' | 'otlp';
  /** Gives each event an id of its own and writes the numbers of those answered with a 2xx here, as JSON. */
  readonly answered?: string;
  /** A connection that breaks, and a server that is gone, end it without an error. */
  readonly mayBreak?: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly events: number;
  readonly seconds: number;
  /** When the first request was sent, epoch milliseconds. */
  readonly startedAt: number;
  /** Answers that were no 2xx. */
  readonly refused: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor seconds of this process while it sent: near `seconds`, it is what was measured. */
  readonly cpu: number;
}

const options = JSON.parse(process.argv[2]!) as LoadOptions;
const { hostname, port, host } = new URL(options.url);
const { path, connections, eventsPerRequest } = options;

interface Prepared {
  readonly bytes: Buffer;
  /** Where the digits of the events' ids stand. */
  readonly ids: readonly number[];
}

const distinct = Math.max(8, Math.min(2000, Math.ceil(8000 / eventsPerRequest)));
const prepared = Array.from({ length: distinct }, (_, request) => prepare(request * eventsPerRequest));

const latencies: number[] = [];
const answered: number[] = [];
let sent = 0;
let refused = 0;
const most = options.requests ?? Number.POSITIVE_INFINITY;
const started = performance.now();
const used = process.cpuUsage();
const end = started + (options.milliseconds ?? Number.POSITIVE_INFINITY);

await Promise.all(Array.from({ length: connections }, (_, n) => client(n)));
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(used);
latencies.sort((a, b) => a - b);
const result: LoadResult = {
  requests: latencies.length,
  events: latencies.length * eventsPerRequest,
  seconds,
  startedAt: performance.timeOrigin + started,
  refused,
  p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
  p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  cpu: (user + system) / 1e6,
};
if (options.answered !== undefined) writeFileSync(options.answered, JSON.stringify(answered));
console.log(JSON.stringify(result));

function client(offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let next = offset * 7;
    let number = 0;
    let at = 0;
    let answer = '';
    const send = () => {
      if (sent >= most || performance.now() >= end) return socket.end(resolve);
      const due = started + (1000 * sent) / (options.perSecond ?? Number.POSITIVE_INFINITY);
      number = sent++;
      if (due > performance.now()) setTimeout(write, due - performance.now());
      else write();
    };
    const write = () => {
      at = performance.now();
      const request = prepared[next++ % distinct]!;
      socket.write(options.answered === undefined ? request.bytes : numbered(request, number));
    };
    socket.once('connect', send);
    socket.on('error', options.mayBreak ? () => resolve() : reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!complete(answer)) return;
      latencies.push(performance.now() - at);
      if (answer[9] !== '2') refused++;
      else if (options.answered !== undefined) answered.push(number);
      answer = '';
      send();
    });
  });
}

function prepare(first: number): Prepared {
  const events = Array.from({ length: eventsPerRequest }, (_, n) => falcoAlert(first + n));
  const place = `"uuid":"${ID_MARK}${'0'.repeat(ID_DIGITS)}"`;
  const texts = events.map((event) =>
    options.answered === undefined ? event.toString() : event.toString().replace(/"uuid":"[^"]*"/, place),
  );
  const body = Buffer.from(options.format === 'otlp' ? otlp(texts) : `${texts.join('\n')}\n`);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), body]);
  const ids: number[] = [];
  for (let i = bytes.indexOf(ID_MARK); i >= 0; i = bytes.indexOf(ID_MARK, i + 1))
    ids.push(i + ID_MARK.length);
  return { bytes, ids };
}

/** A copy: the socket may still hold what was sent before. */
function numbered({ bytes, ids }: Prepared, request: number): Buffer {
  const copy = Buffer.from(bytes);
  for (const [n, at] of ids.entries()) {
    copy.write((request * eventsPerRequest + n).toString(16).padStart(ID_DIGITS, '0'), at, 'latin1');
  }
  return copy;
}

/** As log records of OpenTelemetry, the event as their text. */
function otlp(texts: readonly string[]): string {
  const logRecords = texts.map((text) => ({
    timeUnixNano: '1795000000000000000',
    body: { stringValue: text },
  }));
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}

/** Is the answer there, body and all? */
function complete(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer);
  if (length !== null) return answer.length >= headEnd + 4 + Number(length[1]);
  // Without a body, or in chunks.
  return answer.startsWith(' 204', 8) || answer.endsWith('0\r\n\r\n');
}
