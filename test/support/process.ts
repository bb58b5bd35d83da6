import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, type Exit, KEEP, startChild } from './child.ts';
import { diagnose } from './diagnose.ts';
import { createPatience } from './patience.ts';
import { freePort } from './port.ts';
import { until } from './until.ts';

/** The compiled program. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** TIERCEL_* of the tests' own environment would be configuration to the program. */
export const UNSET = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith('TIERCEL_'))
    .map((name) => [name, undefined]),
);

/** How long an answer may take, milliseconds: longer than any that is late on purpose. */
const ANSWER = 60_000;

/** What the program answered to a request. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The real, compiled program with a configuration and a folder of its own. */
export interface Tiercel {
  /** The folder of the configuration file; relative paths in it start here. */
  readonly directory: string;
  readonly url: string;
  readonly pid: number;
  /** What it printed, of all its starts, the last MiB. */
  output(): string;
  running(): boolean;
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** kill -9, and waits until the process is gone. */
  kill(): Promise<Exit>;
  /** SIGTERM, and waits: how a container stops. One that takes too long is diagnosed, and killed. */
  stop(grace?: number): Promise<Exit>;
  send(signal: NodeJS.Signals): void;
  /** What can be told of it now: asked when it does not get on. */
  diagnose(): Promise<string>;
  /**
   * Starts again in the same folder and on the same port, after {@link kill} or {@link stop}.
   *
   * @param env instead of the environment that was given first
   */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops whatever runs and removes the folder. */
  remove(): Promise<void>;
}

export interface TiercelOptions {
  /** Everything of the YAML but `server`, which is written here. */
  readonly config: string;
  /** Further lines under `server:`, indented by two. */
  readonly server?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How the program is run; the compiled one on this Node by default. */
  readonly command?: readonly string[];
  /** Further arguments of `run`. */
  readonly args?: readonly string[];
  /** Where it writes the reports it was started to give (`reportingTo` in diagnose.ts). */
  readonly reports?: string;
  /** Gets what the program prints, as it prints it. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** An existing folder; a new one in the temporary directory by default. */
  readonly directory?: string;
  /** How long to wait for it to be ready, in milliseconds (default 20 000), or what it then prints, if it cannot be asked. */
  readonly ready?: number | RegExp;
}

/**
 * Starts the program and waits until `/readyz` says it is ready.
 *
 * @throws Error with everything it printed when it ends or does not get ready in time
 * @example
 * const tiercel = await startTiercel({ config: 'outputs:\n  out: { type: file, path: out.ndjson }\n' });
 */
export async function startTiercel(options: TiercelOptions): Promise<Tiercel> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'tiercel-')));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(directory, 'tiercel.yaml');
  await writeFile(file, `server:\n  listen: "127.0.0.1:${port}"\n${options.server ?? ''}\n${options.config}`);
  const [program = process.execPath, ...args] = options.command ?? [process.execPath, MAIN];
  let child: Child | undefined;
  let printed = '';

  const current = (): Child => {
    if (!child) throw new Error('the program was not started');
    return child;
  };
  const tell = () =>
    diagnose({ pid: current().pid, url, reports: options.reports, printed: current().output });
  const start = async (env = options.env): Promise<void> => {
    if (child) printed = (printed + child.output()).slice(-4 * KEEP);
    const started = startChild(program, [...args, 'run', '-c', file, ...(options.args ?? [])], {
      cwd: directory,
      env: { ...UNSET, ...env },
      ...(options.onOutput && { onOutput: options.onOutput }),
    });
    child = started;
    await until(
      'the program to be ready',
      async () => {
        if (!started.running()) return 'ended';
        if (options.ready instanceof RegExp) return options.ready.test(started.output()) && 'ready';
        return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) })).ok && 'ready';
      },
      {
        timeout: typeof options.ready === 'number' ? options.ready : 20_000,
        interval: 25,
        patience: createPatience(() => started.pid),
        diagnose: tell,
      },
    ).catch(async (error: Error) => {
      await started.stop(0);
      throw new Error(`${error.message}\n${started.output()}`);
    });
    if (!started.running()) throw new Error(`the program ended before it was ready:\n${started.output()}`);
  };
  await start();

  return {
    directory,
    url,
    get pid() {
      return current().pid;
    },
    output: () => printed + current().output(),
    running: () => current().running(),
    post: async (path, body, headers = {}) => {
      const signal = AbortSignal.timeout(ANSWER);
      const response = await fetch(url + path, { method: 'POST', body, headers, signal });
      return { status: response.status, body: await response.text() };
    },
    get: async (path) => {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(ANSWER) });
      return { status: response.status, body: await response.text() };
    },
    kill: () => {
      current().send('SIGKILL');
      return current().exited;
    },
    stop: (grace) => current().stop(grace, tell),
    diagnose: tell,
    send: (signal) => current().send(signal),
    start,
    remove: async () => {
      if (child?.running()) await child.stop(0);
      if (!options.directory) await rm(directory, { recursive: true, force: true });
    },
  };
}
