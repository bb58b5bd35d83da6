import type { Command } from 'commander';
import { builtInCommand } from './built-in-command.ts';
import type { BuiltIns } from './built-ins.ts';
import { createProgram, type RegisterCommand, runProgram } from './command.ts';
import { completion } from './completion.ts';
import { create } from './create.ts';
import { demo } from './demo.ts';
import { describe } from './describe.ts';
import { dlq } from './dlq.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { init } from './init.ts';
import { journal } from './journal.ts';
import { list } from './list.ts';
import { printConfigCommand } from './print-config.ts';
import { run } from './run.ts';
import { schema } from './schema.ts';
import { send } from './send.ts';
import { tap } from './tap.ts';
import { test } from './test.ts';
import { validate } from './validate.ts';

const COMMANDS: readonly RegisterCommand[] = [
  run,
  demo,
  init,
  validate,
  test,
  printConfigCommand,
  schema,
  list,
  describe,
  create,
  send,
  tap,
  explain,
  dlq,
  journal,
  doctor,
  completion,
];

/** Runs the program. @returns the exit code */
export function runCli(builtIns: BuiltIns, argv: readonly string[]): Promise<number> {
  return runProgram(builtIns, [...COMMANDS, ...builtIns.commands.map(builtInCommand)], argv);
}

/** The whole command line with nothing run, for the documentation. */
export function describeCli(builtIns: BuiltIns): Command {
  const nowhere = () => {
    throw new Error('this command line is only looked at');
  };
  return createProgram([...COMMANDS, ...builtIns.commands.map(builtInCommand)], {
    builtIns,
    out: nowhere,
    err: nowhere,
    load: nowhere,
    exit: nowhere,
  });
}
