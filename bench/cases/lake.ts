import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LoadResult } from '../lib/load.ts';
import { runScript, startMeasured, startTiercel, withFolder } from '../lib/process.ts';
import { type Case, megabytes, perSecond } from '../lib/report.ts';
import { startObjectServer } from '../lib/s3.ts';
import { bare } from './ingest.ts';

const config = (endpoint: string, events: number) => `outputs:
  lake:
    type: parquet_lake
    bucket: falco-lake
    region: us-east-1
    endpoint: ${endpoint}
    force_path_style: true
    access_key_id: bench
    secret_access_key: bench
    partition_by: none
    batch: { events: ${events}, size: 8GiB, every: 60m }
`;

const subject: Case = {
  title: 'The whole way: HTTP, journal, OCSF, Parquet, S3',
  about:
    'Events go in by NDJSON; one batch of them all is sorted, mapped, checked, encoded and put to a server that speaks S3. The baseline reads the bodies, calls JSON.parse on each line, appends and syncs the bytes, and puts the same bytes as they are. While the file is made, single events keep coming in over 8 connections.',
  run: (report, { long }) =>
    withFolder(async (folder) => {
      const events = long ? 1_000_000 : 100_000;
      const store = await startObjectServer();
      const send = async (url: string) => {
        const requests = { path: '/events', connections: 4, requests: events / 1000, eventsPerRequest: 1000 };
        return runScript<LoadResult>('lib/load', [JSON.stringify({ url, ...requests })]);
      };

      const plain = await startMeasured(fileURLToPath(new URL('../lib/bare-lake.js', import.meta.url)), [
        store.url,
        `${folder}/bare`,
        String(events),
      ]);
      await send(plain.url);
      while (store.objects() < 1) await sleep(20);
      const baseline = (await plain.probe()).cpu;
      await plain.kill();
      const sent = store.bytes();

      const server = await startTiercel(folder, config(store.url, events));
      const before = await server.probe();
      const started = performance.now();
      const { seconds } = await send(server.url);
      await server.probe();
      // A process that has nothing to do: how late timers are on this machine at this moment.
      const idle = await bare('hono');
      await idle.probe();
      let late = 0;
      let idleLate = 0;
      let peak = 0;
      let p99 = 0;
      let singles = 0;
      while (store.objects() < 2) {
        const options = {
          url: server.url,
          path: '/',
          connections: 8,
          milliseconds: 500,
          eventsPerRequest: 1,
        };
        const result = await runScript<LoadResult>('lib/load', [JSON.stringify(options)]);
        const { delay, rss } = await server.probe();
        late = Math.max(late, delay.p99);
        idleLate = Math.max(idleLate, (await idle.probe()).delay.p99);
        p99 = Math.max(p99, result.p99);
        peak = Math.max(peak, rss);
        singles += result.events;
      }
      const wall = (performance.now() - started) / 1000;
      const after = await server.probe();
      const cpu = after.cpu - before.cpu;
      await Promise.all([server.kill(), idle.kill()]);
      store.close();
      const ratio = baseline / cpu;
      report({
        what: `${events.toLocaleString('en')} events to one object`,
        value: `${perSecond(events / wall)} on the clock (${seconds.toFixed(1)} s of it taking them in), ${perSecond(events / cpu)} of processor time, ${megabytes(sent)} of JSON became ${megabytes(store.bytes() - sent)}`,
        against: `JSON.parse, sync and put as it is (${perSecond(events / baseline)} of processor time)`,
        ratio: { median: ratio, least: ratio, most: ratio },
      });
      report({
        what: 'event loop of the ingest while the file is made, p99',
        value: `${late.toFixed(1)} ms at the worst half second, ${singles.toLocaleString('en')} single events answered, the slowest p99 ${p99.toFixed(0)} ms`,
        against: `an idle process (${idleLate.toFixed(1)} ms)`,
        ratio: { median: late / idleLate, least: late / idleLate, most: late / idleLate },
        figure: late,
        target: { bound: 'at most', value: 20, unit: ' ms' },
      });
      report({
        what: 'memory while the file is made',
        value: `${megabytes(peak)}, peak ${megabytes(after.peak)}; ${megabytes(before.rss)} before the first event`,
        figure: after.peak / 1_000_000,
        target: { bound: 'at most', value: 512, unit: ' MB' },
      });
    }),
};

export default subject;
