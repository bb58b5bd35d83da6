import type { Command } from 'commander';
import { builtInCommand } from './built-in-command.ts';
import type { BuiltIns } from './built-ins.ts';
import { createProgram, type RegisterCommand, runProgram } from './command.ts';

/** The commands by name, each loaded when it is called: together they take as long to load as the rest of a start. */
const COMMANDS: Readonly<Record<string, () => Promise<RegisterCommand>>> = {
  run: async () => (await import('./run.ts')).run,
  demo: async () => (await import('./demo.ts')).demo,
  init: async () => (await import('./init.ts')).init,
  validate: async () => (await import('./validate.ts')).validate,
  test: async () => (await import('./test.ts')).test,
  'print-config': async () => (await import('./print-config.ts')).printConfigCommand,
  schema: async () => (await import('./schema.ts')).schema,
  list: async () => (await import('./list.ts')).list,
  describe: async () => (await import('./describe.ts')).describe,
  create: async () => (await import('./create.ts')).create,
  send: async () => (await import('./send.ts')).send,
  tap: async () => (await import('./tap.ts')).tap,
  explain: async () => (await import('./explain.ts')).explain,
  dlq: async () => (await import('./dlq.ts')).dlq,
  journal: async () => (await import('./journal.ts')).journal,
  health: async () => (await import('./health.ts')).health,
  doctor: async () => (await import('./doctor.ts')).doctor,
  completion: async () => (await import('./completion.ts')).completion,
};

/** These look at the other commands. */
const WHOLE = new Set(['completion', 'help']);

/** Runs the program. @returns the exit code */
export async function runCli(builtIns: BuiltIns, argv: readonly string[]): Promise<number> {
  const [name = 'run'] = argv;
  const isOne = Object.hasOwn(COMMANDS, name) && !WHOLE.has(name);
  const commands = isOne ? [await COMMANDS[name]!()] : await allCommands(builtIns);
  return runProgram(builtIns, commands, argv);
}

async function allCommands(builtIns: BuiltIns): Promise<RegisterCommand[]> {
  const own = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return [...own, ...builtIns.commands.map(builtInCommand)];
}

/** The whole command line with nothing run, for the documentation. */
export async function describeCli(builtIns: BuiltIns): Promise<Command> {
  const nowhere = () => {
    throw new Error('this command line is only looked at');
  };
  return createProgram(await allCommands(builtIns), {
    builtIns,
    out: nowhere,
    json: nowhere,
    err: nowhere,
    load: nowhere,
    loadSections: nowhere,
    exit: nowhere,
  });
}
