import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskJournal } from '../../core/journal/disk/journal.ts';
import { PositionSet } from '../../core/journal/positions.ts';
import { openBareJournal } from '../lib/bare-journal.ts';
import { silent } from '../lib/cost.ts';
import { withFolder } from '../lib/process.ts';
import { type Case, perSecond, ratios, spread } from '../lib/report.ts';

const event = new Uint8Array(1024).fill(120);
const SECONDS = 1.5;
const STORED = 200_000;

const subject: Case = {
  title: 'Journal',
  about:
    'Appending from so many producers at once beside bare write + fdatasync of all that waits, and reading back beside reading the files. Events of 1 KiB.',
  run: (report, { rounds }) =>
    withFolder(async (folder) => {
      for (const producers of [1, 64, 1024]) {
        for (const outputs of [['a'], ['a', 'b', 'c']]) {
          const ours: number[] = [];
          const bare: number[] = [];
          const path = join(folder, `${producers}-${outputs.length}`);
          const journal = await openDiskJournal({ directory: path, maxBytes: 64 * 2 ** 30, log: silent });
          for (const output of outputs) await journal.subscribe(output);
          const floor = await openBareJournal(`${path}.bare`);
          for (let round = 0; round < rounds; round++) {
            bare.push(await rateOf(producers, () => floor.append(event)));
            const append = () => journal.append([{ raw: event, receivedAt: 1, outputs }]);
            ours.push(await rateOf(producers, append));
          }
          await Promise.all([floor.close(), journal.close()]);
          report({
            what: `append, ${producers} at once, ${outputs.length} ${outputs.length === 1 ? 'output' : 'outputs'}`,
            value: perSecond(spread(ours).median),
            against: `write + fdatasync (${perSecond(spread(bare).median)})`,
            ratio: ratios(ours, bare),
          });
        }
      }
      await reading(join(folder, 'read'), rounds, report);
    }),
};

export default subject;

async function rateOf(producers: number, append: () => Promise<void>): Promise<number> {
  let done = 0;
  const started = performance.now();
  const end = started + SECONDS * 1000;
  const produce = async () => {
    for (; performance.now() < end; done++) await append();
  };
  await Promise.all(Array.from({ length: producers }, produce));
  return done / ((performance.now() - started) / 1000);
}

async function reading(directory: string, rounds: number, report: Parameters<Case['run']>[0]): Promise<void> {
  const journal = await openDiskJournal({ directory, maxBytes: 64 * 2 ** 30, log: silent });
  const outputs = ['keeper', ...Array.from({ length: rounds }, (_, round) => `reader-${round}`)];
  const readers = await Promise.all(outputs.map((output) => journal.subscribe(output)));
  const entry = { raw: event, receivedAt: 1, outputs };
  const many = Array.from({ length: 1000 }, () => entry);
  for (let stored = 0; stored < STORED; stored += many.length) await journal.append(many);
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round < rounds; round++) {
    raw.push(await readFiles(directory));
    const reader = readers[round + 1]!;
    const started = performance.now();
    let read = 0;
    while (!reader.caughtUp()) {
      const events = await reader.read({ events: 1000, bytes: 1 << 20 }, new AbortController().signal);
      read += events.length;
      reader.acknowledge(PositionSet.of(...events.map(({ position }) => position)));
    }
    ours.push(read / ((performance.now() - started) / 1000));
  }
  await journal.close();
  report({
    what: 'read and acknowledge, 1,000 events a call',
    value: perSecond(spread(ours).median),
    against: `reading the files (${perSecond(spread(raw).median)})`,
    ratio: ratios(ours, raw),
  });
}

/** Events a second of reading the segments, a megabyte at a time, and looking at nothing. */
async function readFiles(directory: string): Promise<number> {
  const { readdir } = await import('node:fs/promises');
  const buffer = Buffer.alloc(1 << 20);
  const started = performance.now();
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.segment')) continue;
    const file = await open(join(directory, name), 'r');
    while ((await file.read(buffer)).bytesRead > 0);
    await file.close();
  }
  return STORED / ((performance.now() - started) / 1000);
}
