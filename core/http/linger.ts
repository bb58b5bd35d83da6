import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How much of what a client still sends after its answer is read and thrown away. */
export interface LingerLimits {
  readonly milliseconds: number;
  readonly bytes: number;
}

const LIMITS: LingerLimits = { milliseconds: 5_000, bytes: 64 << 20 };

/**
 * Lets an answer that is given before its request was read reach the client. A connection that is closed while bytes
 * arrive is reset, and a client that still sends meets the reset instead of the answer. So only our half is closed,
 * what comes is thrown away, and the rest of the connection ends with the request, or where the limits do.
 */
export function lingerAfterAnswer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  limits: LingerLimits = LIMITS,
): void {
  // Before node:http itself hears of it, which then closes the connection by `destroySoon`.
  outgoing.prependOnceListener('finish', () => {
    if (!incoming.complete && !incoming.destroyed) linger(incoming, limits);
  });
}

function linger(incoming: IncomingMessage, { milliseconds, bytes }: LingerLimits): void {
  const socket = incoming.socket as Socket & { destroySoon(): void };
  const { destroySoon } = socket;
  let closing = false;
  let left = bytes;
  const cut = () => void socket.destroy();
  const timer = setTimeout(cut, milliseconds);
  const over = () => clearTimeout(timer);
  socket.once('close', over);
  socket.destroySoon = () => {
    closing = true;
    socket.end();
  };
  incoming.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  incoming.once('end', () => {
    over();
    // The connection may go on: it must not collect a listener a request.
    socket.off('close', over);
    socket.destroySoon = destroySoon;
    if (closing) socket.destroySoon();
  });
  // Whoever was to read it has answered: nothing may hold it up.
  incoming.unpipe();
  incoming.resume();
}
