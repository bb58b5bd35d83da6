import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long and how much of the rest of a request is read and discarded after its answer. */
export interface LingerLimits {
  readonly milliseconds: number;
  readonly bytes: number;
}

const LIMITS: LingerLimits = { milliseconds: 5_000, bytes: 64 << 20 };

/**
 * Lingering close: lets an answer that is sent before its request was read reach the client. A connection that is closed
 * while bytes arrive is reset, and a client that still sends sees the reset instead of the answer. So only our half is
 * closed, the rest of the request is discarded, and the connection ends with the request or at the limits.
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
    // The connection may stay open: remove the listener, or each request would leave one.
    socket.off('close', over);
    socket.destroySoon = destroySoon;
    if (closing) socket.destroySoon();
  });
  // The reader of the body has answered: discard the rest.
  incoming.unpipe();
  incoming.resume();
}
