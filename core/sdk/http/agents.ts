import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { readTls, type TlsOptions } from '../options/tls.ts';
import { TunnelAgent } from './tunnel.ts';

/** The connection pools of one output; `close` ends their idle connections. */
export interface Agents {
  readonly http: HttpAgent;
  /** Directly, or through tunnels of a proxy. */
  https(proxy: URL | undefined): HttpsAgent;
  close(): void;
}

/** Idle connections are closed before the server closes them: most servers and load balancers do after 60 s. */
const KEEP_ALIVE = { keepAlive: true, timeout: 30_000, maxSockets: 64 } as const;

/**
 * Makes the connection pools.
 *
 * @param baseDir where relative paths of PEM files start
 * @throws Error naming the option and the file that cannot be read
 */
export function createAgents(tls: TlsOptions, baseDir: string): Agents {
  const options = { ...KEEP_ALIVE, ...readTls(tls, baseDir) };
  const http = new HttpAgent(KEEP_ALIVE);
  const https = new Map<string, HttpsAgent>();
  return {
    http,
    https(proxy) {
      const key = proxy?.href ?? '';
      const agent = https.get(key) ?? (proxy ? new TunnelAgent(proxy, options) : new HttpsAgent(options));
      https.set(key, agent);
      return agent;
    },
    close() {
      http.destroy();
      for (const agent of https.values()) agent.destroy();
    },
  };
}
