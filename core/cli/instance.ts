import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigSections } from '../config/schema/sections.ts';
import type { Credentials } from '../config/schema/server.ts';
import { JournalLockedError } from '../journal/lock/lock.ts';
import { openJournals } from '../journals.ts';
import { createOperations, type Operations } from '../operations/operations.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import { createLogger } from '../telemetry/log.ts';
import { type Cli, type ConfigOptions, EXIT, withConfig } from './command.ts';
import { atSocket, type Instance, urlOf } from './here.ts';
import type { Sections } from './load.ts';
import { createPoster } from './post.ts';
import { remoteOperations } from './remote.ts';
import { isThere, refuseForeign } from './state.ts';

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
    .option('--url <url>', 'the address of another instance', parseUrl)
    .option('--token-file <file>', 'a file with the bearer token, together with --url')
    .option('--cert <file>', 'a client certificate (PEM), where one is demanded')
    .option('--key <file>', 'its private key (PEM)')
    .option('--ca <file>', 'the authority of the certificate of --url (PEM)')
    .option('--json', 'print JSON');
}

/** @throws InvalidArgumentError, which ends the program with the code for wrong usage */
function parseUrl(text: string): string {
  if (!URL.canParse(text) || !['http:', 'https:'].includes(new URL(text).protocol))
    throw new InvalidArgumentError('It is not an address such as http://127.0.0.1:2801.');
  return text;
}

/**
 * The client of the running instance that the options mean: at `--url`, or of the configuration on this machine.
 *
 * @param listener where it takes events, or where it serves operators
 * @returns undefined when the configuration is broken, which has been said
 * @throws Error when nothing serves its admin socket; the message says what to do
 */
export async function findInstance(
  cli: Cli,
  command: Command,
  listener: 'events' | 'admin',
): Promise<Instance | undefined> {
  const options = command.opts<InstanceOptions>();
  if (options.url !== undefined) return instanceAt(new URL(options.url), cli, command, listener);
  if (listener === 'events') {
    const config = await cli.loadSections(options, ['server']);
    return config && instanceOf(config, options);
  }
  const config = await cli.loadSections(options, ['journal']);
  if (config === undefined) return undefined;
  const found = await atSocket(config.sections.journal.path);
  if ('absent' in found) throw new Error(`${found.absent}. ${whatToDo(config.sections)}`);
  return found;
}

/** What is done with an instance's operations, and a name for where they are done. */
export type Work = (operations: Operations, where: string) => Promise<number | undefined>;

/**
 * Does something on the journal and the dead letters: through the admin socket of the running instance, or, when none runs, on
 * the directory itself. The lock of the directory says whether one runs.
 */
export async function operate(cli: Cli, command: Command, work: Work): Promise<void> {
  const options = command.opts<InstanceOptions>();
  const run = async (operations: Operations, where: string) =>
    cli.exit((await work(operations, where)) ?? EXIT.ok);
  if (options.url !== undefined) {
    const instance = await findInstance(cli, command, 'admin');
    return instance === undefined ? cli.exit(EXIT.usage) : through(instance, run);
  }
  const config = await cli.loadSections(options, ['journal', 'dead_letters']);
  if (config === undefined) return cli.exit(EXIT.usage);
  const { sections, secrets } = config;
  const { path, type, group_access: isShared } = sections.journal;
  const log = createLogger({ level: 'warn', format: 'pretty', secrets });
  const found = await atSocket(path);
  if ('poster' in found) return through(found, run);
  const directory = join(path, 'journal');
  // What a group shares, each of its users can open.
  if (type === 'disk' && !isShared)
    await refuseForeign(directory, `${command.parent?.name()} ${command.name()}`);
  const hasJournal = type === 'disk' && (await isThere(directory));
  const journals = hasJournal && !found.isForeign ? await openUnlessLocked(sections, log) : undefined;
  if (journals === undefined || 'lockedBy' in journals) {
    const noJournal = type === 'disk' && !hasJournal ? `there is no journal at ${path}` : undefined;
    const reasons = [journals?.lockedBy, noJournal, found.absent].filter((text) => text !== undefined);
    throw new Error(`${reasons.join('; ')}. ${whatToDo(sections)}`);
  }
  try {
    const outputs = () => config.outputs.map((name) => ({ name }));
    const operations = createOperations({ ...journals, outputs, log });
    await run(operations, `${path} (no instance runs)`);
  } finally {
    await journals.close();
  }
}

