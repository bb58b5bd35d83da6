import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../batching/clock.ts';
import type { Config } from '../config/config.ts';
import { JournalLockedError } from '../journal/lock.ts';
import { openJournals } from '../journals.ts';
import { createOperations, type Operations } from '../operations/operations.ts';
import { createLogger } from '../telemetry/log.ts';
import { type Cli, type ConfigOptions, EXIT, withConfig } from './command.ts';
import { createPoster, NoAnswerError, type Poster } from './post.ts';
import { remoteOperations } from './remote.ts';

/** The options of every command that works on an instance. */
export interface InstanceOptions extends ConfigOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** Adds the options that say which instance is meant. */
export function withInstance(command: Command): Command {
  return withConfig(command)
    .option('--url <url>', 'the running instance, unless the configured one')
    .option('--token-file <file>', 'a file with the bearer token, together with --url')
    .option('--cert <file>', 'a client certificate (PEM), where one is demanded')
    .option('--key <file>', 'its private key (PEM)')
    .option('--ca <file>', 'the authority of the certificate of --url (PEM)')
    .option('--json', 'print JSON');
}

/** A client of a running instance, and its address. */
export interface Instance {
  readonly url: string;
  readonly poster: Poster;
}

/**
 * The client of the running instance that the options mean.
 *
 * @param face whether its events are meant or what operators do: they may have different addresses
 * @returns undefined when the configuration is broken, which has been said
 */
export async function findInstance(
  cli: Cli,
  command: Command,
  face: 'events' | 'admin',
): Promise<Instance | undefined> {
  const options = command.opts<InstanceOptions>();
  if (options.url === undefined) {
    const config = await cli.load(options);
    return config && instanceOf(config, face, options);
  }
  const url = new URL(options.url);
  const headers: Record<string, string> = {};
  if (options.tokenFile !== undefined) {
    headers.authorization = `Bearer ${(await readFile(options.tokenFile, 'utf8')).trim()}`;
  } else if (url.username !== '') {
    headers.authorization = basic(decodeURIComponent(url.username), decodeURIComponent(url.password));
  } else if (command.getOptionValueSource('config') !== 'default') {
    // Somebody who names both says that the instance is of that configuration.
    const config = await cli.load(options);
    if (config === undefined) return undefined;
    Object.assign(headers, authHeaders(config));
  }
  const ca = options.ca === undefined ? {} : { ca: await readFile(options.ca, 'utf8') };
  const trust = { ...ca, ...(await clientCertificate(options)) };
  return { url: url.origin, poster: createPoster(url.origin, headers, trust) };
}

/** What is done with an instance's operations, and a name for where they are done. */
export type Work = (operations: Operations, where: string) => Promise<number | undefined>;

/**
 * Does something on the journal and the dead letters: through the running instance, or, when none runs, on the
 * directory itself. The lock of the directory says whether one runs.
 */
export async function operate(cli: Cli, command: Command, work: Work): Promise<void> {
  const options = command.opts<InstanceOptions>();
  const run = async (operations: Operations, where: string) =>
    cli.exit((await work(operations, where)) ?? EXIT.ok);
  if (options.url !== undefined) {
    const instance = await findInstance(cli, command, 'admin');
    if (instance === undefined) return cli.exit(EXIT.usage);
    return throughInstance(instance, run);
  }
  const config = await cli.load(options);
  if (config === undefined) return cli.exit(EXIT.usage);
  const { path, type } = config.journal;
  const isThere = type === 'disk' && existsSync(join(path, 'journal'));
  const journals = isThere ? await openUnlessLocked(config) : undefined;
  if (journals === undefined || 'lockedBy' in journals) {
    const why = journals?.lockedBy ?? (type === 'disk' ? `there is no journal at ${path}` : undefined);
    return throughInstance(await instanceOf(config, 'admin', options), run, why);
  }
  try {
    const outputs = () => config.outputs.map(({ name }) => ({ name }));
    const operations = createOperations({ ...journals, outputs, log: logOf(config) });
    await run(operations, `${path} (no instance runs)`);
  } finally {
    await journals.close();
  }
}

async function throughInstance(
  { url, poster }: Instance,
  run: (operations: Operations, where: string) => Promise<void>,
  why?: string,
): Promise<void> {
  try {
    await run(remoteOperations(poster, url), url);
  } catch (error) {
    if (!(error instanceof NoAnswerError) || why === undefined) throw error;
    throw new Error(`${error.message}; ${why}. Say where it is with --url`, { cause: error });
  } finally {
    poster.close();
  }
}

async function openUnlessLocked(config: Config) {
  try {
    return await openJournals(config, { clock: systemClock, log: logOf(config) });
  } catch (error) {
    if (error instanceof JournalLockedError) return { lockedBy: error.message };
    throw error;
  }
}

function logOf(config: Config) {
  return createLogger({ level: 'warn', format: 'pretty', secrets: config.secrets });
}

/** The running instance of a configuration, on this machine. */
async function instanceOf(
  config: Config,
  face: 'events' | 'admin',
  options: InstanceOptions,
): Promise<Instance> {
  const { listen, admin_listen: adminListen, tls } = config.server;
  const address = face === 'admin' ? (adminListen ?? listen) : listen;
  const colon = address.lastIndexOf(':');
  const port = address.slice(colon + 1);
  if (port === '0') throw new Error(`${address} means any free port: say with --url which it was`);
  const host = address
    .slice(0, colon)
    .replace(/^(0\.0\.0\.0|)$/, '127.0.0.1')
    .replace(/^\[::\]$/, '[::1]');
  const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  // Its certificate is of a name; what is called here is an address of this machine.
  const trust = tls && { ca: await readFile(resolve(config.dir, tls.cert), 'utf8'), checkName: false };
  const own = await clientCertificate(options);
  if (tls?.client_ca !== undefined && own.cert === undefined)
    throw new Error('server.tls.client_ca demands a client certificate: give one with --cert and --key');
  return { url, poster: createPoster(url, authHeaders(config), { ...trust, ...own }) };
}

async function clientCertificate({ cert, key }: InstanceOptions): Promise<{ cert?: string; key?: string }> {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) throw new Error('--cert and --key go together');
  const [certificate, secret] = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]);
  return { cert: certificate, key: secret };
}

function authHeaders({ server: { auth } }: Config): Record<string, string> {
  if (auth?.bearer_token !== undefined) return { authorization: `Bearer ${auth.bearer_token}` };
  if (auth?.basic !== undefined) return { authorization: basic(auth.basic.username, auth.basic.password) };
  return {};
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
