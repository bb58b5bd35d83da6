import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type App, startApp } from '../../../core/app.ts';
import { loadConfig } from '../../../core/config/load.ts';
import * as store from '../../../core/dead-letters/store.ts';
import { createRegistry } from '../../../core/plugins/registry.ts';
import * as when from '../../../core/routing/when.ts';
import { defineOutput, rejected, Type } from '../../../core/sdk/index.ts';
import { createLogger } from '../../../core/telemetry/log.ts';
import falco from '../../../mappers/falco.ts';

let directory: string;
let app: App | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiercel-app-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await app?.stop(AbortSignal.abort());
  app = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const log = createLogger({ level: 'error', destination: { write: () => {} }, format: 'json', secrets: [] });

/** An output that refuses every event. @param onStop is called when it is stopped */
async function configOf(listen: string, onStop: () => void, more = 'enabled: true') {
  const picky = defineOutput({
    apiVersion: 1,
    type: 'picky',
    summary: 'Refuses.',
    options: Type.Object({}),
    examples: [],
    batch: { events: 10_000, every: 10 },
    mapper: 'falco',
    ordering: 'none',
    create: () => ({ deliver: async () => rejected('no'), stop: async () => onStop() }),
  });
  const module = 'file:///built-in/picky.js';
  const loaded = await loadConfig({
    text: `server: { listen: "${listen}" }\njournal: { path: ./data }\noutputs:\n  picky:\n    type: picky\n    ${more}\n`,
    file: join(directory, 'tiercel.yaml'),
    registry: createRegistry({
      outputs: { picky: { module, load: async () => picky } },
      mappers: { falco: { module, load: async () => falco } },
    }),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

/** So many that a list of their dead letters does not fit into the buffers of a connection. */
const MANY = 20_000;
const EVENT = { rule: 'r', priority: 'Notice', time: '2026-07-11T09:44:58Z', output: 'o' };

it('compiles the condition of an output once, and routes by it', async () => {
  const config = await configOf('127.0.0.1:0', () => {}, 'when: rule == "r"');
  const compile = vi.spyOn(when, 'compileWhen');
  app = await startApp({ config, log, version: '0' });
  expect(compile).toHaveBeenCalledTimes(1);
  for (const rule of ['r', 'other'])
    await fetch(app.url, { method: 'POST', body: JSON.stringify({ ...EVENT, rule }) });
  const text = await (await fetch(`${app.url}/metrics`)).text();
  expect(text).toMatch(/^tiercel_events_unrouted_total 1$/m);
});

it('stops the outputs while an operator still reads', async () => {
  let stopped = false;
  const config = await configOf('127.0.0.1:0', () => {
    stopped = true;
  });
  app = await startApp({ config, log, version: '0' });
  const bulk = JSON.stringify(Array.from({ length: MANY }, (_, n) => ({ ...EVENT, output_fields: { n } })));
  expect((await fetch(`${app.url}/events`, { method: 'POST', body: bulk })).status).toBe(202);
  const url = `${app.url}/metrics`;
  const letters = new RegExp(`dead_lettered_total\\{[^}]*\\} ${MANY}$`, 'm');
  await expect.poll(async () => (await fetch(url)).text(), { timeout: 10_000 }).toMatch(letters);
  const call = request({ socketPath: join(directory, 'data', 'admin.sock'), path: '/dead-letters' });
  call.on('error', () => {}).end();
  const [answer] = await once(call, 'response');
  const over = app.stop(new AbortController().signal);
  await expect.poll(() => stopped).toBe(true);
  answer.destroy();
  await over;
});

it('says why it did not start, also where what it opened cannot be closed', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  let stopped = 0;
  const config = await configOf(`127.0.0.1:${port}`, () => stopped++);
  const open = store.openDeadLetterStore;
  vi.spyOn(store, 'openDeadLetterStore').mockImplementation(async (...args) => ({
    ...(await open(...args)),
    close: () => Promise.reject(new Error('it cannot be closed')),
  }));
  await expect(startApp({ config, log, version: '0' })).rejects.toThrow('another process listens there');
  expect(stopped).toBe(1);
  taken.close();
});

it('gives both journals back where the dead letters cannot be opened', async () => {
  const config = await configOf('127.0.0.1:0', () => {});
  vi.spyOn(store, 'openDeadLetterStore').mockRejectedValueOnce(new Error('no dead letters'));
  await expect(startApp({ config, log, version: '0' })).rejects.toThrow('no dead letters');
  app = await startApp({ config, log, version: '0' });
});
