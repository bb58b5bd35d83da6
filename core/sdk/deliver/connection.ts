import type { Batch } from '../contract/batch.ts';
import type { Finding, Output } from '../contract/output.ts';
import type { Delivery } from '../contract/verdicts.ts';
import { type Address, reach } from '../http/reach.ts';
import { describeFailure } from '../http/transport/failure.ts';

/** How a connection of some client is opened, looked at and closed. */
export interface ConnectionOptions<C> {
  /** Opens it. The signal aborts when nobody waits any more, and on close. */
  open(signal: AbortSignal): Promise<C>;
  /** Can it still be used? Asked before each use. Default: always. */
  isOpen?(connection: C): boolean;
  close(connection: C): unknown;
  /**
   * Where it goes, so that `tiercel doctor` tells the name, the network and TLS from the protocol. Several: any one of them
   * suffices. Without: `open` alone is tried.
   */
  readonly address?: Address | readonly Address[];
}

/** One connection that lives as long as the output, and is opened again when it is lost. */
export interface Connection<C> {
  /**
   * The open connection; opened now when there is none, once for all who ask meanwhile.
   *
   * @throws what opening throws; Error at the abort
   */
  get(signal: AbortSignal): Promise<C>;
  /** Closes it; the next `get` opens another. Call it in the output's `stop`, and after a fault that broke the connection. */
  close(): Promise<void>;
}

/**
 * An output that is one connection and what is sent over it, for protocols that are no HTTP: opened at the start, opened again
 * when it was lost, closed at the stop. `tiercel doctor` opens one and closes it again; spread the result and add `diagnose` for
 * more.
 *
 * @param deliver sends a batch over the open connection
 * @example
 * import { connect, type Socket } from 'node:net';
 *
 * // Without a listener for errors, a lost connection would end the process.
 * const openSocket = (signal: AbortSignal) =>
 *   new Promise<Socket>((resolve, reject) => {
 *     const socket = connect({ host: 'collector', port: 5170, signal }, () => resolve(socket));
 *     socket.on('error', reject);
 *   });
 *
 * // Resolves when the collector has answered each line with one of its own: only then has it the events.
 * const sendLines = (socket: Socket, lines: readonly string[]) =>
 *   new Promise<void>((resolve, reject) => {
 *     let answers = 0;
 *     const settle = (error?: Error) => {
 *       socket.off('data', hear).off('close', lose);
 *       if (error) reject(error);
 *       else resolve();
 *     };
 *     const hear = (chunk: Buffer) => {
 *       answers += chunk.toString().split('\n').length - 1;
 *       if (answers >= lines.length) settle();
 *     };
 *     const lose = () => settle(new Error('the collector closed the connection'));
 *     socket.on('data', hear).on('close', lose);
 *     socket.write(lines.map((line) => `${line}\n`).join(''));
 *   });
 *
 * const output = overConnection(
 *   {
 *     open: openSocket,
 *     isOpen: (socket) => socket.writable,
 *     close: (socket) => socket.destroy(),
 *     address: { host: 'collector', port: 5170 },
 *   },
 *   async (socket, { records }: Batch<string>, signal) => {
 *     try {
 *       await abortable(sendLines(socket, records), signal);
 *       return delivered();
 *     } catch (error) {
 *       // Answers that still come would be taken for those of the next batch. A throw means retry.
 *       socket.destroy();
 *       throw error;
 *     }
 *   },
 * );
 */
export function overConnection<C, R>(
  options: ConnectionOptions<C>,
  deliver: (connection: C, batch: Batch<R>, signal: AbortSignal) => Promise<Delivery>,
): Output<R> {
  const link = keepConnection(options);
  return {
    async start(signal) {
      await link.get(signal);
    },
    deliver: async (batch, signal) => deliver(await link.get(signal), batch, signal),
    diagnose: (_options, signal) => probeConnection(options, signal),
    stop: () => link.close(),
  };
}

/**
 * Looks step by step whether a connection can be opened: its addresses are reached, then one is opened as for deliveries, looked
 * at, and closed. Yields findings and never throws.
 *
 * @param look says more of the open connection; nothing that it sends may stay at the destination
 * @example
 * import { connect, type Socket } from 'node:net';
 *
 * const collector = {
 *   open: (signal: AbortSignal) =>
 *     new Promise<Socket>((resolve, reject) => {
 *       const socket = connect({ host: 'collector', port: 5170, signal }, () => resolve(socket));
 *       socket.on('error', reject);
 *     }),
 *   close: (socket: { destroy(): unknown }) => socket.destroy(),
 *   address: { host: 'collector', port: 5170 },
 * };
 * for await (const { status, line } of probeConnection(collector, signal)) log.info({ status }, line);
 */
