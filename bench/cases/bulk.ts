import { runScript, startTiercel, withFolder } from '../lib/process.ts';
import { type Case, perSecond, ratios, spread } from '../lib/report.ts';
import { HUNG, load } from './ingest.ts';

const subject: Case = {
  title: 'Ingest, NDJSON',
  about:
    'Requests of 1,000 events over 4 connections, each event on stable storage before the answer, by processor time of the server. The baseline does nothing but split the lines and `JSON.parse` them.',
  run: (report, { rounds }) =>
    withFolder(async (folder) => {
      const server = await startTiercel(folder, HUNG('http://127.0.0.1:9/'));
      const options = { path: '/events', connections: 4, milliseconds: 3000, eventsPerRequest: 1000 };
      await load(server, options);
      const ours: number[] = [];
      const wall: number[] = [];
      const baseline: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { perCpuSecond } = await runScript<{ perCpuSecond: number }>('lib/parse-lines', [2000]);
        baseline.push(perCpuSecond);
        const rates = await load(server, options);
        ours.push(rates.cpu);
        wall.push(rates.wall);
      }
      await server.kill();
      const parse = spread(baseline).median;
      const { median } = spread(ours);
      report({
        what: 'bulk, a processor second',
        value: `${perSecond(median)}, ${perSecond(spread(wall).median)} on the clock`,
        against: `JSON.parse alone (${perSecond(parse)})`,
        ratio: ratios(ours, baseline),
        figure: median,
        target: { bound: 'at least', value: Math.round(Math.min(100_000, parse / 2)), unit: ' /s' },
      });
    }),
};

export default subject;
