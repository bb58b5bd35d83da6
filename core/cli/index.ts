import type { BuiltIns } from './built-ins.ts';
import { type RegisterCommand, runProgram } from './command.ts';
import { demo } from './demo.ts';
import { run } from './run.ts';
import { validate } from './validate.ts';

const COMMANDS: readonly RegisterCommand[] = [run, validate, demo];

/** Runs the program. @returns the exit code */
export function runCli(builtIns: BuiltIns, argv: readonly string[]): Promise<number> {
  return runProgram(builtIns, COMMANDS, argv);
}
