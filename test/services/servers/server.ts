import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../support/child.ts';
import { freePort } from '../../support/port.ts';
import { until } from '../../support/until.ts';

/** A real server of somebody else's, started for the tests on 127.0.0.1. */
export interface Server {
  readonly url: string;
  readonly port: number;
  output(): string;
  /** Takes it away as an outage does: killed, its data kept. */
  outage(): Promise<void>;
  /** Ends an outage: the same data on the same port. */
  restore(): Promise<void>;
  /** Stops it for good and removes its data. */
  stop(): Promise<void>;
}

interface Recipe {
  readonly name: string;
  /** What to run, given the port and a data directory of its own. */
  command(port: number, directory: string): { program: string; args: string[]; env?: Record<string, string> };
  /** True as soon as it serves. A throw is "not yet". */
  ready(url: string): Promise<boolean>;
  readonly protocol?: string;
  /** In milliseconds. */
  readonly timeout?: number;
}

/** Where scripts/services-install.sh puts what it installs. */
export const CACHE = fileURLToPath(new URL('../../../.cache/', import.meta.url));

/** A program that scripts/services-install.sh put into `.cache/bin`, or one of the PATH; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  const folders = [join(CACHE, 'bin'), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** @throws Error naming the way to install it */
export function program(name: string): string {
  const found = findProgram(name);
  if (!found) throw new Error(`${name} is not installed: run scripts/services-install.sh`);
  return found;
}

/** Starts a server from its recipe on a free port and waits until it serves. */
export async function startServer(recipe: Recipe): Promise<Server> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), `tiercel-${recipe.name}-`));
  const url = `${recipe.protocol ?? 'http'}://127.0.0.1:${port}`;
  let child: Child | undefined;

  const restore = async (): Promise<void> => {
    const { program: file, args, env } = recipe.command(port, directory);
    const started = startChild(file, args, { cwd: directory, env });
    child = started;
    const wait = until(`${recipe.name} to serve`, () => !started.running() || recipe.ready(url), {
      timeout: recipe.timeout ?? 60_000,
      interval: 100,
    });
    await wait.catch(async (error: Error) => {
      await started.stop(0);
      throw new Error(`${error.message}\n${started.output()}`);
    });
    if (!started.running()) throw new Error(`${recipe.name} ended at once:\n${started.output()}`);
  };
  await restore();

  return {
    url,
    port,
    output: () => child?.output() ?? '',
    outage: async () => {
      child?.send('SIGKILL');
      await child?.exited;
    },
    restore,
    stop: async () => {
      await child?.stop(5000);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
