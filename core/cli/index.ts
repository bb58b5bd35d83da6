import type { BuiltIns } from './built-ins.ts';
import { type RegisterCommand, runProgram } from './command.ts';
import { demo } from './demo.ts';
import { dlq } from './dlq.ts';
import { explain } from './explain.ts';
import { journal } from './journal.ts';
import { run } from './run.ts';
import { send } from './send.ts';
import { tap } from './tap.ts';
import { validate } from './validate.ts';

const COMMANDS: readonly RegisterCommand[] = [run, validate, send, tap, explain, dlq, journal, demo];

/** Runs the program. @returns the exit code */
export function runCli(builtIns: BuiltIns, argv: readonly string[]): Promise<number> {
  return runProgram(builtIns, COMMANDS, argv);
}
