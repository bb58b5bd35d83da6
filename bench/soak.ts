/**
 * `npm run soak [-- --minutes N]`: the program under a steady load, with a lake, a file and two outputs that never answer.
 * Some requests pin memory in a program that keeps buffers for events: see `lib/pinning.ts`.
 * Fails when memory, open files or the event loop are not what they were: asserted after a third of the time (half of
 * it in a short run: every part must have run), by the slope of a line through the samples.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bare } from './cases/ingest.ts';
import type { LoadResult } from './lib/load.ts';
import { largeBody, post, sparseBody } from './lib/pinning.ts';
import type { Probe } from './lib/probe.ts';
import { runScript, startTiercel, withFolder } from './lib/process.ts';
import { spread } from './lib/report.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '1000' } },
});
const minutes = Number(values.minutes);
const WARM_UP = minutes < 6 ? minutes / 2 : minutes / 3;
if (!(minutes >= 2)) throw new Error('--minutes 2 is the least: before that nothing can be said');
const rate = Number(values.rate);
const SAMPLE = 2_000;
/** A request of one MiB with one event that `behind` wants, or with one event of one MB, this often: milliseconds. */
const PINNING = 1000;
/** Growth over the asserted part, bytes: noise of a heap that breathes is below, a leak of 50 bytes an event above. */
const MOST_GROWTH = 32 * 2 ** 20;
const MOST_FILES = 8;
/** Milliseconds beyond those of an idle process: what others do on the machine makes both late. */
const MOST_DELAY = 50;

const config = (hung: string) => `outputs:
  hung: { type: webhook, url: "${hung}", batch: { events: 1 } }
  behind: { type: webhook, url: "${hung}", minimum_priority: critical, batch: { events: 1000 } }
  archive: { type: file, path: ./archive.ndjson }
  lake: { type: parquet_lake, directory: ./lake, batch: { every: 20s } }
`;

interface Sample extends Probe {
  /** Minutes since the start. */
  readonly at: number;
  /** By how much the event loop of an idle process was late, milliseconds. */
  readonly idle: number;
}

const failed = await withFolder(async (folder) => {
  const hung = createServer((request) => void request.resume());
  await new Promise<void>((resolve) => {
    hung.listen(0, '127.0.0.1', resolve);
  });
  const server = await startTiercel(
    folder,
    config(`http://127.0.0.1:${(hung.address() as AddressInfo).port}/`),
  );
  const idle = await bare('node');
  const milliseconds = minutes * 60_000;
  const load = (options: object) =>
    runScript<LoadResult>('lib/load', [JSON.stringify({ url: server.url, milliseconds, ...options })]);
  // Half of the events one by one, as Falco sends them, half in bulk.
  const loads = Promise.all([
    load({ path: '/', connections: 8, eventsPerRequest: 1, perSecond: rate / 2 }),
    load({ path: '/events', connections: 2, eventsPerRequest: 50, perSecond: rate / 100 }),
  ]);
  let over = false;
  void loads.finally(() => {
    over = true;
  });
  const pinning = (async () => {
    for (let n = 0; !over; n++) {
      if (n % 2 === 0) await post(`${server.url}/events`, sparseBody(n));
      else await post(server.url, largeBody(n));
      await sleep(PINNING);
    }
  })();
  const samples: Sample[] = [];
  const started = performance.now();
  while (!over) {
    await sleep(SAMPLE);
    const at = (performance.now() - started) / 60_000;
    const sample = { ...(await server.probe()), at, idle: (await idle.probe()).delay.p99 };
    samples.push(sample);
    if (samples.length % 15 === 0) console.log(shown(sample));
  }
  const [results] = await Promise.all([loads, pinning]);
  await Promise.all([server.stop(), idle.kill()]);
  hung.closeAllConnections();
  hung.close();
  const events = results.reduce((sum, result) => sum + result.events, 0);
  const refused = results.reduce((sum, result) => sum + result.refused, 0);
  console.log(`${events.toLocaleString('en')} events in ${minutes} minutes, ${refused} refused`);
  return judge(samples, refused);
});
process.exit(failed ? 1 : 0);

function judge(samples: readonly Sample[], refused: number): boolean {
  const warm = samples.filter(({ at }) => at >= WARM_UP);
  const lasted = warm.at(-1)!.at - warm[0]!.at;
  const growth = (of: (sample: Sample) => number) =>
    slope(warm.map((sample) => [sample.at, of(sample)])) * lasted;
  const files = growth(({ files = 0 }) => files);
  const open = spread(warm.map(({ files = 0 }) => files));
  const delay = spread(warm.map(({ delay }) => delay.p99)).median;
  const idle = spread(warm.map((sample) => sample.idle)).median;
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const rss = growth((sample) => sample.rss);
  const heap = growth((sample) => sample.heap);
  const checks: readonly (readonly [string, boolean])[] = [
    [`no request refused: ${refused}`, refused === 0],
    [`RSS grew by ${mebibytes(rss)}`, rss <= MOST_GROWTH],
    [`the heap grew by ${mebibytes(heap)}`, heap <= MOST_GROWTH],
    [`open files grew by ${files.toFixed(1)} (${open.least} to ${open.most})`, files <= MOST_FILES],
    [
      `event loop late by ${delay.toFixed(1)} ms (median of p99; an idle process ${idle.toFixed(1)} ms)`,
      delay <= idle + MOST_DELAY,
    ],
  ];
  for (const [what, held] of checks) console.log(`${held ? 'ok    ' : 'FAILED'} ${what}`);
  return checks.some(([, held]) => !held);
}

/** Of the line of least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  let above = 0;
  let below = 0;
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

function shown({ at, rss, heap, files, delay }: Sample): string {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return `${at.toFixed(1)} min: RSS ${mebibytes(rss)}, heap ${mebibytes(heap)}, ${files ?? '?'} files, event loop p99 ${delay.p99.toFixed(1)} ms`;
}
