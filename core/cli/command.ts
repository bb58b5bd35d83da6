import { Command, Help, Option } from 'commander';
import { didYouMean } from '../config/explain/suggest.ts';
import { describeFileError } from '../config/read/interpolate.ts';
import type { ConfigSections } from '../config/schema/sections.ts';
import { printable, printableJson } from '../sdk/contract/printable.ts';
import type { BuiltIns } from './built-ins.ts';
import {
  type ConfigOptions,
  type LoadedConfig,
  loadOrExplain,
  loadSectionsOrExplain,
  type Sections,
} from './load.ts';

export type { ConfigOptions };

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** Something is wrong with what was looked at, or the program failed. */
  failed: 1,
  /** It was called wrongly, or the configuration is broken. */
  usage: 2,
  /** `doctor`: nothing failed, and something could not be checked. */
  notChecked: 3,
} as const;

/** What a command works with. */
export interface Cli {
  readonly builtIns: BuiltIns;
  /** To standard output: what was asked for. Characters that a terminal obeys or hides are shown; see {@link printable}. */
  out(text: string, options?: { readonly styled?: boolean }): void;
  /** To standard output: JSON. Such characters become `\u` escapes, so that its values stay as they are. */
  json(text: string): void;
  /** To standard error: everything said about it, as for `out`. */
  err(text: string, options?: { readonly styled?: boolean }): void;
  /** Loads the configuration, or says every mistake in it and returns undefined: the command ends with {@link EXIT}.usage. */
  load(options: ConfigOptions): Promise<LoadedConfig | undefined>;
  /** As {@link load}, but reads these sections only. Errors and unset secrets elsewhere do not matter. */
  loadSections<Needed extends keyof ConfigSections>(
    options: ConfigOptions,
    needed: readonly Needed[],
  ): Promise<Sections<Needed> | undefined>;
  /** What the command came to; the process's exit code. */
  exit(code: number): void;
}

/** One command: adds itself to the program. */
export type RegisterCommand = (program: Command, cli: Cli) => void;

/** Adds `-c` and `--set` to a command. */
export function withConfig(command: Command): Command {
  return command
    .addOption(
      new Option('-c, --config <file>', 'the configuration').default('tiercel.yaml').env('TIERCEL_CONFIG'),
    )
    .option(
      '--set <path=value>',
      'override one key, as in outputs.lake.region=eu-west-1',
      (value: string, all: string[]) => [...all, value],
      [],
    );
}

/** The command line with all its commands; nothing runs yet. */
export function createProgram(commands: readonly RegisterCommand[], cli: Cli): Command {
  const program = new Command('tiercel')
    .description('Takes Falco alerts in, keeps them safe, delivers each where it is wanted.')
    .version(cli.builtIns.version, '-v, --version')
    .showHelpAfterError('(tiercel --help shows the commands)')
    .configureHelp({ showGlobalOptions: false, formatHelp, optionDescription })
    .configureOutput({ writeErr: (text) => process.stderr.write(printable(text)) })
    .exitOverride();
  for (const register of commands) register(program, cli);
  return program;
}

/** The program's own help lists what there is on one screen of 24 lines; a command's says all about it. */
function formatHelp(command: Command, helper: Help): string {
  if (command.parent !== null) return Help.prototype.formatHelp.call(helper, command, helper);
  const commands = helper.visibleCommands(command).filter((one) => one.name() !== 'help');
  const width = Math.max(...commands.map((one) => one.name().length));
  const lines = commands.map((one) => `  ${one.name().padEnd(width)}  ${helper.subcommandDescription(one)}`);
  return `${command.description()}

${lines.join('\n')}

tiercel COMMAND --help says more, with examples.
Begin with: tiercel demo, or tiercel init
`;
}

/** With its choices and its default, where that is a word: an empty list says nothing. */
function optionDescription({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? [] : [argChoices.join(', ')];
  const otherwise = typeof defaultValue === 'string' ? [`default: ${defaultValue}`] : [];
  const more = [...choices, ...otherwise].join('; ');
  return more === '' ? description : `${description} (${more})`;
}

/** Parses the arguments and runs one command. @returns the exit code */
export async function runProgram(
  builtIns: BuiltIns,
  commands: readonly RegisterCommand[],
  argv: readonly string[],
): Promise<number> {
  let code: number = EXIT.ok;
  const write = (text: string) => {
    // Not for `run`, whose standard output is an output's: that deals with it by itself.
    if (process.stdout.listenerCount('error', endWithReader) === 0) process.stdout.on('error', endWithReader);
    process.stdout.write(`${text}\n`);
  };
  const json: Cli['json'] = (text) => write(printableJson(text));
  const err: Cli['err'] = (text, options) => void process.stderr.write(`${printable(text, options)}\n`);
  const cli: Cli = {
    builtIns,
    out: (text, options) => write(printable(text, options)),
    json,
    err,
    load: (options) => loadOrExplain(builtIns, options, { json, err }),
    loadSections: (options, needed) => loadSectionsOrExplain(builtIns, options, needed, { json, err }),
    exit: (value) => {
      code = value;
    },
  };
  const program = createProgram(commands, cli);
  const unknown = unknownCommand(program, argv[0]);
  if (unknown !== undefined) {
    err(unknown);
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    err(`tiercel: ${sentenceOf(error)}`);
    if (process.env.TIERCEL_DEBUG && error instanceof Error) err(error.stack ?? '');
    return EXIT.failed;
  }
  return code;
}

/** What went wrong; of a file that cannot be opened in the words that the configuration has for it. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '', path, message } = error as NodeJS.ErrnoException;
  const isFile = path !== undefined && ['ENOENT', 'EACCES', 'EPERM', 'EISDIR'].includes(code);
  return isFile ? `${path} cannot be opened: ${describeFileError(error)}` : message;
}

/** Said here: the default command would take a misspelt one for its argument. */
function unknownCommand(program: Command, word: string | undefined): string | undefined {
  const names = [...program.commands.map((command) => command.name()), 'help'];
  if (word === undefined || word.startsWith('-') || names.includes(word)) return undefined;
  return `error: there is no command "${word}"${didYouMean(word, names).text}\n(tiercel --help shows the commands)`;
}

/** Whoever read the output has gone, as `| head` does: that is no failure, and there is nobody left to tell. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
}

/** Commander says what was wrong by itself; told by its shape, because two copies of it may be loaded. */
function isCommanderError(error: unknown): error is { exitCode: number } {
  return (
    error instanceof Error &&
    'exitCode' in error &&
    String((error as { code?: string }).code).startsWith('commander.')
  );
}
