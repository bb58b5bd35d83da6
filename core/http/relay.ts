import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { Direct } from './direct.ts';
import { lingerAfterAnswer } from './linger.ts';

/** Who sent a request that was relayed: the address of the client, which the relaying process saw. */
export const PEER_HEADER = 'x-tiercel-peer';

/**
 * Hands every request that brings no events to the process that can answer it: health, metrics, operations.
 *
 * @param socketPath where that process listens; nobody else may be able to connect there, since it trusts {@link PEER_HEADER}
 */
export function createRelay(socketPath: string): Direct {
  const agent = new Agent({ keepAlive: true });
  return (incoming, outgoing) => {
    const { method, url = '/' } = incoming;
    const path = url.split('?', 1)[0];
    if (method === 'POST' && (path === '/' || path === '/events')) return false;
    // It may be answered there before all of it was sent here.
    lingerAfterAnswer(incoming, outgoing);
    const { connection, expect, ...headers } = incoming.headers;
    headers[PEER_HEADER] = incoming.socket.remoteAddress ?? '';
    try {
      const onward = request({ socketPath, agent, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, hopless(answer.headers));
        // Broken on either side, it is broken on both.
        pipeline(answer, outgoing, () => {});
      });
      onward.on('error', (error) => fail(outgoing, 502, `no answer from the main process: ${error.message}`));
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    } catch (error) {
      // A target that no client of HTTP may send.
      incoming.resume();
      fail(outgoing, 400, (error as Error).message);
    }
    return true;
  };
}

/** Headers that speak of one connection, not of the answer. */
function hopless(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...others } = headers;
  return others;
}

function fail(outgoing: ServerResponse, status: number, reason: string): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  const code = status === 400 ? 'bad_request' : 'internal';
  outgoing.writeHead(status, { 'content-type': 'application/json' });
  outgoing.end(`${JSON.stringify({ error: { code, reason } })}\n`);
}
