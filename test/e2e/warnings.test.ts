import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runHere } from '../support/cli.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

let tiercel: Tiercel | undefined;
afterEach(() => tiercel?.remove());

/** An output with an option that is going to be removed. */
const PLUGIN = `export default {
  apiVersion: 1, type: 'pager', summary: 'Pages.', examples: [{ title: 'Minimal', options: {} }],
  batch: { events: 1 },
  options: { type: 'object', additionalProperties: false, properties: {
    queue: { type: 'string', deprecated: true, description: 'Use \`topic\`.' } } },
  create: () => ({ deliver: async () => ({ status: 'delivered' }) }),
};`;

const CONFIG = `journal: { path: ./data }
log: { format: json }
outputs:
  pager:
    type: ./pager.js
    queue: a
`;

/** The lines of the log that have the code, parsed. */
const warned = (printed: string) =>
  printed
    .split('\n')
    .filter((line) => line.includes('TIERCEL_CFG_DEPRECATED'))
    .map((line) => JSON.parse(line) as { level: string; path: string; msg: string });

test('an option that is deprecated and set is one line of the log, at the start and at a reload', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tiercel-'));
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  await writeFile(join(directory, 'pager.js'), PLUGIN);
  tiercel = await startTiercel({ config: CONFIG, directory });
  const lines = warned(tiercel.output());
  expect(lines).toMatchObject([{ path: 'outputs.pager.queue' }]);
  expect(lines[0]!.msg).toMatch(/tiercel\.yaml:\d+:5: outputs\.pager\.queue: is deprecated\. Use `topic`\.$/);
  tiercel.send('SIGHUP');
  await until('the warning of the reload', () => warned(tiercel!.output()).length === 2);

  for (const command of ['validate', 'doctor']) {
    const { stderr } = await runHere([command, '-c', 'tiercel.yaml'], directory);
    expect(stderr, command).toMatch(/warning: outputs\.pager\.queue: is deprecated\n/);
    expect(stderr, command).toContain('Use `topic`.');
  }
});

test('a stop of twelve outputs warns of nothing', async () => {
  const outputs = Array.from(
    { length: 12 },
    (_, index) => `  hook_${index}: { type: webhook, url: "http://127.0.0.1:9/${index}" }\n`,
  );
  tiercel = await startTiercel({ config: `journal: { path: ./data }\noutputs:\n${outputs.join('')}` });
  expect(await tiercel.stop()).toEqual({ code: 0, signal: null });
  expect(tiercel.output()).not.toMatch(/warning|listeners added/i);
});
