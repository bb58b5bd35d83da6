import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LoadOptions, LoadResult } from '../lib/load.ts';
import { type Measured, runScript, startMeasured, startTiercel, withFolder } from '../lib/process.ts';
import { type Case, perSecond, ratios, spread } from '../lib/report.ts';

const CONNECTIONS = [1, 8, 64, 512];
/** The number of connections that the target is for. */
const HELD = 64;
const SECONDS = 1.5;

/** Events an answered second and a second of the server's processor time. */
export interface Rates {
  readonly wall: number;
  readonly cpu: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Of its time, how much the load generator's processor was busy: near 1, it is what was measured. */
  readonly sender: number;
}

export async function load(server: Measured, options: Omit<LoadOptions, 'url'>): Promise<Rates> {
  const before = await server.probe();
  const {
    events,
    seconds,
    refused,
    p99,
    cpu: sending,
  } = await runScript<LoadResult>('lib/load', [JSON.stringify({ url: server.url, ...options })]);
  if (refused > 0) throw new Error(`${refused} requests were refused`);
  const { cpu } = await server.probe();
  return { wall: events / seconds, cpu: events / (cpu - before.cpu), p99, sender: sending / seconds };
}

export function bare(kind: 'hono' | 'node' | 'durable', file = ''): Promise<Measured> {
  return startMeasured(fileURLToPath(new URL('../lib/bare.js', import.meta.url)), [kind, file]);
}

/** An output that takes one batch and never answers: what remains is ingest alone. */
export const HUNG = (url: string) =>
  `outputs:\n  hung: { type: webhook, url: "${url}", retry: { initial: 60s } }\n`;
const LAKE =
  'outputs:\n  lake: { type: parquet_lake, directory: ./lake, batch: { every: 10m, size: 2GiB } }\n';

const ingest: Case = {
  title: 'Ingest, one event a POST',
  about:
    'Each event is on stable storage (`fdatasync`) before its answer. The baselines read the body, answer 200 and keep nothing; one of them writes and syncs it first, which is what the disk allows. ' +
    '"alone": no output has work; "lake": an output gathers the events for a Parquet file meanwhile. `cpu`: the same, a processor second of the server.',
  run: (report, { rounds }) =>
    withFolder(async (folder) => {
      const [one, two] = [`${folder}/one`, `${folder}/two`];
      await Promise.all([one, two].map((path) => mkdir(path)));
      const servers = {
        node: await bare('node'),
        hono: await bare('hono'),
        durable: await bare('durable', `${folder}/bare`),
        alone: await startTiercel(one, HUNG('http://127.0.0.1:9/')),
        lake: await startTiercel(two, LAKE),
      };
      try {
        for (const server of Object.values(servers)) {
          await load(server, { path: '/', connections: 64, milliseconds: 1500, eventsPerRequest: 1 });
        }
        for (const connections of CONNECTIONS) {
          const rates: Record<string, Rates[]> = {
            node: [],
            hono: [],
            durable: [],
            alone: [],
            lake: [],
          };
          // Where a target is held, enough of them for what else goes on on the machine to even out.
          const more = connections === HELD ? 4 : 0;
          for (let round = 0; round < rounds + more; round++) {
            // In turn from either end: what changes on the machine meanwhile falls on all of them.
            const turn = Object.entries(servers);
            for (const [name, server] of round % 2 === 0 ? turn : turn.reverse()) {
              const options = { path: '/', connections, milliseconds: SECONDS * 1000, eventsPerRequest: 1 };
              rates[name]!.push(await load(server, options));
            }
          }
          const of = (name: string, what: keyof Rates) => rates[name]!.map((rate) => rate[what]);
          const target = { bound: 'at least', value: 0.8 } as const;
          for (const name of ['alone', 'lake']) {
            report({
              what: `${name}, ${connections} connections`,
              value: `${perSecond(spread(of(name, 'wall')).median)}, p99 ${spread(of(name, 'p99')).median.toFixed(1)} ms`,
              against: `bare Hono (${perSecond(spread(of('hono', 'wall')).median)})`,
              ratio: ratios(of(name, 'wall'), of('hono', 'wall')),
              ...(connections === HELD && { target }),
            });
            report({
              what: `${name}, ${connections} connections, cpu`,
              value: perSecond(spread(of(name, 'cpu')).median),
              against: `bare Hono (${perSecond(spread(of('hono', 'cpu')).median)})`,
              ratio: ratios(of(name, 'cpu'), of('hono', 'cpu')),
            });
          }
          report({
            what: `alone, ${connections} connections`,
            value: perSecond(spread(of('alone', 'wall')).median),
            against: `node:http, write + fdatasync (${perSecond(spread(of('durable', 'wall')).median)})`,
            ratio: ratios(of('alone', 'wall'), of('durable', 'wall')),
          });
          report({
            what: `bare Hono, ${connections} connections`,
            value: perSecond(spread(of('hono', 'wall')).median),
            against: `bare node:http (${perSecond(spread(of('node', 'wall')).median)})`,
            ratio: ratios(of('hono', 'wall'), of('node', 'wall')),
          });
          const busy = ['alone', 'hono', 'node'].map(
            (name) => `${name} ${Math.round(100 * spread(of(name, 'sender')).median)} %`,
          );
          report({
            what: `load generator, ${connections} connections`,
            value: `busy for ${busy.join(', ')} of the time`,
          });
        }
      } finally {
        for (const server of Object.values(servers)) await server.kill();
      }
    }),
};

export default ingest;
