import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Fault, Stage } from './fault.ts';

const IDLE = 200;
const SLOW = 10;

/** A body in the form of an event, with something in its fields. */
const event = (fields: string): string =>
  `{"rule":"r","priority":"Notice","time":"2025-03-01T00:00:00Z","output":"o","output_fields":{${fields}}}`;

/** Bodies that are refused. */
const BODIES: Readonly<Record<string, () => string | Buffer>> = {
  'nested arrays': () => event(`"a":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  'nested objects': () => event(`"a":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
  brackets: () => '['.repeat(1 << 20),
  'no events': () => `[${'1,'.repeat(1 << 18)}1]`,
  'compressed blanks': () => gzipSync(Buffer.alloc(16 << 20, ' ')),
};
const REFUSED = [400, 413, 415, 429, 503];

/** Connections that send nothing, or the half of a head. */
export const idleConnections: Fault = {
  name: 'idle connections',
  needs: ['client'],
  weight: 1,
  async act(stage, random) {
    const sockets = Array.from({ length: IDLE }, (_, number) => {
      const socket = open(stage);
      if (number % 2 === 0) socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Le');
      return socket;
    });
    await stage.pause(1000, 8000, random);
    for (const socket of sockets) socket.destroy();
  },
};

/** Valid events whose bytes come one by one: those that are answered 200 must arrive. */
export const slowUploads: Fault = {
  name: 'slow uploads',
  needs: ['client'],
  weight: 1,
  async act(stage, random) {
    const uploads = Array.from({ length: SLOW }, () => {
      const { id, text } = stage.oracle.issue();
      const bytes = Buffer.from(text);
      const socket = open(stage);
      let answer = '';
      socket.on('data', (data) => {
        answer += data.toString('latin1');
        if (/^HTTP\/1\.1 200 /.test(answer) && !stage.oracle.accepted(id)) stage.oracle.acknowledged(id);
      });
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n\r\n`);
      return { socket, bytes };
    });
    const steps = random.between(4, 20);
    for (let step = 0; step < steps; step += 1) {
      for (const { socket, bytes } of uploads) {
        const size = Math.ceil(bytes.length / steps);
        socket.write(bytes.subarray(step * size, (step + 1) * size));
      }
      await stage.pause(50, 400, random);
    }
    await stage.pause(500, 500, random);
    for (const { socket } of uploads) socket.destroy();
  },
};

export const nestedJson: Fault = {
  name: 'nested JSON',
  needs: ['client'],
  weight: 1,
  async act({ tiercel, findings }, random) {
    const name = random.pick(Object.keys(BODIES));
    const body = BODIES[name]!();
    const headers: Record<string, string> = typeof body === 'string' ? {} : { 'content-encoding': 'gzip' };
    const path = random.pick(['/', '/events']);
    const answer = await fetch(tiercel.url + path, {
      method: 'POST',
      body,
      headers,
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined);
    const text = await answer?.text().catch(() => '');
    if (answer === undefined || REFUSED.includes(answer.status)) return;
    // Blanks are a list without events.
    if (answer.status === 202 && (text === '' || JSON.parse(text!).accepted === 0)) return;
    findings.add('a hostile body is not refused', `${name} to ${path}: answered ${answer.status}, ${text}`);
  },
};

function open({ tiercel }: Stage): Socket {
  const socket = connect(Number(new URL(tiercel.url).port), '127.0.0.1');
  return socket.on('error', () => {}).resume();
}
