import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTiercel, withFolder } from '../lib/process.ts';
import { type Case, megabytes } from '../lib/report.ts';

/** What the process may hold at most, whatever the shape of the load. */
const LIMIT = 256 * 2 ** 20;
const REQUESTS = 600;

const config = (hung: string) => `outputs:
  hung: { type: webhook, url: "${hung}", minimum_priority: critical, batch: { events: 1 } }
  sparse: { type: file, path: ./sparse.ndjson, minimum_priority: critical }
`;

function event(n: number, priority: string, padding: number): string {
  return `{"rule":"A rule","priority":"${priority}","time":"2026-07-10T20:15:00.123456789Z","output":"${'x'.repeat(padding)}","output_fields":{"n":${n}}}`;
}

/** A body of one MiB of which the outputs want a single event. */
function sparseBody(n: number): string {
  const others = Array.from({ length: 1000 }, (_, i) => event(i, 'Debug', 900));
  others.splice(n % 1000, 0, event(n, 'Critical', 100));
  return others.join('\n');
}

const subject: Case = {
  title: 'Memory that events hold beyond their own bytes',
  about: `The memory of the process after ${REQUESTS} requests that pin as much as they can: NDJSON bodies of one MiB of which the outputs want one event, and single events of one MB. One output never answers, a file takes what it wants. A program that keeps a request for each of its events grows by one MiB a request. The baseline is the same process before the first event.`,
  run: (report) =>
    withFolder(async (folder) => {
      const hung = createServer((request) => void request.resume());
      await new Promise<void>((resolve) => {
        hung.listen(0, '127.0.0.1', resolve);
      });
      const server = await startTiercel(
        folder,
        config(`http://127.0.0.1:${(hung.address() as AddressInfo).port}/`),
      );
      const { rss: empty } = await server.probe();
      const loads = [
        ['requests of 1 MiB with one wanted event', '/events', sparseBody],
        ['single events of 1 MB', '/', (n: number) => event(n, 'Critical', 1_000_000)],
      ] as const;
      for (const [what, path, bodyOf] of loads) {
        for (let n = 0; n < REQUESTS; n++) {
          const answer = await fetch(server.url + path, { method: 'POST', body: bodyOf(n) });
          await answer.arrayBuffer();
          if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
        }
        const { rss, heap, peak } = await server.probe();
        report({
          what: `after ${REQUESTS} ${what}`,
          value: `${megabytes(rss)}, heap ${megabytes(heap)}, peak ${megabytes(peak)}`,
          against: `before the first event (${megabytes(empty)})`,
          ratio: { median: rss / empty, least: rss / empty, most: rss / empty },
          figure: rss / 2 ** 20,
          target: { bound: 'at most', value: LIMIT / 2 ** 20, unit: ' MiB' } as const,
        });
      }
      await server.kill();
      hung.closeAllConnections();
      hung.close();
    }),
};

export default subject;
