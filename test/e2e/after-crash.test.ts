import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/port.ts';
import { startTiercel } from '../support/process.ts';

const EVENT = '{"rule":"R","priority":"Notice","time":"2026-07-11T09:44:58Z"}';

test('the start after a kill says so once, with the pending events of each output', async () => {
  const tiercel = await startTiercel({
    config: `
outputs:
  archive: { type: file, path: ./archive.ndjson, batch: { events: 1000, every: 1h } }
  hook: { type: webhook, url: "http://127.0.0.1:${await freePort()}/", minimum_priority: critical }
`,
  });
  onTestFinished(() => tiercel.remove());
  const lines = () => tiercel.output().match(/The last stop was not clean\. Pending events: [^"\n]*/g) ?? [];
  for (const priority of ['Notice', 'Critical', 'Notice'])
    expect((await tiercel.post('/', EVENT.replace('Notice', priority))).status).toBe(200);
  expect(lines()).toEqual([]);
  await tiercel.kill();
  await tiercel.start();
  expect(lines().map((line) => line.trim())).toEqual([
    expect.stringContaining('Pending events: archive 3, hook 1'),
  ]);
  await tiercel.stop();
  await tiercel.start();
  expect(lines()).toHaveLength(1);
}, 60_000);
