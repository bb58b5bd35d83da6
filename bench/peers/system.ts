import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Peer, type Place, programOf } from './peers.ts';

/** A peer that runs. */
export interface System {
  readonly url: string;
  /** Processor seconds so far, and the most memory it has had, bytes. */
  usage(): Promise<{ readonly cpu: number; readonly peak: number }>;
  /** kill -9. */
  kill(): Promise<void>;
}

const PATIENCE = 30_000;
/** Of /proc, in all of Linux's builds. */
const TICKS = 100;
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a peer and waits until it listens. In a folder in which it ran before, it goes on with what it has there. */
export async function startSystem(peer: Peer, place: Place): Promise<System> {
  const { file, text } = peer.config(place);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  const child = spawn(programOf(peer)!, peer.args(place), {
    cwd: place.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production', ...peer.env?.(place) },
  });
  alive.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-4000);
    });
  }
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      alive.delete(child);
      resolve();
    });
  });
  const until = performance.now() + PATIENCE;
  while (!(await listens(place.port))) {
    if (child.exitCode !== null || performance.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`${peer.name} does not listen: ${said}`);
    }
    await sleep(50);
  }
  return {
    url: `http://127.0.0.1:${place.port}`,
    async usage() {
      const [stat, status] = await Promise.all(
        ['stat', 'status'].map((name) => readFile(`/proc/${child.pid}/${name}`, 'utf8')),
      );
      const [user, system] = stat!
        .slice(stat!.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status!)?.[1]) * 1024;
      return { cpu: (Number(user) + Number(system)) / TICKS, peak };
    },
    kill() {
      child.kill('SIGKILL');
      return gone;
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A port that was free a moment ago: not all of them can say which they took. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
