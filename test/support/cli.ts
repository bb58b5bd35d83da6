import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { runCli } from '../../core/cli/index.ts';
import { builtIns } from '../../distribution/built-ins.ts';

/** The compiled program. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What a command came to. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without what the program would take for keys of its configuration. */
export const cleanEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIERCEL_')));

/**
 * Runs a command to its end in this process: what takes a compiled program half a second takes milliseconds here.
 * One at a time: folder, environment and standard output are the process's.
 */
export async function runHere(args: readonly string[], cwd = process.cwd()): Promise<Ran> {
  let [stdout, stderr] = ['', ''];
  const before = { cwd: process.cwd(), env: process.env };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      stdout += text;
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += text;
      return true;
    }),
  ];
  process.env = cleanEnv();
  process.chdir(cwd);
  try {
    const status = await runCli(builtIns, args);
    return { status, stdout, stderr };
  } finally {
    process.chdir(before.cwd);
    process.env = before.env;
    for (const spy of spies) spy.mockRestore();
  }
}

/** Runs any program to its end. Standard input is empty and no terminal. */
export function run(command: string, args: readonly string[], cwd?: string): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...(cwd !== undefined && { cwd }),
    env: cleanEnv(),
    encoding: 'utf8',
    input: '',
    timeout: 110_000,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** Runs a command of the compiled program to its end. */
export function runCompiled(args: readonly string[], cwd?: string): Ran {
  return run(process.execPath, [MAIN, ...args], cwd);
}
