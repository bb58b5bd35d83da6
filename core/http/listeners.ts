import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { splitAddress } from '../config/schema/address.ts';
import type { ConfigSections } from '../config/schema/sections.ts';
import type { Credentials, ServerConfig } from '../config/schema/server.ts';
import { createNodeFileSystem, ensureDirectory } from '../journal/files/filesystem.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import { adminSocketOf, serveSocket } from './admin-socket.ts';
import { type Admin, createApp, type Readiness } from './app.ts';
import type { AuthOptions } from './auth.ts';
import { createBodies } from './body.ts';
import { createDirect } from './fast-path.ts';
import { createGuard, type Guard } from './guard.ts';
import type { Ingest } from './ingest.ts';
import { type CountRefused, createRefusalLog } from './refusal-log.ts';
import { type Address, type RunningServer, startServer, type TlsOptions } from './server.ts';

const MAX_CONNECTIONS = 10_000;
/** File descriptors that connections leave to the journal and the outputs. */
const SPARE_FILES = 128;
/** Of operators at one listener, sixteen taps among them. */
const OPERATOR_CONNECTIONS = 64;

/** What the listeners serve. */
export interface Faces {
  readonly ingest?: Ingest;
  readonly admin?: Admin;
  readonly readiness?: () => Readiness;
  /** Counts refused events. */
  readonly countRefused?: CountRefused;
}

interface Settings extends Pick<ConfigSections, 'server'> {
  readonly journal: Pick<ConfigSections['journal'], 'type' | 'path' | 'group_access'>;
  /** Relative paths of certificates start here. */
  readonly dir: string;
}

/** One listener: where, and for whom. */
interface Listener {
  readonly at: Address;
  /** Given: it is for operators. */
  readonly guard?: Guard;
  readonly auth?: AuthOptions;
  /** Whether it serves HTTPS where that is configured. */
  readonly tls: boolean;
  readonly maxConnections: number;
}

/**
 * Starts the listener of the events, the one for operators where the configuration asks for it, and the admin socket.
 *
 * @returns the listener of the events first
 * @throws Error in one line when an address is taken or a certificate cannot be read
 */
export async function listen(config: Settings, faces: Faces, log: Logger): Promise<RunningServer[]> {
  const { listen: address, admin_listen: own, auth, admin_auth, admin_hosts = [] } = config.server;
  const { ingest, ...forOperators } = faces;
  const events = {
    at: splitAddress(address),
    tls: true,
    maxConnections: mostConnections(),
    ...(auth && { auth: authOf(auth) }),
  };
  const started = [await serve(events, config, faces, log)];
  try {
    if (own !== undefined) {
      const at = splitAddress(own);
      const guard = createGuard({ hosts: [at.host, ...admin_hosts] });
      const setting = admin_auth === undefined ? 'server.auth' : 'server.admin_auth';
      const credentials = admin_auth ?? auth;
      const admin = {
        at,
        guard,
        tls: true,
        maxConnections: OPERATOR_CONNECTIONS,
        ...(credentials && { auth: { ...authOf(credentials), setting } }),
      };
      started.push(await serve(admin, config, forOperators, log));
    }
  } catch (error) {
    await started[0]!.stop(AbortSignal.abort());
    throw error;
  }
  return [...started, ...(await serveAdminSocket(config, forOperators, log))];
}

/** Opens the admin socket. Without one the instance still delivers, so a failure is a warning. */
async function serveAdminSocket(config: Settings, faces: Faces, log: Logger): Promise<RunningServer[]> {
  const { path: state, type, group_access: groupAccess } = config.journal;
  const start = (at: Address) =>
    serve(
      { at, guard: createGuard({}), tls: false, maxConnections: OPERATOR_CONNECTIONS },
      config,
      faces,
      log,
    );
  try {
    await ensureDirectory(createNodeFileSystem({ groupAccess }), state);
    // A process with a disk journal holds its lock.
    return [await serveSocket(adminSocketOf(state), start, type === 'disk')];
  } catch (error) {
    const { message } = error as Error;
    log.warn(
      { err: error },
      `There is no admin socket, so commands cannot reach this instance: ${message}. Set server.admin_listen and give them --url`,
    );
    return [];
  }
}

/** Serves at one address. @throws Error as {@link listen} does */
async function serve(
  { at, guard, auth, tls, maxConnections }: Listener,
  { server, dir }: Settings,
  { countRefused: count = () => {}, ...faces }: Faces,
  log: Logger,
): Promise<RunningServer> {
  const { ingest } = faces;
  // Where no events come in, none are refused.
  const notes = ingest && { noteRefusal: createRefusalLog({ count, log }) };
  const secure = tls ? server.tls : undefined;
  const common = {
    ...faces,
    ...notes,
    bodies: createBodies({ maxBody: server.max_body, maxWait: server.max_wait }),
    log,
    demandsCertificate: secure?.client_ca !== undefined,
    ...(auth && { auth }),
    ...(guard && { guard }),
  };
  const app = createApp(common);
  return startServer({
    fetch: (request, env) => app.fetch(request, env),
    ...(ingest === undefined ? {} : { direct: createDirect({ ...common, ingest }) }),
    at,
    ...(secure === undefined ? {} : { tls: await readTls(secure, dir) }),
    maxConnections,
    maxBody: server.max_body,
    ...notes,
    log,
  });
}

/**
 * Of senders. They must not take the last file descriptor: without one the journal could not begin a segment, and no
 * operator could connect.
 */
function mostConnections(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
    return Math.min(
      MAX_CONNECTIONS,
      Math.max(Math.floor(files / 4), files - SPARE_FILES - 2 * OPERATOR_CONNECTIONS),
    );
  } catch {
    return MAX_CONNECTIONS;
  }
}

/** Reads the certificates again, which may have been replaced meanwhile: new connections get the new ones. */
export async function renewCertificates(
  { server, dir }: Pick<Settings, 'server' | 'dir'>,
  listeners: readonly RunningServer[],
): Promise<void> {
  if (server.tls === undefined) return;
  const tls = await readTls(server.tls, dir);
  for (const listener of listeners) listener.renewTls(tls);
}

function authOf(auth: Credentials): AuthOptions {
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
