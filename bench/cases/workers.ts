import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Measured, startTiercel, withFolder } from '../lib/process.ts';
import { type Case, megabytes, perSecond, ratios, spread } from '../lib/report.ts';
import { HUNG, load, type Rates } from './ingest.ts';

const SECONDS = 2;
const MODES = {
  one: { path: '/', connections: 64, eventsPerRequest: 1 },
  many: { path: '/events', connections: 4, eventsPerRequest: 1000 },
} as const;

const subject: Case = {
  title: 'Ingest workers',
  about:
    '`server.workers: 2` beside `1`, each event on stable storage before its answer. The load generator takes processor time of its own from the same cores: `cpu` is what the servers, all their processes, make of a second of one. "At the most": all cores busy with nothing but what an event costs one worker and the load generator, which no number of workers can exceed here.',
  run: (report, { rounds }) =>
    withFolder(async (folder) => {
      const start = async (workers: number) => {
        const path = join(folder, String(workers));
        await mkdir(path);
        return startTiercel(path, HUNG('http://127.0.0.1:9/'), { workers });
      };
      const servers: readonly Measured[] = [await start(1), await start(2)];
      for (const [mode, shape] of Object.entries(MODES)) {
        const rates: readonly Rates[][] = [[], []];
        const measure = (index: number) => load(servers[index]!, { ...shape, milliseconds: SECONDS * 1000 });
        for (const index of servers.keys()) await measure(index);
        for (let round = 0; round < rounds; round++) {
          for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) rates[index]!.push(await measure(index));
        }
        const of = (index: number, what: keyof Rates) => rates[index]!.map((rate) => rate[what]);
        const figure = (index: number, what: keyof Rates) => perSecond(spread(of(index, what)).median);
        const label = mode === 'one' ? 'one event a POST, 64 connections' : '1,000 events a request';
        report({
          what: `2 workers, ${label}`,
          value: `${figure(1, 'wall')}, p99 ${spread(of(1, 'p99')).median.toFixed(1)} ms`,
          against: `1 worker (${figure(0, 'wall')}, p99 ${spread(of(0, 'p99')).median.toFixed(1)} ms)`,
          ratio: ratios(of(1, 'wall'), of(0, 'wall')),
          ...(mode === 'one' && { target: { bound: 'at least', value: 1.5 } }),
        });
        const most = rates[0]!.map(
          ({ wall, cpu, sender }) => availableParallelism() / (1 / cpu + sender / wall),
        );
        report({
          what: `what the cores could do at the most, ${label}`,
          value: perSecond(spread(most).median),
          against: `1 worker (${figure(0, 'wall')})`,
          ratio: ratios(most, of(0, 'wall')),
        });
        report({
          what: `2 workers, ${label}, cpu`,
          value: figure(1, 'cpu'),
          against: `1 worker (${figure(0, 'cpu')})`,
          ratio: ratios(of(1, 'cpu'), of(0, 'cpu')),
        });
      }
      const [one, two] = await Promise.all(servers.map(async (server) => (await server.probe()).rss));
      const ratio = two! / one!;
      report({
        what: '2 workers, memory',
        value: megabytes(two!),
        against: `1 worker (${megabytes(one!)})`,
        ratio: { median: ratio, least: ratio, most: ratio },
      });
      for (const server of servers) await server.kill();
    }),
};

export default subject;
