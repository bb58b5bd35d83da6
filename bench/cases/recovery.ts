import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Opened } from '../lib/open-journal.ts';
import { runScript, withFolder } from '../lib/process.ts';
import { type Case, megabytes, perSecond, spread } from '../lib/report.ts';

const subject: Case = {
  title: 'Recovery of a backlog',
  about:
    'Opening a journal that holds events of 512 bytes for three outputs: after a clean stop, after a kill (the newest segment is read), and with no index left (all of it is read). The baseline reads the files and computes their CRC-32. A process each.',
  run: (report, { rounds }) =>
    withFolder(async (folder) => {
      const events = 5_000_000;
      const directory = join(folder, 'journal');
      await runScript('lib/open-journal', ['fill', directory, events]);
      const indexes = (await readdir(directory)).filter((name) => name.endsWith('.index'));
      const cases: Record<string, () => Promise<void>> = {
        'clean stop': async () => {},
        'no index of the newest segment': () => rm(join(directory, indexes.at(-1)!), { force: true }),
        'no index at all': async () => {
          for (const name of indexes) await rm(join(directory, name), { force: true });
        },
      };
      for (const [what, prepare] of Object.entries(cases)) {
        const ours: number[] = [];
        const bare: number[] = [];
        let opened: Opened | undefined;
        for (let round = 0; round < rounds; round++) {
          bare.push((await runScript<Opened>('lib/open-journal', ['bare', directory, events])).seconds);
          await prepare();
          opened = await runScript<Opened>('lib/open-journal', ['open', directory, events]);
          ours.push(opened.seconds);
        }
        const seconds = spread(ours).median;
        const pairs = ours.map((value, round) => bare[round]! / value);
        report({
          what: `${events.toLocaleString('en')} events, ${what}`,
          value: `${(seconds * 1000).toFixed(0)} ms, ${perSecond(events / seconds)}, peak ${megabytes(opened!.peak)}`,
          against: `reading and CRC-32 (${(spread(bare).median * 1000).toFixed(0)} ms)`,
          ratio: spread(pairs),
          figure: events / seconds,
          target: { bound: 'at least', value: 1_000_000, unit: ' /s' },
        });
      }
    }),
};

export default subject;
