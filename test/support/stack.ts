import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What a program of Node must be started with, so that {@link stackOf} finds it.
 *
 * @param port a free one; not 0: processes that it forks by node:cluster count up from it, and 1 is refused
 */
export const inspectableAt = (port: number): string => `--inspect-port=127.0.0.1:${port}`;

const PATIENCE = 5000;

/**
 * Where the JavaScript of a program is at this moment, also when it never comes to an end: SIGUSR1 makes Node open its
 * inspector, which can stop it. It goes on afterwards.
 *
 * @param printed all that the program has printed: Node says there where the inspector listens
 */
export async function stackOf(pid: number, printed: () => string): Promise<string> {
  const listening = () =>
    printed()
      .match(/Debugger listening on (ws:\S+)/g)
      ?.at(-1)
      ?.slice('Debugger listening on '.length);
  const before = listening();
  try {
    process.kill(pid, 'SIGUSR1');
    for (let waited = 0; waited < PATIENCE && listening() === before; waited += 50) await sleep(50);
    const address = listening();
    if (address === undefined || address === before) return 'no stack: the inspector does not listen';
    return await Promise.race([
      pausedAt(address),
      sleep(PATIENCE).then(() => 'no stack: no JavaScript runs'),
    ]);
  } catch (error) {
    return `no stack: ${(error as Error).message}`;
  }
}

interface Frame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

async function pausedAt(address: string): Promise<string> {
  const socket = await connect(address);
  try {
    const messages = messagesOf(socket);
    const urls = new Map<string, string>();
    for (const [id, method] of ['Debugger.enable', 'Debugger.pause'].entries())
      socket.write(frame(JSON.stringify({ id, method })));
    for await (const message of messages) {
      const { method, params } = JSON.parse(message);
      if (method === 'Debugger.scriptParsed') urls.set(params.scriptId, params.url);
      if (method !== 'Debugger.paused') continue;
      const frames: readonly Frame[] = params.callFrames.slice(0, 20);
      return ['stack:', ...frames.map((frame) => told(frame, urls))].join('\n');
    }
    return 'no stack: the inspector hung up';
  } finally {
    // With its last session gone the program runs on.
    socket.destroy();
  }
}

function told({ functionName, location }: Frame, urls: ReadonlyMap<string, string>): string {
  const url = urls.get(location.scriptId) ?? '?';
  return `    at ${functionName || '(anonymous)'} (${url}:${location.lineNumber + 1}:${location.columnNumber + 1})`;
}

/** A WebSocket (RFC 6455), as far as one is needed here. */
function connect(address: string): Promise<Socket> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  return new Promise((resolve, reject) => {
    request(address.replace('ws:', 'http:'), { headers })
      .on('upgrade', (_, socket) => resolve(socket as Socket))
      .on('error', reject)
      .end();
  });
}

/** A short text in one frame. What a client sends is masked; with zeros it stays as it is. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

async function* messagesOf(socket: Socket): AsyncGenerator<string> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    for (;;) {
      const short = (bytes[1] ?? 0) & 127;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (bytes.length < head) break;
      const length =
        short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
      if (bytes.length < head + length) break;
      yield bytes.subarray(head, head + length).toString();
      bytes = bytes.subarray(head + length);
    }
  }
}
