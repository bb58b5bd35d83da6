import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountOf, imbalance } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

const EVENTS = 400;

/** The numbers in the bodies that a destination got; it takes them all, or none. */
async function destination() {
  const got = new Set<number>();
  const state = { up: false };
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      if (state.up) for (const [, n] of body.matchAll(/"n":(\d+)/g)) got.add(Number(n));
      response.writeHead(state.up ? 200 : 503).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { got, state, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const event = (n: number) =>
  JSON.stringify({
    rule: 'A rule',
    priority: 'Warning',
    time: '2026-07-10T20:15:00.123456789Z',
    output: 'x'.repeat(500),
    output_fields: { n },
  });

describe('a journal that was damaged while nobody wrote it', () => {
  let tiercel: Tiercel;
  let hook: Awaited<ReturnType<typeof destination>>;
  let saved: string;

  beforeAll(async () => {
    hook = await destination();
    tiercel = await startTiercel({
      config: `
journal: { path: ./data, segment_size: 64KiB }
outputs:
  hook: { type: webhook, url: "${hook.url}", batch: { events: 20, every: 1s }, retry: { initial: 100ms, max: 200ms } }
`,
      server: '  max_body: 1MiB\n',
    });
    for (let start = 0; start < EVENTS; start += 50) {
      const numbers = Array.from({ length: 50 }, (_, i) => start + i);
      await Promise.all(
        numbers.map(async (n) => expect((await tiercel.post('/', event(n))).status).toBe(200)),
      );
    }
    await tiercel.kill();
    saved = join(tiercel.directory, 'saved');
    // Without the lease, which the next start would watch for some seconds: this is not about who owns the journal.
    const isFile = (path: string) => !/(\.sock|\/lock)$/.test(path);
    cpSync(join(tiercel.directory, 'data'), saved, { recursive: true, filter: isFile });
    hook.state.up = true;
  }, 60_000);

  afterAll(async () => {
    await tiercel?.remove();
    hook?.server.closeAllConnections();
    hook?.server.close();
  });

  const cases: readonly (readonly [
    string,
    (journal: string, segments: readonly string[]) => void,
    Expected,
  ])[] = [
    ['bytes in every segment', (_, all) => all.forEach(flipSome), { lost: [1, 200], said: 'corrupt bytes' }],
    ['half a segment', (_, [, second]) => cut(second!, 0.5), { lost: [1, 150], said: 'missing|corrupt' }],
    ['the newest bytes', (_, all) => cut(all.at(-1)!, -7), { lost: [1, 1], said: 'incomplete write' }],
    ['both copies of a header', (_, [, second]) => zero(second!, 0, 128), { lost: [0, 0], said: 'replaced' }],
    [
      'the newest segment',
      (_, all) => rmSync(all.at(-1)!),
      { lost: [1, 150], said: 'missing from the journal' },
    ],
    [
      'the end of the newest segment',
      (_, all) => zero(all.at(-1)!, -4096),
      { lost: [1, 10], said: 'end of the journal is corrupt' },
    ],
    [
      'the first segment',
      (_, [first]) => rmSync(first!),
      { lost: [1, 150], said: 'missing from the journal' },
    ],
    [
      'the cursors',
      (journal) => garble(join(journal, 'cursors')),
      { lost: [0, 0], said: 'cursor is corrupt' },
    ],
    ['the manifests', (journal) => writeFileSync(join(journal, 'manifests'), 'garbage'), { lost: [0, 0] }],
  ];

  interface Expected {
    /** At least and at most. */
    readonly lost: readonly [number, number];
    readonly said?: string;
  }

  test.each(cases)(
    '%s: it starts, delivers the rest, says what is gone, and the books balance',
    async (_, harm, expected) => {
      const journal = join(tiercel.directory, 'data', 'journal');
      rmSync(join(tiercel.directory, 'data'), { recursive: true });
      cpSync(saved, join(tiercel.directory, 'data'), { recursive: true });
      const segments = readdirSync(journal)
        .filter((name) => name.endsWith('.segment'))
        .sort();
      harm(
        journal,
        segments.map((name) => join(journal, name)),
      );
      hook.got.clear();
      const before = tiercel.output().length;

      await tiercel.start();
      await tiercel.post('/', event(EVENTS));
      const account = await until('the backlog to be delivered', async () => {
        const found = accountOf((await tiercel.get('/metrics')).body, 'hook');
        return found.pending === 0 && hook.got.has(EVENTS) && found;
      });
      await tiercel.stop();

      const lost = EVENTS + 1 - hook.got.size;
      const said = tiercel.output().slice(before);
      expect(imbalance('hook', account), said).toBeUndefined();
      expect(account.delivered).toBe(hook.got.size);
      // None is lost that is not counted.
      expect(account.lost, said).toBeGreaterThanOrEqual(lost);
      expect(lost).toBeGreaterThanOrEqual(expected.lost[0]);
      expect(lost).toBeLessThanOrEqual(expected.lost[1]);
      if (!existsSync(join(journal, 'corrupt'))) expect(said).not.toContain('corrupt/');
      if (expected.said) expect(said).toMatch(new RegExp(expected.said));
    },
    30_000,
  );
});

function flip(path: string, share: number): void {
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length * share)]! ^= 0xff;
  writeFileSync(path, bytes);
}

/** Places that are scattered and the same on every run. */
function flipSome(path: string): void {
  const places = createHash('sha256').update(path.slice(-20)).digest();
  for (let i = 0; i < 8; i++) flip(path, 0.02 + (0.96 * places[i]!) / 256);
}

/** Zeros in place of bytes; a negative offset counts from the end. */
function zero(path: string, offset: number, length = Number.POSITIVE_INFINITY): void {
  const bytes = readFileSync(path);
  const start = offset < 0 ? bytes.length + offset : offset;
  bytes.fill(0, start, Math.min(bytes.length, start + length));
  writeFileSync(path, bytes);
}

/** To a share of its length, or by so many bytes. */
function cut(path: string, to: number): void {
  const { size } = statSync(path);
  truncateSync(path, to > 0 ? Math.floor(size * to) : size + to);
}

function garble(directory: string): void {
  for (const name of readdirSync(directory)) writeFileSync(join(directory, name), 'garbage');
}
