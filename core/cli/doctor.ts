import { setTimeout } from 'node:timers';
import { InvalidArgumentError } from 'commander';
import type { OutputConfig } from '../config/schema/config.ts';
import { parseDuration } from '../config/schema/duration.ts';
import { deadlineIn } from '../delivery/stopping.ts';
import type { Finding } from '../sdk/contract/output.ts';
import { abortable } from '../sdk/deliver/connection.ts';
import { createLogger } from '../telemetry/log.ts';
import { createRedactor } from '../telemetry/redact.ts';
import { buildOutput } from './build-output.ts';
import { type Cli, type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import { askInstance, describeState, type InstanceStates } from './doctor/instance.ts';
import { checkOutput } from './doctor/output.ts';
import {
  countOf,
  type Found,
  isShared,
  jsonOf,
  renderFinding,
  renderSummary,
  type Section,
} from './doctor/report.ts';
import { checkServer } from './doctor/server.ts';
import { checkStorage } from './doctor/storage.ts';
import { type Absent, atSocket, type Instance, urlOf } from './here.ts';
import type { LoadedConfig } from './load.ts';
import { createPoster, type Poster } from './post.ts';
import { showWaiting } from './progress.ts';

/** How long one output, and one answer of a running instance, may take, milliseconds. */
const TIMEOUT = { text: '30s', instance: 5_000 };
/** Before this the clock of the machine is wrong: the program did not exist. */
const OLDEST = Date.UTC(2026, 0, 1);

interface Options extends ConfigOptions {
  readonly write?: boolean;
  readonly output?: string;
  readonly timeout: number;
}

const HELP = `
Destinations are checked the way deliveries go: name, connection, TLS, a request
that changes nothing. No event is sent. docs/operations.md lists the checks.

Exit codes: 0 nothing failed, 1 something failed, 2 wrong usage or a broken
configuration, 3 nothing failed, and something could not be checked.

Examples:
  tiercel doctor -c tiercel.yaml --write
  tiercel doctor --output lake --timeout 2m`;

export const doctor: RegisterCommand = (program, cli) => {
  withConfig(program.command('doctor'))
    .summary('check storage, certificates, addresses and every destination')
    .description('check storage, certificates, addresses, the running instance and every destination')
    .option('--write', 'try the permission to write, where an output can')
    .option('--output <name>', 'this output only, enabled or not')
    .option(
      '--timeout <duration>',
      'time for each output (default: 30s)',
      parseTimeout,
      parseTimeout(TIMEOUT.text),
    )
    .option('--json', 'print JSON, one line a finding')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      const outputs = config.outputs.filter(({ name, enabled }) =>
        options.output === undefined ? enabled : name === options.output,
      );
      if (outputs.length === 0 && options.output !== undefined) {
        cli.err(`tiercel: there is no output ${options.output}`);
        return cli.exit(EXIT.usage);
      }
      let isAbandoned = false;
      const sections = await sectionsOf(config, outputs, options, cli, () => {
        isAbandoned = true;
      });
      const found = await print(sections, config.secrets, options, cli);
      const { failed, not_checked } = countOf(found);
      const code = failed > 0 ? EXIT.failed : not_checked > 0 ? EXIT.notChecked : EXIT.ok;
      cli.exit(code);
      // Code that did not end in time may keep connections open.
      if (isAbandoned) setTimeout(() => process.exit(code), 1000).unref();
    });
};

/** @throws InvalidArgumentError, which ends the program with the code for wrong usage */
function parseTimeout(text: string): number {
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value > 0) return parsed.value;
  throw new InvalidArgumentError(parsed.ok ? 'It must be more than 0.' : `It ${parsed.reason}.`);
}

/** What is looked at, each at work already: outputs are asked at the same time. */
async function sectionsOf(
  config: LoadedConfig,
  outputs: readonly OutputConfig[],
  { write = false, timeout, output: only }: Options,
  cli: Cli,
  onAbandoned: () => void,
): Promise<readonly Section[]> {
  const now = Date.now();
  const { dir, journal } = config;
  const instance = await atSocket(journal.path);
  const isRunning = 'poster' in instance;
  const states = isRunning ? await statesOf(instance, cli.builtIns.version) : undefined;
  const log = createLogger({ level: 'silent', format: 'json', secrets: [] });
  const perOutput = outputs.map((settings): Section => {
    const { name, type, enabled } = settings;
    const build = () => buildOutput(settings, config, log);
    const checks = checkOutput(settings, { write, timeout, dir, now, build, onAbandoned });
    const known = states?.outputs;
    const said = known === undefined || !enabled ? [] : describeState(known.get(name), now);
    return {
      area: 'output',
      title: `${name} (${type})`,
      output: name,
      findings: started(joined(said, checks)),
    };
  });
  if (only !== undefined) return perOutput;
  const isServed = (listen: string) => answersPing({ ...config.server, listen });
  const storage = journal.type === 'memory' ? 'storage' : `storage ${journal.path}`;
  return [
    { area: 'configuration', title: 'configuration', findings: started(checkConfiguration(config, now)) },
    { area: 'storage', title: storage, findings: started(checkStorage(config, { isHeld: isRunning, now })) },
    { area: 'server', title: 'server', findings: started(checkServer(config, { isRunning, isServed, now })) },
    { area: 'instance', title: 'running instance', findings: started(states?.findings ?? absence(instance)) },
    ...perOutput,
  ];
}

