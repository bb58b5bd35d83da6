import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { abortable, type Clock, describeFailure, type Failure } from '../../core/sdk/index.ts';

/** How long an address is used before the name is looked up again, milliseconds. */
const ADDRESS_AGE = 60_000;

/**
 * What is sent at once, bytes, with what a system adds to each datagram in its buffer, and the pause after it, milliseconds. The
 * buffer of a Linux server holds 208 KiB unless set otherwise, and what does not fit is lost.
 */
const BURST = 64 * 1024;
const OVERHEAD = 768;
const PAUSE = 5;

/** Where the server is. */
export interface DatagramOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}

/** A socket of one address of the server. */
export interface DatagramSocket {
  readonly socket: Socket;
  /** Host and port, for messages. */
  readonly server: string;
  /** When the name was looked up, epoch milliseconds. */
  readonly resolvedAt: number;
  /** What the server's machine answered: that nothing listens there. */
  lost?: Error;
}

/**
 * Opens a socket to the server. It is connected, so that the answer "port unreachable" of the server's machine is seen.
 *
 * @throws Error when the name has no address, or at the abort
 */
export async function openDatagram(
  { host, port, clock }: DatagramOptions,
  signal: AbortSignal,
): Promise<DatagramSocket> {
  const found = lookup(host).catch((cause: Error) => {
    throw new Error(`${host}: ${describeFailure(cause)}`, { cause });
  });
  const { address, family } = await abortable(found, signal);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const datagrams: DatagramSocket = { socket, server: `${host}:${port}`, resolvedAt: clock.now() };
  socket.on('error', (cause) => lose(datagrams, cause));
  try {
    await abortable(
      new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.connect(port, address, () => {
          socket.off('error', reject);
          resolve();
        });
      }),
      signal,
    );
    return datagrams;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function lose(datagrams: DatagramSocket, cause: Error): void {
  datagrams.lost ??= new Error(`${datagrams.server}: ${describeFailure(cause)}`, { cause });
}

/** Whether to send through it: the server was not missing, and the name was looked up not long ago. */
export function isCurrent({ lost, resolvedAt }: DatagramSocket, clock: Clock): boolean {
  const age = clock.now() - resolvedAt;
  return lost === undefined && age >= 0 && age < ADDRESS_AGE;
}

/**
 * Sends each message as one datagram (RFC 5426), one after the other, with pauses in which the server can read them.
 *
 * @returns the messages that the system did not take for their length
 * @throws Error when nothing listens at the server, as far as its machine says so, or at the abort
 */
export async function sendDatagrams(
  datagrams: DatagramSocket,
  messages: readonly Buffer[],
  clock: Clock,
  signal: AbortSignal,
): Promise<Failure[]> {
  const { socket } = datagrams;
  const tooLong: Failure[] = [];
  let burst = 0;
  for (const [index, message] of messages.entries()) {
    burst += message.byteLength + OVERHEAD;
    if (burst > BURST && index > 0) {
      await clock.sleep(PAUSE, signal);
      burst = message.byteLength + OVERHEAD;
    }
    const error = await abortable(
      new Promise<NodeJS.ErrnoException | null>((resolve) => socket.send(message, resolve)),
      signal,
    );
    if (error?.code === 'EMSGSIZE') {
      tooLong.push({ index, reason: `longer than a datagram may be: ${message.byteLength} bytes` });
    } else if (error) {
      lose(datagrams, error);
    }
    if (datagrams.lost !== undefined) throw datagrams.lost;
  }
  // The answer of this machine is here already; the first turn may begin after the sockets were read.
  await nextTurn();
  await nextTurn();
  if (datagrams.lost !== undefined) throw datagrams.lost;
  return tooLong;
}
