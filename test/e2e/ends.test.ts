import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChild } from '../support/child.ts';
import { MAIN } from '../support/cli.ts';
import { startDestination } from '../support/destination.ts';
import { startTiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const event = (n: number) =>
  `{"rule":"A rule","priority":"Warning","time":"2026-07-10T20:15:00Z","output":"o","output_fields":{"n":${n}}}`;

describe('a start that fails', () => {
  let folder: string;
  let taken: Server;
  let port: number;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiercel-ends-'));
    taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    port = (taken.address() as { port: number }).port;
  });
  afterAll(async () => {
    taken.close();
    await rm(folder, { recursive: true });
  });

  test('closes what it has opened and ends, also with an output that watches its lag', async () => {
    const file = join(folder, 'tiercel.yaml');
    await writeFile(
      file,
      `server: { listen: "127.0.0.1:${port}" }
journal: { path: ./data }
outputs:
  lagging: { type: webhook, url: "http://127.0.0.1:9/", max_lag: { events: 10, action: drop_oldest } }
  archive: { type: file, path: ./archive.ndjson }
`,
    );
    const child = startChild(process.execPath, [MAIN, 'run', '-c', file], { cwd: folder });
    const { code } = await child.exited;
    expect(code).toBe(1);
    expect(child.output()).toContain(`cannot listen on 127.0.0.1:${port}: another process listens there`);
    // The journal was given back: the next start is not refused.
    const again = startChild(process.execPath, [MAIN, 'run', '-c', file], { cwd: folder });
    await again.exited;
    expect(again.output()).not.toContain('is in use by');
  });
});

test('a process that has lost the lock ends with a clear line and acknowledges nothing more', async () => {
  const tiercel = await startTiercel({
    config: 'journal: { path: ./data }\noutputs:\n  out: { type: file, path: ./out.ndjson }\n',
  });
  try {
    expect((await tiercel.post('/', event(1))).status).toBe(200);
    writeFileSync(
      join(tiercel.directory, 'data', 'journal', 'lock'),
      JSON.stringify({ token: 'other', pid: 7, host: 'elsewhere', kernel: 'x', socket: false }),
    );
    await until('the end of the process', () => !tiercel.running());
    expect(tiercel.output()).toMatch(
      /process 7 on elsewhere .*has taken over the lock .*No more events can be accepted: the process ends/,
    );
  } finally {
    await tiercel.remove();
  }
});

test('an output whose cursor cannot be opened at a reload stays routed and listed', async () => {
  const hook = await startDestination();
  const tiercel = await startTiercel({
    config: `journal: { path: ./data }\noutputs:\n  hook: { type: webhook, url: "${hook.url}", batch: { events: 1 } }\n`,
  });
  try {
    const { outputs } = JSON.parse((await tiercel.get('/outputs')).body) as { outputs: { name: string }[] };
    expect(outputs.map(({ name }) => name)).toEqual(['hook']);
    tiercel.send('SIGHUP');
    expect((await tiercel.post('/', event(1))).status).toBe(200);
    await until('the event', () => hook.taken.length > 0);
  } finally {
    await tiercel.remove();
    await hook.close();
  }
});
