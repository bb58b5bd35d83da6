import { isIP, type Socket } from 'node:net';
import type { ConnectionOptions as TlsConnection } from 'node:tls';
import type { Connection, SASLOptions } from '@platformatic/kafka';
import { abortable, VERSION } from '../../core/sdk/index.ts';

/** `@platformatic/kafka`, loaded. */
export type Library = typeof import('@platformatic/kafka');

/** Where a broker listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionsOptions {
  readonly clientId: string;
  /** Read for each connection: the files may have been renewed. Undefined: no TLS. */
  readonly tls?: (() => TlsConnection) | undefined;
  readonly sasl?: SASLOptions | undefined;
}

/** A version of a request, as the library has it. */
interface Api {
  readonly key: number;
  readonly version: number;
}

/** Connections to brokers: one to each, opened when it is needed. Nothing is tried again. */
export interface Connections {
  /**
   * Asks a broker. Without an answer the connection is ended: what comes late would be taken for another answer.
   *
   * @throws what the library throws; Error at the abort
   */
  ask<T>(address: Address, request: (connection: Connection) => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * Asks the first of these brokers that can be reached, those with an open connection first.
   *
   * @throws what the first one threw when none can be reached
   */
  askAny<T>(
    addresses: readonly Address[],
    request: (connection: Connection) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /**
   * The first of these versions, the newest, that the broker speaks as well.
   *
   * @throws Error when it speaks none
   */
  apiOf<A extends Api>(connection: Connection, apis: readonly [A, ...A[]]): A;
  /** Ends all connections at once; the next request opens others. */
  close(): void;
}

/** How long a connection may take to be opened, authentication included, milliseconds. */
const CONNECT_TIMEOUT = 5000;
/** How long an answer may take, milliseconds: longer than a leader waits for its replicas. */
export const REQUEST_TIMEOUT = 15_000;

interface Versions {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

const nameOf = ({ host, port }: Address) => `${host}:${port}`;

/**
 * Connections of the library, without its pool: that one takes its listener for errors away after the first, and an error event
 * without a listener ends the process; it gives server names to all connections or to none; and it waits at the close.
 */
export function createConnections(
  library: Library,
  { clientId, tls, sasl }: ConnectionsOptions,
): Connections {
  /** All that are not ended, by where they go. */
  const opened = new Map<Connection, string>();
  /** Those to use, by where they go. */
  const connections = new Map<string, { readonly result: Promise<Connection>; connection?: Connection }>();
  const versions = new WeakMap<Connection, readonly Versions[]>();
  /** Why a connection was lost: what waits for an answer learns only that it was. */
  const faults = new WeakMap<Connection, unknown>();

  function end(connection: Connection): void {
    const name = opened.get(connection);
    if (name === undefined) return;
    opened.delete(connection);
    if (connections.get(name)?.connection === connection) connections.delete(name);
    void Promise.resolve(connection.close()).catch(() => {});
    // It would wait until all is written, which a broker that hangs never lets happen.
    connection.socket?.destroy();
  }

  async function open({ host, port }: Address, name: string): Promise<Connection> {
    const connection = new library.Connection(clientId, {
      connectTimeout: CONNECT_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      // Server names are for names: of an address Node warns.
      tlsServerName: isIP(host) === 0,
      ...(tls && { tls: tls() }),
      ...(sasl && { sasl }),
    });
    opened.set(connection, name);
    connection.on('error', (error) => {
      faults.set(connection, error);
      end(connection);
    });
    connection.once('close', () => end(connection));
    try {
      const connected = connection.connect(host, port);
      guard(connection.socket, tls === undefined ? 'connect' : 'secureConnect');
      await connected;
      const { apiKeys } = await library.apiVersionsV3.api.async(connection, 'tiercel', VERSION);
      versions.set(connection, apiKeys);
      return connection;
    } catch (error) {
      end(connection);
      throw faults.get(connection) ?? error;
    }
  }

  function connectionTo(address: Address): Promise<Connection> {
    const name = nameOf(address);
    const there = connections.get(name);
    if (there !== undefined) return there.result;
    const entry: { readonly result: Promise<Connection>; connection?: Connection } = {
      result: open(address, name),
    };
    connections.set(name, entry);
    const remove = () => {
      if (connections.get(name) === entry) connections.delete(name);
    };
    entry.result.then((connection) => {
      entry.connection = connection;
      // It may have been lost in the same moment.
      if (!opened.has(connection)) remove();
    }, remove);
    return entry.result;
  }

  async function ask<T>(
    address: Address,
    request: (connection: Connection) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const connection = await abortable(connectionTo(address), signal);
    try {
      return await abortable(request(connection), signal);
    } catch (error) {
      if (answerIn(error) !== undefined) throw error;
      end(connection);
      throw faults.get(connection) ?? error;
    }
  }

  return {
    ask,
    async askAny(addresses, request, signal) {
      const all = new Map(addresses.map((address) => [nameOf(address), address]));
      const names = [...all.keys()].sort((a, b) => Number(connections.has(b)) - Number(connections.has(a)));
      let first: unknown;
      for (const name of names) {
        try {
          return await ask(all.get(name)!, request, signal);
        } catch (error) {
          if (signal.aborted || answerIn(error) !== undefined) throw error;
          first ??= error;
        }
      }
      throw first;
    },
    apiOf(connection, apis) {
      const { minVersion, maxVersion } = versions
        .get(connection)!
        .find(({ apiKey }) => apiKey === apis[0].key) ?? { minVersion: 0, maxVersion: -1 };
      const found = apis.find(({ version }) => version >= minVersion && version <= maxVersion);
      if (found === undefined) throw new Error('the broker is too old: Kafka 2.4 or later is needed');
      return found;
    },
    close() {
      connections.clear();
      for (const connection of [...opened.keys()]) end(connection);
    },
  };
}

/**
 * Ends the connection when its listener for data throws. The library reads answers there, and where a length makes no sense it
 * throws at nobody, which would end the process.
 *
 * @param event after which the library has its listener
 */
function guard(socket: Socket, event: 'connect' | 'secureConnect'): void {
  socket.once(event, () => {
    for (const listener of socket.listeners('data')) {
      socket.off('data', listener as () => void);
      socket.on('data', (chunk) => {
        try {
          listener(chunk);
        } catch (error) {
          socket.destroy(error as Error);
        }
      });
    }
  });
}

/** The answer in which the library found an error code; undefined when the error is no answer. */
export function answerIn(error: unknown): object | undefined {
  const { response } = (error ?? {}) as { response?: unknown };
  return typeof response === 'object' && response !== null ? response : undefined;
}
