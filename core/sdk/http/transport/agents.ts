import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { readTls, type TlsOptions } from '../../options/tls.ts';
import { TunnelAgent } from './tunnel.ts';

/** The connection pools of one output. */
export interface Agents {
  readonly http: HttpAgent;
  /** Directly, or through tunnels of a proxy. */
  https(proxy: URL | undefined): HttpsAgent;
  /** Is any connection open? */
  isOpen(): boolean;
  /** Closes every connection: what is under way on one fails. */
  close(): void;
}

/** Idle connections are closed before the server closes them: most servers and load balancers do after 60 s. */
const KEEP_ALIVE = { keepAlive: true, timeout: 30_000, maxSockets: 64 } as const;

/**
 * Makes the connection pools.
 *
 * @param baseDir where relative paths of PEM files start
 * @param connectTimeout until a tunnel must be ready, milliseconds
 * @throws Error naming the option and the file that cannot be read
 */
export function createAgents(tls: TlsOptions, baseDir: string, connectTimeout: number): Agents {
  const options = { ...KEEP_ALIVE, ...readTls(tls, baseDir) };
  const http = new HttpAgent(KEEP_ALIVE);
  const https = new Map<string, HttpsAgent>();
  const all = () => [http, ...https.values()];
  return {
    http,
    https(proxy) {
      const key = proxy?.href ?? '';
      const agent =
        https.get(key) ?? (proxy ? new TunnelAgent(proxy, options, connectTimeout) : new HttpsAgent(options));
      https.set(key, agent);
      return agent;
    },
    isOpen: () =>
      all().some(
        ({ sockets, freeSockets }) => Object.keys(sockets).length + Object.keys(freeSockets).length > 0,
      ),
    close() {
      for (const agent of all()) agent.destroy();
    },
  };
}
