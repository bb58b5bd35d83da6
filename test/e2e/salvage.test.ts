import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../support/commands.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

/** Right-to-left override: a terminal would obey it. */
const OVERRIDE = '\u202e';
const event = (rule: string) =>
  `{"rule":"${rule}","priority":"Critical",\n"time":"2026-07-11T09:44:58Z","output":"a${OVERRIDE}b"}`;

test('salvage prints events and dead letters of corrupt/ so that they can be sent again', async () => {
  const server = createServer((request, response) =>
    request.resume().on('end', () => response.writeHead(400).end()),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const tiercel = await startTiercel({
    config: `outputs:\n  hook: { type: webhook, url: "http://127.0.0.1:${port}/", batch: { events: 1 } }\n`,
  });
  try {
    const bytes = Buffer.from(event('bytes').replace('"a', '"\u00ff'), 'latin1');
    expect((await tiercel.post('/', event('text'))).status).toBe(200);
    expect((await fetch(tiercel.url, { method: 'POST', body: bytes })).status).toBe(200);
    await until('two dead letters', async () =>
      (await tiercel.get('/metrics')).body.includes('tiercel_dead_letters{output="hook"} 2'),
    );
    await tiercel.stop();
    for (const name of ['journal', 'dead-letters']) {
      const folder = join(tiercel.directory, 'data', name);
      mkdirSync(join(folder, 'corrupt'), { recursive: true });
      for (const file of readdirSync(folder).filter((one) => one.endsWith('.segment')))
        renameSync(join(folder, file), join(folder, 'corrupt', file));
    }
    const plain = await runCommand(tiercel.directory, 'journal', 'salvage');
    expect(plain.stdout).not.toContain(OVERRIDE);
    const lines = plain.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    // Each was in the journal, and is a dead letter.
    expect(lines.map(({ rule }) => rule)).toEqual(['text', 'bytes', 'text', 'bytes']);
    expect(lines[0].output).toBe(`a${OVERRIDE}b`);
    expect(plain.stderr).toContain('2 events are not UTF-8');

    const { stdout } = await runCommand(tiercel.directory, 'journal', 'salvage', '--json');
    const known = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(known[0]).toMatchObject({ outputs: ['hook'], event: event('text') });
    expect(Buffer.from(known[1].event_base64, 'base64').equals(bytes)).toBe(true);
    expect(known[2]).toMatchObject({
      outputs: ['hook'],
      event: event('text'),
      reason: expect.stringContaining('400'),
    });
  } finally {
    await tiercel.remove();
    server.close();
  }
});
