import type { Batch } from '../contract/batch.ts';
import type { Output } from '../contract/output.ts';
import type { Delivery } from '../contract/verdicts.ts';

/** How a connection of some client is opened, looked at and closed. */
export interface ConnectionOptions<C> {
  /** Opens it. The signal aborts when nobody waits any more, and on close. */
  open(signal: AbortSignal): Promise<C>;
  /** Can it still be used? Asked before each use. Default: always. */
  isOpen?(connection: C): boolean;
  close(connection: C): unknown;
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
 * when it was lost, closed at the stop.
 *
 * @param deliver sends a batch over the open connection
 * @example
 * import { connect } from 'node:net';
 *
 * const output = overConnection(
 *   {
 *     open: async () => connect(5170, 'collector'),
 *     isOpen: (socket) => socket.writable,
 *     close: (socket) => socket.destroy(),
 *   },
 *   async (socket, { records }: Batch<string>) => {
 *     for (const record of records) socket.write(`${record}\n`);
 *     return delivered();
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
    stop: () => link.close(),
  };
}

/**
 * Keeps one connection, where an output is more than {@link overConnection} gives.
 *
 * @example
 * import { connect } from 'node:net';
 *
 * const graylog = keepConnection({
 *   open: async () => connect(12201, 'graylog'),
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
