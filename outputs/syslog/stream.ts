import { isIP, connect as openTcp, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect as openTls, type TLSSocket } from 'node:tls';
import { abortable, type Clock, describeFailure, readTls, type TlsOptions } from '../../core/sdk/index.ts';

/** How long a connection may be idle before TCP asks whether the server is still there, milliseconds. */
const KEEP_ALIVE = 30_000;
/** How long a server of TLS 1.3 has to refuse the client certificate, milliseconds. */
const TLS_REFUSAL = 250;
/** The least and the most of {@link Stream.answerTime}, which is twice the time that the connection took to open. */
const ANSWER_TIME = [10, 1_000] as const;
/** How long a server has to close its side when the output stops, milliseconds. */
const CLOSE_TIMEOUT = 500;

/** Where the server is, and how to get there. */
export interface StreamOptions {
  readonly host: string;
  readonly port: number;
  /** Absent: TCP without TLS. */
  readonly tls?: TlsOptions;
  /** Where relative paths of PEM files start. */
  readonly configDir: string;
  readonly clock: Clock;
  /** Wait until a server of TLS has accepted the client certificate. */
  readonly untilAccepted: boolean;
}

/** An open connection. */
export interface Stream {
  readonly socket: Socket;
  /** How long an answer of the server's machine takes at most, milliseconds. */
  answerTime: number;
  /** Why the connection was lost, since it was opened. */
  lost?: Error;
}

/**
 * Connects, over TLS where it is asked for. A syslog server sends nothing: what it sends is read and thrown away, so that the end
 * of the connection is seen.
 *
 * @throws Error when there is no connection, or at the abort
 */
export async function openStream(options: StreamOptions, signal: AbortSignal): Promise<Stream> {
  const { host, port, tls, configDir, clock, untilAccepted } = options;
  signal.throwIfAborted();
  const common = { host, port, allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE };
  const socket =
    tls === undefined
      ? openTcp({ ...common, noDelay: true })
      : openTls({ ...common, ...(isIP(host) === 0 && { servername: host }), ...readTls(tls, configDir) });
  const stream: Stream = { socket, answerTime: ANSWER_TIME[0] };
  const began = clock.monotonic();
  const lose = (reason: string, cause?: Error) => {
    stream.lost ??= new Error(`${host}:${port}: ${reason}`, { cause });
  };
  socket.on('error', (error) => lose(describeFailure(error), error));
  socket.on('end', () => lose('the server has closed the connection'));
  socket.resume();
  await step(stream, signal, (done) => socket.once('connect', () => done()));
  stream.answerTime = clamp(2 * (clock.monotonic() - began), ...ANSWER_TIME);
  if (tls !== undefined) {
    await step(stream, signal, (done) => socket.once('secureConnect', () => done()));
    if (untilAccepted) await step(stream, signal, (done) => acceptedByServer(stream, clock, done));
  }
  return stream;
}

/**
 * In TLS 1.3 the handshake of the client is over before the server has looked at the client's certificate. Waits for the first
 * sign that it did: a session ticket, or the end of the connection. A server that gives no sign has accepted it.
 */
function acceptedByServer({ socket }: Stream, clock: Clock, done: () => void): void {
  if ((socket as TLSSocket).getProtocol() !== 'TLSv1.3') {
    done();
    return;
  }
  const signs = ['session', 'end', 'close'];
  const known = new AbortController();
  const stop = () => known.abort();
  for (const sign of signs) socket.once(sign, stop);
  void clock.sleep(TLS_REFUSAL, known.signal).then(async () => {
    for (const sign of signs) socket.off(sign, stop);
    // The session is announced from within OpenSSL's reading; a write at that point garbles the connection.
    await readPending();
    done();
  });
}

/** Whether nothing speaks against writing to it. */
export function isOpen({ socket, lost }: Stream): boolean {
  return lost === undefined && socket.writable;
}

/**
 * Lets the event loop read what has come in meanwhile. Without it a connection that the server has closed looks open until the
 * next write, and what is written to it is lost.
 */
export async function readPending(): Promise<void> {
  // The first turn may begin after the sockets were read; before the second they are.
  await nextTurn();
  await nextTurn();
}

/**
 * Writes to the connection and waits until the system has taken all of it: longer while the server does not read. Then it waits
 * for as long as the answer of a machine takes that has no such connection any more, because it was restarted.
 *
 * @throws Error when the connection was lost meanwhile, or at the abort. It is closed then, because part of a message may have been
 * written.
 */
export async function writeStream(
  stream: Stream,
  bytes: Buffer,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  await step(stream, signal, (done) => stream.socket.write(bytes, done));
  await step(stream, signal, (done) => {
    // Of a process that was held up, the timer may run before the sockets are read.
    void clock
      .sleep(stream.answerTime, signal)
      .then(readPending)
      .then(() => done());
  });
}

/**
 * Writes to the connection, closes this side of it and waits until the server has closed the other: a system closes a connection in
 * good order only when its program has read everything that came in. The connection cannot be used again.
 *
 * @throws Error when the connection ended in any other way, or at the abort
 */
export async function writeAndConfirm(
  stream: Stream,
  bytes: Buffer,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { socket } = stream;
  // A server that closed the connection without reading has said so by the end of this.
  await writeStream(stream, bytes, clock, signal);
  await step(
    stream,
    signal,
    (done) => {
      socket.once('end', () => done());
      socket.end();
    },
    { mayEnd: true },
  );
  socket.destroy();
}

/** Closes it in good order when the server still answers, and in any case soon. */
export async function closeStream({ socket, lost }: Stream, clock: Clock): Promise<void> {
  if (lost === undefined && socket.writable) {
    const over = new AbortController();
    const stop = () => over.abort();
    for (const sign of ['end', 'close']) socket.once(sign, stop);
    socket.end();
    await clock.sleep(CLOSE_TIMEOUT, over.signal);
  }
  socket.destroy();
}

/**
 * Runs one step on the connection. It fails when the connection is lost before the step is done, or at the abort; then the
 * connection is closed.
 *
 * @param mayEnd whether the server may close the connection in this step
 */
async function step(
  stream: Stream,
  signal: AbortSignal,
  begin: (done: (error?: Error | null) => void) => void,
  { mayEnd = false } = {},
): Promise<void> {
  const { socket } = stream;
  let closed = () => {};
  const work = new Promise<void>((resolve, reject) => {
    const fail = (error?: Error) => reject(stream.lost ?? error ?? new Error('the connection was closed'));
    closed = () => fail();
    socket.once('close', closed);
    begin((error) => (error || (stream.lost && !mayEnd) ? fail(error ?? undefined) : resolve()));
  });
  try {
    await abortable(work, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    socket.off('close', closed);
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
