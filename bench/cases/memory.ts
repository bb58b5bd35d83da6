import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoadResult } from '../lib/load.ts';
import { runScript, startTiercel, withFolder } from '../lib/process.ts';
import { type Case, megabytes } from '../lib/report.ts';

const WARM_UP = 50_000;
/** What a hung output may cost, beyond the row group of the lake's worker. */
const LIMIT = 256 * 2 ** 20;

/** Up to which the limit holds. */
const MOST_BACKLOG = 5_000_000 + WARM_UP;

const config = (hung: string) => `outputs:
  hung: { type: webhook, url: "${hung}", batch: { events: 1 } }
  archive: { type: file, path: ./archive.ndjson }
  lake: { type: parquet_lake, directory: ./lake, batch: { every: 60m, size: 8GiB } }
`;

const subject: Case = {
  title: 'Memory with a backlog and a hung output',
  about:
    'Three outputs: one that takes its first batch and never answers, a file, and a lake whose batch stays open. Events come in by NDJSON; the memory of the process is looked at after each part of them. The baseline is the same process before the first event.',
  run: (report, { long }) =>
    withFolder(async (folder) => {
      // Takes the request and never answers.
      const hung = createServer((request) => void request.resume());
      await new Promise<void>((resolve) => {
        hung.listen(0, '127.0.0.1', resolve);
      });
      const server = await startTiercel(
        folder,
        config(`http://127.0.0.1:${(hung.address() as AddressInfo).port}/`),
      );
      const { rss: empty } = await server.probe();
      const parts = long ? [100_000, 900_000, 4_000_000, 5_000_000] : [100_000, 400_000, 500_000];
      // What a program costs before its code is warm says nothing of growth.
      const send = (events: number) => {
        const requests = { path: '/events', connections: 4, requests: events / 1000, eventsPerRequest: 1000 };
        return runScript<LoadResult>('lib/load', [JSON.stringify({ url: server.url, ...requests })]);
      };
      await send(WARM_UP);
      let backlog = WARM_UP;
      let cpu = (await server.probe()).cpu;
      let firstCost = 0;
      for (const events of parts) {
        await send(events);
        backlog += events;
        const probe = await server.probe();
        const cost = ((probe.cpu - cpu) / events) * 1e6;
        cpu = probe.cpu;
        firstCost ||= cost;
        const ratio = probe.rss / empty;
        const growth = cost / firstCost;
        report({
          what: `backlog of ${backlog.toLocaleString('en')} events`,
          value: `${megabytes(probe.rss)}, heap ${megabytes(probe.heap)}, peak ${megabytes(probe.peak)}`,
          against: `before the first event (${megabytes(empty)})`,
          ratio: { median: ratio, least: ratio, most: ratio },
          // Beyond it the lake's batch is as large as it may be, and a worker makes its file.
          ...(backlog <= MOST_BACKLOG && {
            figure: probe.rss / 2 ** 20,
            target: { bound: 'at most', value: LIMIT / 2 ** 20, unit: ' MiB' } as const,
          }),
        });
        report({
          what: `the last ${events.toLocaleString('en')} of them, processor time`,
          value: `${cost.toFixed(1)} µs an event, event loop p99 ${probe.delay.p99.toFixed(1)} ms`,
          against: `${parts[0]!.toLocaleString('en')} after the first ${WARM_UP.toLocaleString('en')}`,
          ratio: { median: growth, least: growth, most: growth },
          ...(backlog >= 10_000_000 && { target: { bound: 'at most', value: 1.1 } }),
        });
      }
      await server.kill();
      hung.closeAllConnections();
      hung.close();
    }),
};

export default subject;
