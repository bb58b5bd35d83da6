import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeSocket, serveSocket, shortenPath } from '../../../../core/http/admin-socket.ts';
import { type Address, type RunningServer, startServer } from '../../../../core/http/server.ts';
import { setup } from './setup.ts';

let directory: string;
let running: RunningServer[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiercel-socket-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop(AbortSignal.abort())));
  rmSync(directory, { recursive: true, force: true });
});

const { app, log, maxBody } = await setup();
const startAt = (at: Address) => startServer({ fetch: app.fetch, at, maxConnections: 10, maxBody, log });

/** Serves at a socket, to the end of the test. */
async function serve(path: string, options: { replace?: boolean; start?: typeof startAt } = {}) {
  const server = await serveSocket(path, options.start ?? startAt, options.replace ?? true);
  running.push(server);
  return server;
}

async function ask(path: string): Promise<number | string> {
  const short = shortenPath(path);
  try {
    return await new Promise((resolve) => {
      request({ socketPath: short.path, path: '/healthz', agent: false }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      })
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
        .end();
    });
  } finally {
    short.close();
  }
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the admin socket', () => {
  it('is there for its owner only from the first moment, and gone after a stop', async () => {
    const path = join(directory, 'admin.sock');
    const server = await serve(path, {
      start: async (at) => {
        const made = await startAt(at);
        // It takes connections now: nobody else can come as far, and nothing is at its own path yet.
        const { path: bound } = at as { path: string };
        expect(modeOf(dirname(bound))).toBe(0o700);
        expect(existsSync(path)).toBe(false);
        return made;
      },
    });
    expect(server.url).toBe(path);
    expect(modeOf(path)).toBe(0o600);
    expect(statSync(path).isSocket()).toBe(true);
    expect(readdirSync(directory)).toEqual(['admin.sock']);
    expect(await ask(path)).toBe(200);
    await server.stop(AbortSignal.abort());
    expect(readdirSync(directory)).toEqual([]);
  });

  it('takes the place of one that a killed process left', async () => {
    const path = join(directory, 'admin.sock');
    const leave = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', leave]);
    expect(statSync(path).isSocket()).toBe(true);
    expect(await probeSocket(path)).toBe('ECONNREFUSED');
    await serve(path, { replace: false });
    expect(await ask(path)).toBe(200);
  });

  it('leaves one alone that another process serves, unless this one holds the lock', async () => {
    const path = join(directory, 'admin.sock');
    const other: Server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(path, resolve));
    try {
      await expect(serve(path, { replace: false })).rejects.toThrow('another process serves it');
      expect(await probeSocket(path)).toBe('live');
      expect(readdirSync(directory)).toEqual(['admin.sock']);
      // A process that was stopped for long has lost the lock, and its socket still takes connections.
      await serve(path, { replace: true });
      expect(await ask(path)).toBe(200);
    } finally {
      other.close();
    }
  });

  it('is not removed by the one that it was taken from', async () => {
    const path = join(directory, 'admin.sock');
    const first = await serve(path);
    await serve(path);
    await first.stop(AbortSignal.abort());
    expect(await ask(path)).toBe(200);
  });

  it('does not take the place of what is no socket', async () => {
    const path = join(directory, 'admin.sock');
    writeFileSync(path, 'kept');
    await expect(serve(path)).rejects.toThrow('is not a socket');
    expect(readdirSync(directory)).toEqual(['admin.sock']);
  });

  it('leaves nothing behind where it cannot be made', async () => {
    const path = join(directory, 'admin.sock');
    const start = () => Promise.reject(new Error('no sockets on this volume'));
    await expect(serve(path, { start })).rejects.toThrow('no sockets on this volume');
    expect(readdirSync(directory)).toEqual([]);
    await expect(serve(join(directory, 'nowhere', 'admin.sock'))).rejects.toThrow('ENOENT');
  });

  it.runIf(process.platform === 'linux')('works under a path of any length', async () => {
    for (const length of [60, 90, 98, 107, 108, 150, 240]) {
      const folder = join(directory, 'x'.repeat(length));
      mkdirSync(folder);
      const path = join(folder, 'admin.sock');
      const server = await serve(path);
      expect([length, await ask(path), await probeSocket(path)]).toEqual([length, 200, 'live']);
      expect(modeOf(path)).toBe(0o600);
      await server.stop(AbortSignal.abort());
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('tells whether an instance is at the other end', async () => {
    const path = join(directory, 'admin.sock');
    expect(await probeSocket(path)).toBe('ENOENT');
    expect(await probeSocket(join(directory, 'x'.repeat(200), 'admin.sock'))).toBe('ENOENT');
    await serve(path);
    expect(await probeSocket(path)).toBe('live');
  });

  it.runIf(process.getuid?.() === 0)('refuses another user of the machine', async () => {
    const path = join(directory, 'admin.sock');
    await serve(path);
    const connect = `require('net').connect(${JSON.stringify(path)}).on('connect', () => console.log('connected')).on('error', (e) => console.log(e.code))`;
    const asOther = (folderMode: number) => {
      spawnSync('chmod', [folderMode.toString(8), directory]);
      return new Promise((resolve) => {
        // Asynchronously: the socket is served by this process.
        const child = spawnAs(connect);
        child.then(resolve);
      });
    };
    // Though the folder is open to all.
    expect(await asOther(0o777)).toBe('EACCES');
    expect(await asOther(0o700)).toBe('EACCES');
  });
});

async function spawnAs(script: string): Promise<string> {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', script], { uid: 65534, gid: 65534, cwd: '/' });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return out.trim();
}