/** Begins at once and keeps the findings until they are read. */
function started(findings: AsyncIterable<Finding> | Iterable<Finding>): AsyncIterable<Finding> {
  const kept: Finding[] = [];
  let wake = () => {};
  let isDone = false;
  void (async () => {
    try {
      for await (const finding of findings) {
        kept.push(finding);
        wake();
      }
    } catch (error) {
      // A check that breaks is a failure of what it checks: the others go on.
      kept.push({ status: 'failed', what: 'check', line: (error as Error).message });
    }
    isDone = true;
    wake();
  })();
  return {
    async *[Symbol.asyncIterator]() {
      for (let next = 0; ; ) {
        while (next < kept.length) yield kept[next++]!;
        if (isDone) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function* joined(first: Iterable<Finding>, then: AsyncIterable<Finding>): AsyncGenerator<Finding> {
  yield* first;
  yield* then;
}

/** Prints each section as soon as its findings come, in order. @returns all of them, without secrets */
async function print(
  sections: readonly Section[],
  secrets: readonly string[],
  { json }: Options,
  cli: Cli,
): Promise<readonly Found[]> {
  const redact = createRedactor(secrets);
  const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const all: Found[] = [];
  for (const section of sections) {
    if (!json) cli.out(section.title);
    const waiting = showWaiting(`checking ${section.title}`);
    try {
      for await (const { status, what, line, about } of section.findings) {
        waiting.pause();
        const finding = {
          status,
          what: redact(what),
          line: redact(line),
          ...(about !== undefined && { about }),
        };
        const found = { section, finding };
        all.push(found);
        if (json) cli.json(JSON.stringify(jsonOf(found)));
        else if (!isShared(finding)) cli.out(renderFinding(finding, { color }), { styled: color });
      }
    } finally {
      waiting.end();
    }
    if (!json) cli.out('');
  }
  if (json) cli.json(JSON.stringify({ summary: countOf(all) }));
  else cli.out(renderSummary(all, { color }), { styled: color });
  return all;
}

function* checkConfiguration(config: LoadedConfig, now: number): Generator<Finding> {
  const off = config.outputs.filter(({ enabled }) => !enabled).map(({ name }) => name);
  const count = config.outputs.length;
  const all = `${config.file ?? 'the configuration'}: ${count} output${count === 1 ? '' : 's'}`;
  yield {
    status: 'ok',
    what: 'file',
    line: off.length === 0 ? all : `${all}, not enabled: ${off.join(', ')}`,
  };
  if (off.length === count)
    yield {
      status: 'warning',
      what: 'outputs',
      line: 'no output is enabled: events are stored and go nowhere',
    };
  for (const { place, message, fix } of config.warnings) {
    const at = place === undefined ? '' : `${place.source}:${place.line}:${place.column}: `;
    yield { status: 'warning', what: 'file', line: `${at}${message}${fix === undefined ? '' : `. ${fix}`}` };
  }
  if (now < OLDEST) {
    const line = `the clock of this machine says ${new Date(now).toISOString()}: set it`;
    yield { status: 'failed', what: 'clock', line };
  }
}

function absence(instance: Instance | Absent): readonly Finding[] {
  if ('poster' in instance) return [];
  const { absent, isForeign } = instance;
  if (isForeign) return [{ status: 'not_checked', what: 'process', line: absent }];
  return [{ status: 'plan', what: 'process', line: `none runs (${absent}), so there are no states to show` }];
}

async function statesOf({ poster, url }: Instance, version: string): Promise<InstanceStates> {
  const ask = (path: string) => withTimeout(poster, path);
  try {
    return await askInstance(ask, url, version);
  } finally {
    poster.close();
  }
}

/** Does a Tiercel answer at an address to listen at? The certificate does not matter, and nothing secret is sent. */
async function answersPing(server: Parameters<typeof urlOf>[0]): Promise<boolean> {
  const poster = createPoster(urlOf(server), {}, { verify: false });
  try {
    const { status, body } = await withTimeout(poster, '/ping');
    return status === 200 && body.trim() === 'pong';
  } catch {
    return false;
  } finally {
    poster.close();
  }
}

function withTimeout(poster: Poster, path: string) {
  return abortable(poster.get(path), deadlineIn(TIMEOUT.instance));
}
