import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPoster } from '../../core/cli/post.ts';
import { accountOf, imbalance } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const FILES = 256;

const event = (n: number) =>
  JSON.stringify({
    rule: `rule ${n}`,
    priority: 'Warning',
    time: '2026-07-10T20:15:00Z',
    output: 'x'.repeat(3000),
  });

// The limit is set by the shell, and read by the program, as on Linux only.
describe.skipIf(process.platform !== 'linux')('more connections than file descriptors', () => {
  let tiercel: Tiercel;
  const taken: number[] = [];

  beforeAll(async () => {
    tiercel = await startTiercel({
      config:
        'journal: { path: ./data, segment_size: 64KiB }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n',
      server: '  max_body: 32KiB\n',
      command: ['bash', '-c', `ulimit -n ${FILES}; exec "$0" "$@"`, process.execPath, MAIN],
    });
  }, 30_000);

  afterAll(() => tiercel?.remove());

  test('a client that is connected is served, segments are begun, nothing is lost, and it goes on afterwards', async () => {
    const poster = createPoster(tiercel.url);
    const send = async (n: number) => {
      const { status } = await poster.post('/', event(n));
      if (status === 200) taken.push(n);
      return status;
    };
    expect(await send(0)).toBe(200);
    const idle: Socket[] = [];
    for (let i = 0; i < FILES + 50; i++) {
      const socket = connect(Number(new URL(tiercel.url).port), '127.0.0.1');
      idle.push(socket.on('error', () => {}).resume());
    }
    await until('the connections to be settled', () => idle.every(({ connecting }) => !connecting));
    for (let n = 1; n <= 60; n++) expect(await send(n)).toBe(200);
    // The lock of the journal beats once a second.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await send(61)).toBe(200);
    for (const socket of idle) socket.destroy();
    poster.close();

    const account = await until('everything to be delivered', async () => {
      const found = accountOf((await tiercel.get('/metrics')).body, 'archive');
      return found.pending === 0 && found;
    });
    expect(imbalance('archive', account)).toBeUndefined();
    const lines = readFileSync(join(tiercel.directory, 'archive.ndjson'), 'utf8');
    for (const n of taken) expect(lines).toContain(`"rule ${n}"`);
    expect((await tiercel.stop()).code, tiercel.output()).toBe(0);
  }, 30_000);
});