export async function* probeConnection<C>(
  { open, close, address }: Pick<ConnectionOptions<C>, 'open' | 'close' | 'address'>,
  signal: AbortSignal,
  look?: (connection: C, signal: AbortSignal) => AsyncIterable<Finding>,
): AsyncGenerator<Finding> {
  const addresses = address === undefined ? [] : 'host' in address ? [address] : address;
  let reached = 0;
  for (const each of addresses) {
    for await (const finding of findingsOf(each)) {
      // Another one may do.
      const isFatal = finding.status === 'failed' && addresses.length === 1;
      yield isFatal || finding.status !== 'failed' ? finding : { ...finding, status: 'warning' };
    }
  }
  if (addresses.length > 0 && reached === 0) {
    if (addresses.length > 1)
      yield { status: 'failed', what: 'connection', line: 'none of the addresses can be reached' };
    return;
  }
  const what = 'session';
  const opening = Promise.resolve().then(() => open(signal));
  let connection: C;
  try {
    connection = await abortable(opening, signal);
  } catch (error) {
    opening.then(close).catch(() => {});
    yield { status: 'failed', what, line: describeFailure(error) };
    return;
  }
  try {
    if (look === undefined) yield { status: 'ok', what, line: 'opened as for deliveries, and closed again' };
    else yield* look(connection, signal);
  } catch (error) {
    yield { status: 'failed', what, line: describeFailure(error) };
  } finally {
    await abortable((async () => close(connection))(), signal).catch(() => {});
  }

  async function* findingsOf(each: Address): AsyncGenerator<Finding> {
    if (yield* reach(each, signal)) reached++;
  }
}

/**
 * Keeps one connection, where an output is more than {@link overConnection} gives.
 *
 * @example
 * import { connect, type Socket } from 'node:net';
 *
 * const graylog = keepConnection({
 *   open: (signal) =>
 *     new Promise<Socket>((resolve, reject) => {
 *       const socket = connect({ host: 'graylog', port: 12201, signal }, () => resolve(socket));
 *       // Without a listener for errors, a lost connection would end the process.
 *       socket.on('error', reject);
 *     }),
 *   isOpen: (socket) => socket.writable,
 *   close: (socket) => socket.destroy(),
 * });
 * const socket = await graylog.get(signal);
 */
export function keepConnection<C>({ open, isOpen, close }: ConnectionOptions<C>): Connection<C> {
  let opened: { readonly connection: C } | undefined;
  let opening: Opening<C> | undefined;

  function openNow(): Opening<C> {
    const abort = new AbortController();
    const attempt: Opening<C> = { abort, waiters: 0, result: Promise.resolve().then(start) };
    async function start(): Promise<C> {
      try {
        const connection = await open(abort.signal);
        if (!abort.signal.aborted) {
          opened = { connection };
          return connection;
        }
        await close(connection);
        throw new Error('the connection was opened when nobody wanted it any more');
      } finally {
        if (opening === attempt) opening = undefined;
      }
    }
    return attempt;
  }

  /** Forgets an opening that goes on: what it gives in the end is closed. */
  function giveUp(attempt: Opening<C> | undefined): void {
    attempt?.abort.abort();
    if (opening === attempt) opening = undefined;
  }

  return {
    async get(signal) {
      if (opened !== undefined) {
        const { connection } = opened;
        if (isOpen?.(connection) !== false) return connection;
        opened = undefined;
        // It is lost already: whether it can be closed in good order does not matter.
        await (async () => close(connection))().catch(() => {});
      }
      opening ??= openNow();
      const attempt = opening;
      attempt.waiters++;
      try {
        return await abortable(attempt.result, AbortSignal.any([signal, attempt.abort.signal]));
      } finally {
        attempt.waiters--;
        if (attempt.waiters === 0 && opening === attempt) giveUp(attempt);
      }
    },
    async close() {
      giveUp(opening);
      const closing = opened;
      opened = undefined;
      if (closing !== undefined) await close(closing.connection);
    },
  };
}

interface Opening<C> {
  readonly result: Promise<C>;
  readonly abort: AbortController;
  waiters: number;
}

/**
 * What the promise gives, or a throw as soon as the signal aborts: for clients that know no signal. What such a client still does
 * is not waited for.
 *
 * @throws what the promise rejects with; Error `no answer in time` at the abort
 * @example
 * const publish = async (text: string) => {}; // a client that knows no signal
 * const deliver = async ({ records }: Batch<string>, signal: AbortSignal): Promise<Delivery> => {
 *   await abortable(Promise.all(records.map(publish)), signal);
 *   return delivered();
 * };
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('no answer in time', { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    // A later rejection is ignored; unhandled, it would end the process.
    work.catch(() => {});
  }
}