async function through(
  { url, poster }: Instance,
  run: (operations: Operations, where: string) => Promise<void>,
): Promise<void> {
  try {
    await run(remoteOperations(poster, url), url);
  } finally {
    poster.close();
  }
}

async function openUnlessLocked(sections: Pick<ConfigSections, 'journal' | 'dead_letters'>, log: Logger) {
  try {
    return await openJournals(sections, { clock: systemClock, log });
  } catch (error) {
    if (error instanceof JournalLockedError) return { lockedBy: error.message.replace(/\.$/, '') };
    throw error;
  }
}

function whatToDo({ server }: Partial<ConfigSections>): string {
  const address = server?.admin_listen;
  const where = address === undefined ? 'its server.admin_listen' : `its server.admin_listen is ${address}`;
  return `Start the instance, or name one with --url (${where}); the log of an instance says why it has no admin socket`;
}

/** The instance at an address that was named. */
async function instanceAt(
  url: URL,
  cli: Cli,
  command: Command,
  listener: 'events' | 'admin',
): Promise<Instance | undefined> {
  const options = command.opts<InstanceOptions>();
  const headers: Record<string, string> = {};
  if (options.tokenFile !== undefined) {
    headers.authorization = `Bearer ${(await readFile(options.tokenFile, 'utf8')).trim()}`;
  } else if (url.username !== '') {
    headers.authorization = basic(decodeURIComponent(url.username), decodeURIComponent(url.password));
  } else if (command.getOptionValueSource('config') !== 'default') {
    // Somebody who names both says that the instance is of that configuration.
    const config = await cli.loadSections(options, ['server']);
    if (config === undefined) return undefined;
    const { auth, admin_auth = auth } = config.sections.server;
    Object.assign(headers, authHeaders(listener === 'admin' ? admin_auth : auth));
  }
  const ca = options.ca === undefined ? {} : { ca: await readFile(options.ca, 'utf8') };
  const trust = { ...ca, ...(await clientCertificate(options)) };
  return { url: url.origin, poster: createPoster(url.origin, headers, trust) };
}

/** Where the running instance of a configuration takes events, on this machine. */
async function instanceOf(
  { sections: { server }, dir }: Sections<'server'>,
  options: InstanceOptions,
): Promise<Instance> {
  const { tls, auth } = server;
  const url = urlOf(server);
  // Its certificate is of a name; what is called here is an address of this machine.
  const trust = tls && { ca: await readFile(resolve(dir, tls.cert), 'utf8'), checkName: false };
  const own = await clientCertificate(options);
  if (tls?.client_ca !== undefined && own.cert === undefined)
    throw new Error('server.tls.client_ca demands a client certificate: give one with --cert and --key');
  return { url, poster: createPoster(url, authHeaders(auth), { ...trust, ...own }) };
}

async function clientCertificate({ cert, key }: InstanceOptions): Promise<{ cert?: string; key?: string }> {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) throw new Error('--cert and --key go together');
  const [certificate, secret] = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]);
  return { cert: certificate, key: secret };
}

function authHeaders(auth: Credentials | undefined): Record<string, string> {
  if (auth?.bearer_token !== undefined) return { authorization: `Bearer ${auth.bearer_token}` };
  if (auth?.basic !== undefined) return { authorization: basic(auth.basic.username, auth.basic.password) };
  return {};
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
