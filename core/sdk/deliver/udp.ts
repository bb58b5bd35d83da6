import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Batch } from '../contract/batch.ts';
import { type Clock, systemClock } from '../contract/clock.ts';
import type { Output } from '../contract/output.ts';
import { type Delivery, delivered, type Failure } from '../contract/verdicts.ts';
import { reach } from '../http/reach.ts';
import { describeFailure } from '../http/transport/failure.ts';
import { abortable, keepConnection } from './connection.ts';

/** How long an address is used before the name is looked up again, milliseconds. */
const ADDRESS_AGE = 60_000;

/**
 * What is sent at once, bytes, with what a system adds to each datagram in its buffer, and the pause after it, milliseconds. The
 * buffer of a Linux server holds 208 KiB unless set otherwise, and what does not fit is lost.
 */
const BURST = 64 * 1024;
const OVERHEAD = 768;
const PAUSE = 5;

/** Where datagrams go. */
export interface UdpOptions {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The clock of the context: when the name is looked up again, and the pauses. Default: the clock of the system. */
  readonly clock?: Clock;
}

/** A sender of datagrams to one server. */
export interface UdpSender {
  /** Looks the name up and opens the socket, unless that is done already. @throws Error when the name has no address */
  open(signal: AbortSignal): Promise<void>;
  /**
   * Sends each message as one datagram, in order, with a pause of 5 ms after each 64 KiB, in which the server can empty its buffer.
   *
   * @returns the messages that are longer than a datagram can be, by index; all others were sent
   * @throws Error when the name has no address, when the server's machine answers that nothing listens there (Deno does not report
   * it), or at the abort
   */
  send(messages: readonly (string | Uint8Array)[], signal: AbortSignal): Promise<readonly Failure[]>;
  /** Closes the socket; the next `send` opens another. */
  close(): Promise<void>;
}

/**
 * An output that sends each record as one datagram, for destinations that never answer: give its definition
 * `confirms: false`. The name is looked up at the start and again each minute; a name without an address and the answer "port
 * unreachable" are retries. `tiercel doctor` looks the name up.
 *
 * @param messagesOf the datagram of each record, in the order of the records. One that is longer than a datagram can be (65,507 bytes
 * over IPv4) makes its record a dead letter.
 * @example
 * const { clock } = context;
 * const output = overUdp({ host: 'collector', port: 5140, clock }, ({ records }: Batch<string>) => records);
 */
export function overUdp<R>(
  options: UdpOptions,
  messagesOf: (batch: Batch<R>) => readonly (string | Uint8Array)[],
): Output<R> {
  const sender = openUdp(options);
  return {
    start: (signal) => sender.open(signal),
    async deliver(batch, signal): Promise<Delivery> {
      const messages = messagesOf(batch);
      if (messages.length !== batch.records.length)
        throw new Error(`${messages.length} datagrams for ${batch.records.length} records`);
      const rejected = await sender.send(messages, signal);
      return delivered(rejected.length > 0 ? { rejected } : {});
    },
    diagnose: (_options, signal) =>
      reach({ host: options.host, port: options.port, protocol: 'udp' }, signal),
    stop: () => sender.close(),
  };
}

/**
 * Makes a sender of datagrams, where an output is more than {@link overUdp} gives. Nothing is opened before the first `send` or
 * `open`. The name is looked up again each minute, and after each fault.
 *
 * @example
 * const sender = openUdp({ host: 'collector', port: 5140, clock: context.clock });
 * const tooLong = await sender.send(['first', 'second'], signal);
 * await sender.close();
 */
export function openUdp(options: UdpOptions): UdpSender {
  const { clock = systemClock } = options;
  const link = keepConnection({
    open: (signal) => openSocket(options, clock, signal),
    isOpen: (opened) => isCurrent(opened, clock),
    close: ({ socket }) => socket.close(),
  });
  return {
    async open(signal) {
      await link.get(signal);
    },
    send: async (messages, signal) => sendAll(await link.get(signal), messages, clock, signal),
    close: () => link.close(),
  };
}

/** A socket of one address of the server. */
interface OpenSocket {
  readonly socket: Socket;
  /** Host and port, for messages. */
  readonly server: string;
  /** When the name was looked up, epoch milliseconds. */
  readonly resolvedAt: number;
  /** What the server's machine answered: that nothing listens there. */
  lost?: Error;
}

/** Opens a socket to the server. It is connected, so that the answer "port unreachable" of the server's machine is seen. */
async function openSocket(
  { host, port }: UdpOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<OpenSocket> {
  // By hand: a socket that could not look a name up by itself stays broken.
  const found = lookup(host).catch((cause: Error) => {
    throw new Error(`${host}: ${describeFailure(cause)}`, { cause });
  });
  const { address, family } = await abortable(found, signal);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const opened: OpenSocket = { socket, server: `${host}:${port}`, resolvedAt: clock.now() };
  socket.on('error', (cause) => lose(opened, cause));
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
    return opened;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function lose(opened: OpenSocket, cause: Error): void {
  opened.lost ??= new Error(`${opened.server}: ${describeFailure(cause)}`, { cause });
}

/** Whether to send through it: the server was not missing, and the name was looked up not long ago. */
function isCurrent({ lost, resolvedAt }: OpenSocket, clock: Clock): boolean {
  const age = clock.now() - resolvedAt;
  return lost === undefined && age >= 0 && age < ADDRESS_AGE;
}

async function sendAll(
  opened: OpenSocket,
  messages: readonly (string | Uint8Array)[],
  clock: Clock,
  signal: AbortSignal,
): Promise<Failure[]> {
  const { socket } = opened;
  const tooLong: Failure[] = [];
  let burst = 0;
  for (const [index, message] of messages.entries()) {
    const length = Buffer.byteLength(message);
    burst += length + OVERHEAD;
    if (burst > BURST && index > 0) {
      await clock.sleep(PAUSE, signal);
      burst = length + OVERHEAD;
    }
    const error = await abortable(
      new Promise<NodeJS.ErrnoException | null>((resolve) => socket.send(message, resolve)),
      signal,
    );
    if (error?.code === 'EMSGSIZE')
      tooLong.push({ index, reason: `longer than a datagram may be: ${length} bytes` });
    else if (error) lose(opened, error);
    if (opened.lost !== undefined) throw opened.lost;
  }
  // The answer of this machine is here already; the first turn may begin after the sockets were read.
  await nextTurn();
  await nextTurn();
  if (opened.lost !== undefined) throw opened.lost;
  return tooLong;
}
