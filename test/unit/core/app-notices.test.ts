import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type App, startApp } from '../../../core/app.ts';
import { loadConfig } from '../../../core/config/load.ts';
import { createRegistry } from '../../../core/plugins/registry.ts';
import { asEvents, defineOutput, delivered, rejected, Type } from '../../../core/sdk/index.ts';
import { createLogger } from '../../../core/telemetry/log.ts';
import eventMapper from '../../../mappers/event.ts';

let directory: string;
let app: App | undefined;
let logged = '';
/** By output, the output texts of the events it was given. */
const given = new Map<string, string[]>();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiercel-app-'));
  logged = '';
  given.clear();
});
afterEach(async () => {
  await app?.stop(AbortSignal.abort());
  app = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const log = createLogger({
  level: 'warn',
  destination: {
    write: (line: string) => {
      logged += line;
    },
  },
  format: 'json',
  secrets: [],
});

/** An output that takes every event, or refuses it. */
const sink = defineOutput({
  apiVersion: 1,
  type: 'sink',
  summary: 'Takes or refuses.',
  options: Type.Object({ refuse: Type.Boolean({ default: false, description: 'Refuse.' }) }),
  examples: [],
  batch: { events: 1 },
  mapper: asEvents,
  packages: { 'old-wire': '^2.0.0', 'new-wire': '^2.0.0' },
  create: ({ refuse }, { name }) => ({
    async deliver({ records }) {
      if (refuse) return rejected('no such index');
      given.set(name, [...(given.get(name) ?? []), ...records.map(({ output }) => output)]);
      return delivered();
    },
  }),
});

async function configOf(outputs: string) {
  const module = 'file:///built-in/sink.js';
  const loaded = await loadConfig({
    text: `server: { listen: "127.0.0.1:0" }\njournal: { path: ./data }\n${outputs}`,
    file: join(directory, 'tiercel.yaml'),
    registry: createRegistry({
      outputs: { sink: { module, load: async () => sink } },
      mappers: { event: { module, load: async () => eventMapper } },
    }),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

const post = async () => {
  const body = JSON.stringify({ rule: 'r', priority: 'Notice', time: '2026-07-11T09:44:58Z', output: 'o' });
  expect((await fetch(`${app!.url}/`, { method: 'POST', body })).status).toBe(200);
};
const noticesAt = (output: string) =>
  (given.get(output) ?? []).filter((text) => text.includes('dead letter'));

it('tells the output that the configuration names of dead letters, and after a reload another one', async () => {
  const quiet = 'minimum_priority: emergency';
  const outputs = `
outputs:
  siem: { type: sink, refuse: true }
  a: { type: sink, ${quiet} }
  b: { type: sink, ${quiet} }
`;
  app = await startApp({ config: await configOf(outputs), log, version: '0' });
  await post();
  // The dead letters from before are not told.
  await expect
    .poll(async () => (await fetch(`${app!.url}/metrics`)).text(), { timeout: 20_000 })
    .toContain('tiercel_events_dead_lettered_total{output="siem",cause="rejected"} 1');
  await app.reload(await configOf(`dead_letters: { on_dead_letter: a }${outputs}`));
  await post();
  await expect.poll(() => noticesAt('a'), { timeout: 20_000 }).toHaveLength(1);
  expect(noticesAt('a')[0]).toContain('1 event became a dead letter at the output siem');
  const { needsRestart } = await app.reload(
    await configOf(outputs.replace('refuse: true', 'refuse: true, on_dead_letter: b')),
  );
  expect(needsRestart).toEqual([]);
  await app.stop(new AbortController().signal);
  // A new process: the minute between two notices is over.
  app = await startApp({
    config: await configOf(outputs.replace('refuse: true', 'refuse: true, on_dead_letter: b')),
    log,
    version: '0',
  });
  await post();
  await expect.poll(() => noticesAt('b'), { timeout: 20_000 }).toHaveLength(1);
  expect(noticesAt('a')).toHaveLength(1);
}, 60_000);

it('warns at the start of an installed package that an output is not made for, and of no other', async () => {
  for (const [name, version] of [
    ['old-wire', '1.5.0'],
    ['new-wire', '2.5.0'],
  ] as const) {
    const folder = join(directory, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version }));
  }
  app = await startApp({ config: await configOf('outputs: { one: { type: sink } }'), log, version: '0' });
  const warnings = logged
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { output: string; msg: string });
  expect(warnings).toMatchObject([
    {
      output: 'one',
      msg: expect.stringContaining('old-wire 1.5.0 is installed; the output is made for ^2.0.0'),
    },
  ]);
});
