import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { largeBody, post, sparseBody } from '../lib/pinning.ts';
import { type Measured, startTiercel, withFolder } from '../lib/process.ts';
import { type Case, megabytes } from '../lib/report.ts';

type Report = Parameters<Case['run']>[0];

/** What the process may hold at most, whatever the shape of the load. */
const LIMIT = 256 * 2 ** 20;
const REQUESTS = 600;

/** One output waits for an answer that never comes; a file takes what it wants. */
const wantLittle = (hung: string) => `outputs:
  hung: { type: webhook, url: "${hung}", minimum_priority: critical, batch: { events: 1 } }
  sparse: { type: file, path: ./sparse.ndjson, minimum_priority: critical }
`;

/** All is stored, for the archive; the other one holds a batch of one event in a thousand. */
const readBehind = (hung: string) => `outputs:
  archive: { type: file, path: ./archive.ndjson }
  hung: { type: webhook, url: "${hung}", minimum_priority: critical, batch: { events: ${REQUESTS} } }
`;

const subject: Case = {
  title: 'Memory that events hold beyond their own bytes',
  about: `The memory of the process under loads that pin as much as they can: ${REQUESTS} NDJSON bodies of one MiB of which the outputs want one event; ${REQUESTS} single events of one MB; and a restart on a backlog of which an output reads one event in a thousand. One output never answers. A program that keeps a buffer for each of its events grows by one MiB a request. The baseline is the same process before the first event.`,
  async run(report) {
    const hung = createServer((request) => void request.resume());
    await new Promise<void>((resolve) => {
      hung.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(hung.address() as AddressInfo).port}/`;
    const empty = await withFolder((folder) => intake(folder, wantLittle(url), report));
    await withFolder((folder) => backlog(folder, readBehind(url), empty, report));
    hung.closeAllConnections();
    hung.close();
  },
};

/** @returns the memory before the first event, bytes */
async function intake(folder: string, config: string, report: Report): Promise<number> {
  const server = await startTiercel(folder, config);
  const { rss: empty } = await server.probe();
  for (let n = 0; n < REQUESTS; n++) await post(`${server.url}/events`, sparseBody(n));
  await tell(server, `${REQUESTS} requests of 1 MiB with one wanted event`, empty, report);
  for (let n = 0; n < REQUESTS; n++) await post(server.url, largeBody(n));
  await tell(server, `${REQUESTS} single events of 1 MB`, empty, report);
  await server.kill();
  return empty;
}

async function backlog(folder: string, config: string, empty: number, report: Report): Promise<void> {
  const first = await startTiercel(folder, config);
  for (let n = 0; n < REQUESTS; n++) await post(`${first.url}/events`, sparseBody(n));
  await first.kill();
  const server = await startTiercel(folder, config);
  // It reads until its batch is full, and then for as long as it takes to write the manifest.
  for (let before = -1, cpu = 0; cpu - before > 0.05; ) {
    await sleep(2000);
    before = cpu;
    ({ cpu } = await server.probe());
  }
  await tell(
    server,
    `a restart on ${REQUESTS} MiB that an output reads one event in a thousand of`,
    empty,
    report,
  );
  await server.kill();
}

async function tell(server: Measured, what: string, empty: number, report: Report): Promise<void> {
  const { rss, heap, peak } = await server.probe();
  report({
    what: `after ${what}`,
    value: `${megabytes(rss)}, heap ${megabytes(heap)}, peak ${megabytes(peak)}`,
    against: `before the first event (${megabytes(empty)})`,
    ratio: { median: rss / empty, least: rss / empty, most: rss / empty },
    figure: rss / 2 ** 20,
    target: { bound: 'at most', value: LIMIT / 2 ** 20, unit: ' MiB' } as const,
  });
}

export default subject;
