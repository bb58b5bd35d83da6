import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LoadOptions, LoadResult } from '../lib/load.ts';
import { runScript, startMeasured, withFolder } from '../lib/process.ts';
import type { Peer, Place } from './peers.ts';
import type { Taken } from './sink.ts';
import { freePort, type System, startSystem } from './system.ts';

const SINK = fileURLToPath(new URL('./sink.js', import.meta.url));
const WARM_UP = 2000;
const MEASURED = 4000;
/** A destination that was sent nothing for so long will be sent nothing more; retries are two seconds apart at most. */
const QUIET = 8000;
/** The same where nothing fails; a batch waits a second at most. */
const QUIET_WHEN_WELL = 2000;
/** Of the bytes that came in the end: the last batch of all may have waited for its time, full or not. */
const MOST = 0.99;
const LONGEST = 90_000;

/** How fast a peer takes events. */
export interface Speed {
  /** Events answered a second. */
  readonly rate: number;
  /** Events a second until the destination had nearly all of them. */
  readonly delivered: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time an event, until it was delivered. */
  readonly cost: number;
  /** Of the load generator's own time: near 1, it is what was measured. */
  readonly senderBusy: number;
  readonly refused: number;
  /** Bytes. */
  readonly peak: number;
}

/** What became of the events that were answered with a 2xx. */
export interface Survival {
  readonly answered: number;
  readonly lost: number;
  readonly again: number;
  readonly refused: number;
}

interface Bench {
  readonly place: Place;
  load(system: System, options: Omit<LoadOptions, 'url'>): Promise<LoadResult>;
  sink(method: string, path: string): Promise<string>;
}

export function measureSpeed(peer: Peer, kind: 'one' | 'many'): Promise<Speed> {
  return onBench('count', async (bench) => {
    const { place, load } = bench;
    const system = await startSystem(peer, place);
    const shape =
      kind === 'one' ? { connections: 64, eventsPerRequest: 1 } : { connections: 4, eventsPerRequest: 1000 };
    const options = { ...peer[kind]!, ...shape };
    await load(system, { ...options, milliseconds: WARM_UP });
    await settled(bench, QUIET_WHEN_WELL);
    const before = await system.usage();
    const { result, seen } = await watching(bench, async () => {
      const sent = await load(system, { ...options, milliseconds: MEASURED });
      await settled(bench, QUIET_WHEN_WELL);
      return sent;
    });
    const { cpu, peak } = await system.usage();
    await system.kill();
    const { events, seconds, p50, p99, refused } = result;
    const taken = events - refused * shape.eventsPerRequest;
    return {
      rate: taken / seconds,
      delivered: (1000 * MOST * taken) / (arrivalOf(MOST, seen) - result.startedAt),
      p50,
      p99,
      cost: ((cpu - before.cpu) / taken) * 1e6,
      senderBusy: result.cpu / seconds,
      refused,
      peak,
    };
  });
}

/** kill -9 under load, and a start on what it left behind. */
export function killUnderLoad(peer: Peer): Promise<Survival> {
  return survive(peer, async (bench, system, answered) => {
    const load = bench.load(system, {
      ...peer.one,
      connections: 64,
      eventsPerRequest: 1,
      milliseconds: 60_000,
      answered,
      mayBreak: true,
    });
    await sleep(4000);
    await system.kill();
    const result = await load;
    return { result, next: await startSystem(peer, bench.place) };
  });
}

/** Ten seconds in which the destination answers 503, under a load of 500 events a second; then, or not, kill -9. */
export function outage(peer: Peer, kill: boolean): Promise<Survival> {
  return survive(peer, async (bench, system, answered) => {
    await bench.sink('PUT', '/down');
    const options = {
      connections: 64,
      eventsPerRequest: 1,
      milliseconds: 10_000,
      perSecond: 500,
      answered,
      mayBreak: true,
    };
    const load = bench.load(system, { ...peer.one, ...options });
    await sleep(11_000);
    let next = system;
    if (kill) {
      await system.kill();
      next = await startSystem(peer, bench.place);
    }
    await bench.sink('PUT', '/up');
    return { result: await load, next };
  });
}

function survive(
  peer: Peer,
  harm: (bench: Bench, system: System, answered: string) => Promise<{ result: LoadResult; next: System }>,
): Promise<Survival> {
  return onBench('keep', async (bench) => {
    const answered = join(bench.place.folder, 'answered.json');
    const { result, next } = await harm(bench, await startSystem(peer, bench.place), answered);
    const { again } = await settled(bench, QUIET);
    await next.kill();
    const arrived = new Set(JSON.parse(await bench.sink('GET', '/numbers')) as number[]);
    const numbers = JSON.parse(readFileSync(answered, 'utf8')) as number[];
    const lost = numbers.filter((number) => !arrived.has(number)).length;
    return { answered: numbers.length, lost, again, refused: result.refused };
  });
}

/** What had come at the destination by a time, epoch milliseconds. */
interface Arrived {
  readonly at: number;
  readonly bytes: number;
}

/** Watches what comes at the destination during some work. */
async function watching<T>(
  { sink }: Bench,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly seen: readonly Arrived[] }> {
  const seen: Arrived[] = [];
  let over = false;
  const watch = async () => {
    while (!over) {
      const { bytes } = JSON.parse(await sink('GET', '/')) as Taken;
      seen.push({ at: Date.now(), bytes });
      await sleep(50);
    }
  };
  const watched = watch();
  try {
    return { result: await work(), seen };
  } finally {
    over = true;
    await watched;
  }
}

/** When so much of all that came had come. @throws Error when nothing came */
function arrivalOf(share: number, seen: readonly Arrived[]): number {
  const [first, last] = [seen[0]!.bytes, seen.at(-1)!.bytes];
  if (first === last) throw new Error('nothing came at the destination');
  return seen.find(({ bytes }) => bytes >= first + share * (last - first))!.at;
}

/** Waits until nothing has come for so many milliseconds. */
async function settled({ sink }: Bench, quiet: number): Promise<Taken> {
  const until = performance.now() + LONGEST;
  let last: Taken = { requests: -1, bytes: -1, events: -1, again: 0 };
  for (let since = performance.now(); performance.now() - since < quiet && performance.now() < until; ) {
    await sleep(500);
    const taken = JSON.parse(await sink('GET', '/')) as Taken;
    if (taken.requests !== last.requests) since = performance.now();
    last = taken;
  }
  if (performance.now() >= until) throw new Error(`it still delivers after ${LONGEST / 1000} s`);
  return last;
}

function onBench<T>(mode: 'count' | 'keep', use: (bench: Bench) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const sink = await startMeasured(SINK, [mode]);
    try {
      return await use({
        place: { folder, port: await freePort(), sink: sink.url },
        load: ({ url }, options) => runScript('lib/load', [JSON.stringify({ url, ...options })]),
        sink: async (method, path) => (await fetch(sink.url + path, { method })).text(),
      });
    } finally {
      await sink.kill();
    }
  });
}
