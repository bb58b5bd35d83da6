import type { Command } from 'commander';

/** Exit codes of every command: 0 done, 1 something is wrong with what was looked at, 2 it was called wrongly or the configuration is broken. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Where a command writes and what it knows of the terminal. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a terminal: people read it. */
  readonly interactive: boolean;
  /** Colours are welcome on standard error. */
  readonly color: boolean;
}

/** One command of the program: adds itself to the parser; its action returns an exit code. */
export type RegisterCommand = (program: Command, act: Act) => void;

/** Wraps an action: its exit code becomes the process's, a throw becomes one clear line. */
export type Act = <A extends unknown[]>(
  action: (...args: A) => Promise<number> | number,
) => (...args: A) => Promise<void>;
