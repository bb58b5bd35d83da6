/**
 * The journal against the bare system calls, in one run: `node dist/bench/journal.js` or, with a Node that strips
 * types, `node bench/journal.ts`. Prints events a second and ratios; on a shared disk only the ratios mean anything.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { crc32, crc32Portable } from '../core/journal/crc32.ts';
import { openDiskJournal } from '../core/journal/disk.ts';
import { PositionSet } from '../core/journal/positions.ts';

const nothing = () => {};
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const event = new Uint8Array(1024).fill(120);
const seconds = Number(process.env.BENCH_SECONDS ?? 2);

async function producers(count: number, append: () => Promise<void>): Promise<number> {
  let done = 0;
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: count }, async () => {
      while (performance.now() < end) {
        await append();
        done++;
      }
    }),
  );
  return done / seconds;
}

/** write + fdatasync of everything that waits, and nothing else: no CRC, no positions, no bookkeeping. */
async function bare(directory: string) {
  const file = await open(join(directory, 'bare'), 'w');
  let waiting: (() => void)[] = [];
  let running = false;
  let offset = 0;
  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await setImmediate();
      const group = waiting;
      waiting = [];
      const bytes = Buffer.alloc(group.length * event.length, event);
      await file.write(bytes, 0, bytes.length, offset);
      offset += bytes.length;
      await file.datasync();
      for (const resolve of group) resolve();
    }
    running = false;
  }
  return {
    append: () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (!running) run();
      }),
    close: () => file.close(),
  };
}

function print(what: string, rate: number, than?: number): void {
  const ratio = than === undefined ? '' : `   ${((100 * rate) / than).toFixed(0)} % of bare`;
  console.log(`${what.padEnd(52)} ${Math.round(rate).toLocaleString('en').padStart(12)} /s${ratio}`);
}

const directory = await mkdtemp(join(process.env.BENCH_DIRECTORY ?? tmpdir(), 'journal-bench-'));
try {
  for (const count of [1, 64, 1024]) {
    const floor = await bare(directory);
    const bareRate = await producers(count, floor.append);
    await floor.close();
    print(`bare write + fdatasync, ${count} producers`, bareRate);
    for (const outputs of [['a'], ['a', 'b', 'c']]) {
      const journal = await openDiskJournal({
        directory: join(directory, `${count}-${outputs.length}`),
        maxBytes: 8 * 2 ** 30,
        log,
      });
      for (const output of outputs) await journal.subscribe(output);
      const rate = await producers(count, () =>
        journal.append([{ raw: event, receivedAt: Date.now(), outputs }]),
      );
      print(`journal, ${count} producers, ${outputs.length} outputs`, rate, bareRate);
      await journal.close();
    }
  }

  const backlog = Number(process.env.BENCH_BACKLOG ?? 500_000);
  const path = join(directory, 'backlog');
  const options = { directory: path, maxBytes: 64 * 2 ** 30, log };
  let journal = await openDiskJournal(options);
  for (const output of ['a', 'b', 'c']) await journal.subscribe(output);
  const routes = [['a', 'b', 'c'], ['a'], ['b', 'c']];
  let started = performance.now();
  for (let i = 0; i < backlog; i += 1000) {
    await journal.append(
      Array.from({ length: 1000 }, (_, k) => ({ raw: event, receivedAt: i, outputs: routes[(i + k) % 3]! })),
    );
  }
  print('append, 1000 events a call', backlog / ((performance.now() - started) / 1000));
  await journal.close();

  started = performance.now();
  journal = await openDiskJournal(options);
  const opened = performance.now() - started;
  console.log(
    `recovery of ${backlog.toLocaleString('en')} events: ${opened.toFixed(0)} ms = ${(((opened / backlog) * 5e6) / 1000).toFixed(2)} s for 5 million; RSS ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MB`,
  );

  const reader = await journal.subscribe('a');
  const forever = new AbortController().signal;
  started = performance.now();
  let read = 0;
  while (!reader.caughtUp()) {
    const events = await reader.read({ events: 1000, bytes: 1 << 20 }, forever);
    read += events.length;
    reader.acknowledge(PositionSet.of(...events.map(({ position }) => position)));
  }
  print('read and acknowledge, two events of three wanted', read / ((performance.now() - started) / 1000));
  await journal.close();

  const megabyte = new Uint8Array(1 << 20).fill(7);
  for (const [name, sum] of [
    ['zlib', crc32],
    ['portable', crc32Portable],
  ] as const) {
    const begin = performance.now();
    for (let i = 0; i < 200; i++) sum(megabyte);
    console.log(`crc32, ${name}: ${(200 / ((performance.now() - begin) / 1000)).toFixed(0)} MB/s`);
  }
} finally {
  await rm(directory, { recursive: true });
}
