import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { ServerConfig } from '../config/server-schema.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Admin, createApp, type Readiness } from './app.ts';
import type { AuthOptions } from './auth.ts';
import { createBodies } from './body.ts';
import { createDirect } from './direct.ts';
import type { Ingest } from './ingest.ts';
import { type CountRefused, createRefusalLog } from './refusal-log.ts';
import { type RunningServer, startServer, type TlsOptions } from './server.ts';

const MAX_CONNECTIONS = 10_000;
/** File descriptors that connections leave to the journal and the outputs. */
const SPARE_FILES = 128;

/** What a listener serves; what is not given is not served. */
export interface Faces {
  readonly ingest?: Ingest;
  readonly admin?: Admin;
  readonly readiness?: () => Readiness;
  /** Counts refused events. */
  readonly countRefused?: CountRefused;
}

type Settings = { readonly server: ServerConfig; readonly dir: string };

/**
 * Starts the listener of the events, and one of its own for operators where the configuration asks for it.
 *
 * @param config.dir where relative paths of certificates start
 * @returns the listener of the events first
 * @throws Error in one line when an address is taken or a certificate cannot be read
 */
export async function listen(config: Settings, faces: Faces, log: Logger): Promise<RunningServer[]> {
  const { listen: address, admin_listen: own } = config.server;
  if (own === undefined) return [await serveAt(splitAddress(address), config, faces, log)];
  const { admin, ...others } = faces;
  const first = await serveAt(splitAddress(address), config, others, log);
  try {
    return [first, await listenForOperators(own, config, faces, log)];
  } catch (error) {
    await first.stop(AbortSignal.abort());
    throw error;
  }
}

/** Starts the listener for operators. @throws Error as {@link listen} does */
function listenForOperators(
  address: string,
  config: Settings,
  { admin, readiness, countRefused }: Faces,
  log: Logger,
): Promise<RunningServer> {
  const faces = {
    ...(admin && { admin }),
    ...(readiness && { readiness }),
    ...(countRefused && { countRefused }),
  };
  return serveAt(splitAddress(address), config, faces, log);
}

/** Serves at one address. @throws Error as {@link listen} does */
async function serveAt(
  at: { readonly host: string; readonly port: number },
  { server, dir }: Settings,
  { countRefused: count = () => {}, ...faces }: Faces,
  log: Logger,
): Promise<RunningServer> {
  const noteRefusal = createRefusalLog({ count, log });
  const common = {
    ...faces,
    noteRefusal,
    bodies: createBodies({ maxBody: server.max_body, maxWait: server.max_wait }),
    log,
    ...(server.auth === undefined ? {} : { auth: authOf(server.auth) }),
  };
  const app = createApp(common);
  const { ingest } = faces;
  return startServer({
    fetch: (request, env) => app.fetch(request, env),
    ...(ingest === undefined ? {} : { direct: createDirect({ ...common, ingest }) }),
    at,
    ...(server.tls === undefined ? {} : { tls: await readTls(server.tls, dir) }),
    maxConnections: mostConnections(),
    maxBody: server.max_body,
    noteRefusal,
    log,
  });
}

/** Connections must not take the last file descriptor: without one the journal could not begin a segment. */
function mostConnections(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
    return Math.min(MAX_CONNECTIONS, Math.max(Math.floor(files / 4), files - SPARE_FILES));
  } catch {
    return MAX_CONNECTIONS;
  }
}

/** Reads the certificates again, which may have been replaced meanwhile: new connections get the new ones. */
export async function renewCertificates(
  { server, dir }: Settings,
  listeners: readonly RunningServer[],
): Promise<void> {
  if (server.tls === undefined) return;
  const tls = await readTls(server.tls, dir);
  for (const listener of listeners) listener.renewTls(tls);
}

function authOf(auth: NonNullable<ServerConfig['auth']>): AuthOptions {
  return {
    ...(auth.bearer_token === undefined ? {} : { bearer: [auth.bearer_token] }),
    ...(auth.basic === undefined ? {} : { basic: [auth.basic] }),
  };
}

async function readTls(tls: NonNullable<ServerConfig['tls']>, dir: string): Promise<TlsOptions> {
  const read = (option: string, path: string) =>
    readFile(resolve(dir, path), 'utf8').catch((error: Error) => {
      throw new Error(`server.tls.${option} cannot be read: ${error.message}`);
    });
  const [cert, key] = await Promise.all([read('cert', tls.cert), read('key', tls.key)]);
  const { client_ca } = tls;
  const clientCa = client_ca === undefined ? undefined : await read('client_ca', client_ca);
  checkPem(`server.tls.cert (${tls.cert}) is no certificate in PEM`, { cert });
  checkPem(`server.tls.key (${tls.key}) is no private key in PEM without a passphrase`, { key });
  checkPem('server.tls.key is not the key of server.tls.cert', { cert, key });
  if (clientCa === undefined) return { cert, key };
  checkPem(`server.tls.client_ca (${client_ca}) is no certificate in PEM`, { cert: clientCa });
  return { cert, key, clientCa };
}

/** OpenSSL says what is wrong with the bytes, and not which file they are from. */
function checkPem(what: string, pem: SecureContextOptions): void {
  try {
    createSecureContext(pem);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** `0.0.0.0:2801`, `[::]:2801` or `:2801`. */
function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host: host || '0.0.0.0', port: Number(address.slice(colon + 1)) };
}
