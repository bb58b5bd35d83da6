import { readFileSync } from 'node:fs';
import { splitAddress } from '../config/schema/address.ts';
import type { ConfigSections } from '../config/schema/sections.ts';
import type { Credentials } from '../config/schema/server.ts';
import { createNodeFileSystem, ensureDirectory } from '../journal/files/filesystem.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import { adminSocketOf, serveSocket } from './admin-socket.ts';
import { type Admin, createApp, type Readiness } from './app.ts';
import type { AuthOptions } from './auth.ts';
import { createBodies } from './body.ts';
import { createFastPath } from './fast-path.ts';
import { createGuard, type Guard } from './guard.ts';
import type { Ingest } from './ingest.ts';
import { type CountRefused, createRefusalLog } from './refusal-log.ts';
import { type Address, type RunningServer, startServer } from './server.ts';
import { readServerTls } from './tls.ts';

const MAX_CONNECTIONS = 10_000;
/** File descriptors that connections leave to the journal and the outputs. */
const SPARE_FILES = 128;
/** Connections of operators at one listener, including sixteen taps. */
const OPERATOR_CONNECTIONS = 64;

/** What the listeners serve. */
export interface Handlers {
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

/** One listener. */
interface Listener {
  readonly at: Address;
  /** Present on a listener for operators. */
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
export async function listen(config: Settings, handlers: Handlers, log: Logger): Promise<RunningServer[]> {
  const { listen: address, admin_listen: own, auth, admin_auth, admin_hosts = [] } = config.server;
  const { ingest, ...forOperators } = handlers;
  const events = {
    at: splitAddress(address),
    tls: true,
    maxConnections: mostConnections(),
    ...(auth && { auth: authOf(auth) }),
  };
  const started = [await serve(events, config, handlers, log)];
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

/** Opens the admin socket. The instance delivers without one, so a failure is a warning. */
async function serveAdminSocket(config: Settings, handlers: Handlers, log: Logger): Promise<RunningServer[]> {
  const { path: state, type, group_access: groupAccess } = config.journal;
  const start = (at: Address) =>
    serve(
      { at, guard: createGuard({}), tls: false, maxConnections: OPERATOR_CONNECTIONS },
      config,
      handlers,
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
  { countRefused: count = () => {}, ...handlers }: Handlers,
  log: Logger,
): Promise<RunningServer> {
  const { ingest } = handlers;
  // A listener without ingest refuses no events.
  const notes = ingest && { noteRefusal: createRefusalLog({ count, log }) };
  const secure = tls ? server.tls : undefined;
  const common = {
    ...handlers,
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
    ...(ingest === undefined ? {} : { fastPath: createFastPath({ ...common, ingest }) }),
    at,
    ...(secure === undefined ? {} : { tls: await readServerTls(secure, dir) }),
    maxConnections,
    maxBody: server.max_body,
    ...notes,
    log,
  });
}

/**
 * The most connections of senders. They must leave file descriptors: without one the journal cannot begin a segment and no
 * operator can connect.
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

/** Reads the certificates again and uses them for new connections. */
export async function renewCertificates(
  { server, dir }: Pick<Settings, 'server' | 'dir'>,
  listeners: readonly RunningServer[],
): Promise<void> {
  if (server.tls === undefined) return;
  const tls = await readServerTls(server.tls, dir);
  for (const listener of listeners) listener.renewTls(tls);
}

function authOf(auth: Credentials): AuthOptions {
  return {
    ...(auth.bearer_token === undefined ? {} : { bearer: [auth.bearer_token] }),
    ...(auth.basic === undefined ? {} : { basic: [auth.basic] }),
  };
}
