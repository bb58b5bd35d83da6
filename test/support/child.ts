import { type ChildProcess, spawn } from 'node:child_process';
import { createPatience } from './patience.ts';

/** How a child process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program of the tests. */
export interface Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Everything it printed so far, stdout and stderr together, the last 256 KiB of it. */
  output(): string;
  running(): boolean;
  send(signal: NodeJS.Signals): void;
  /**
   * SIGTERM, and SIGKILL when it has not ended after `grace` milliseconds in which it could have.
   *
   * @param late asked before the SIGKILL, for what is to be printed about it
   */
  stop(grace?: number, late?: () => Promise<string>): Promise<Exit>;
}

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to the environment of the tests; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets what it prints, as it prints it. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/** How much of what a program printed is kept, characters. */
export const KEEP = 256 * 1024;
/** How often a program that is to end is looked at, milliseconds. */
const WATCH = 100;
const alive = new Set<ChildProcess>();

// A test that fails half-way must not leave servers behind.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a program; it is killed with the tests if nobody stops it. */
export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  alive.add(child);
  let text = '';
  const collect = (chunk: Buffer): void => {
    text = (text + chunk.toString('utf8')).slice(-KEEP);
    options.onOutput?.(chunk);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);

  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      text += `\n${command}: ${error.message}`;
      alive.delete(child);
      resolve({ code: 127, signal: null });
    });
    child.once('close', (code, signal) => {
      alive.delete(child);
      resolve({ code, signal });
    });
  });

  return {
    pid: child.pid ?? -1,
    exited,
    output: () => text,
    running: () => alive.has(child),
    send: (signal) => {
      child.kill(signal);
    },
    stop: async (grace = 15_000, late = async () => '') => {
      child.kill(grace === 0 ? 'SIGKILL' : 'SIGTERM');
      const patience = createPatience(() => child.pid ?? -1);
      const timer = setInterval(async () => {
        if (patience.elapsed() < grace) return;
        clearInterval(timer);
        text += `\nit did not end within ${grace} ms (${patience.describe()})\n${await late()}\n`;
        child.kill('SIGKILL');
      }, WATCH);
      const exit = await exited;
      clearInterval(timer);
      return exit;
    },
  };
}

/** Runs a program to its end and returns what it printed on stdout. @throws Error when its code is not 0. */
export function run(
  command: string,
  args: readonly string[],
  options: ChildOptions & { readonly input?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(out).toString('utf8'));
      reject(new Error(`${command} ended with ${code}: ${Buffer.concat(err).toString('utf8').slice(-4000)}`));
    });
    child.stdin.end(options.input ?? '');
  });
}
