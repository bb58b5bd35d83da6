import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Probe } from './probe.ts';

/** The folder of the repository; this file runs from `.bench/bench/lib`. */
export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const PROBE = new URL('./probe.js', import.meta.url).href;
const READY = /https?:\/\/127\.0\.0\.1:\d+/;

/** A process under measurement. */
export interface Measured {
  /** Where it listens. */
  readonly url: string;
  /** From its start until it said that it listens, milliseconds. */
  readonly ready: number;
  probe(): Promise<Probe>;
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a script with the probe and waits until it prints the address it listens at. */
export async function startMeasured(
  script: string,
  args: readonly string[],
  node: readonly string[] = [],
): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, [...node, '--import', PROBE, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', BENCH_PROBE: 'yes' },
  });
  alive.add(child);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      alive.delete(child);
      resolve();
    });
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    const look = (chunk: Buffer) => {
      text = (text + chunk).slice(-100_000);
      const found = READY.exec(text);
      if (found !== null) resolve(found[0]);
    };
    child.stdout!.on('data', look);
    child.stderr!.on('data', look);
    void gone.then(() => reject(new Error(`${script} ended:\n${text}`)));
  });
  const ready = performance.now() - started;
  // What it prints from now on must flow, and is of no interest.
  for (const stream of [child.stdout!, child.stderr!]) stream.removeAllListeners('data').resume();
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return gone;
  };
  return {
    url,
    ready,
    probe: () =>
      new Promise((resolve) => {
        child.once('message', (message) => resolve(message as Probe));
        child.send('probe');
      }),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** Starts the real program on a configuration whose `server` and `log` are given here. */
export async function startTiercel(
  directory: string,
  yaml: string,
  { node = [] }: { readonly node?: readonly string[] } = {},
): Promise<Measured> {
  const file = join(directory, 'tiercel.yaml');
  await writeFile(
    file,
    `server: { listen: "127.0.0.1:0", max_body: 64MiB }\nlog: { format: json }\nshutdown: { deadline: 120s }\njournal: { max_size: 32GiB }\n${yaml}`,
  );
  return startMeasured(join(ROOT, 'dist', 'main.js'), ['run', '-c', file], node);
}

/** A folder that is removed when `use` is done. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(process.env.BENCH_DIRECTORY ?? tmpdir(), 'tiercel-bench-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs one of the bench's own scripts to its end. @returns what it printed, as JSON */
export async function runScript<T>(name: string, args: readonly (string | number)[]): Promise<T> {
  const script = fileURLToPath(new URL(`../${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  alive.add(child);
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  alive.delete(child);
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
  return JSON.parse(text) as T;
}
