import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = new URL('../../dist/', import.meta.url);

/** What a command came to. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one command of the compiled program to its end, in a process of its own and beside whatever else goes on.
 *
 * @param options.cwd where `tiercel.yaml` is found
 * @param options.uid the user it runs as
 */
export function spawnCommand(
  args: readonly string[],
  options: { readonly cwd: string; readonly input?: string; readonly uid?: number },
): Promise<CommandResult> {
  // Variables of the test runner would be keys of the configuration.
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('TIERCEL_'));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('main.js', DIST)), ...args], {
      cwd: options.cwd,
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
      env: Object.fromEntries(env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout: textOf(out), stderr: textOf(err) }));
    // A command that reads nothing may have ended before.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/**
 * Runs one command of the compiled program in this process: a tenth of the time that a process of its own takes. One
 * at a time, because what is printed is caught on its way.
 *
 * @param cwd the folder of its `tiercel.yaml`
 */
export async function runCommand(cwd: string, ...args: readonly string[]): Promise<CommandResult> {
  const { runCli, builtIns } = await compiled();
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const restore = [intercept(process.stdout, out), intercept(process.stderr, err)];
  const outside = Object.entries(process.env).filter(([name]) => name.startsWith('TIERCEL_'));
  for (const [name] of outside) delete process.env[name];
  try {
    const code = await runCli(builtIns, [...args, '-c', join(cwd, 'tiercel.yaml')]);
    return { code, stdout: textOf(out), stderr: textOf(err) };
  } finally {
    for (const undo of restore) undo();
    Object.assign(process.env, Object.fromEntries(outside));
  }
}

interface Compiled {
  readonly runCli: (builtIns: object, argv: readonly string[]) => Promise<number>;
  readonly builtIns: object;
}

let loaded: Promise<Compiled> | undefined;

function compiled(): Promise<Compiled> {
  const load = (path: string) => import(new URL(path, DIST).href);
  loaded ??= Promise.all(['core/cli/index.js', 'distribution/built-ins.js'].map(load)).then(([cli, all]) => ({
    runCli: cli.runCli,
    builtIns: all.builtIns,
  }));
  return loaded;
}

function intercept(stream: NodeJS.WriteStream, into: Buffer[]): () => void {
  const write = stream.write;
  stream.write = (chunk: string | Uint8Array) => {
    into.push(Buffer.from(chunk as string));
    return true;
  };
  return () => {
    stream.write = write;
  };
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
