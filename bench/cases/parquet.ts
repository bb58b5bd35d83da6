import { join } from 'node:path';
import type { Encoded } from '../lib/encode.ts';
import { runScript, withFolder } from '../lib/process.ts';
import { type Case, megabytes, perSecond, ratios, spread } from '../lib/report.ts';

const subject: Case = {
  title: 'Parquet',
  about:
    "OCSF records to a file with zstd, by processor time: ours, hyparquet-writer's own way (objects in, columns of objects to the library), and DuckDB's COPY from NDJSON on one thread. A process each; making the records is not counted.",
  async run(report, { long, rounds }) {
    for (const rows of long ? [1_000, 100_000, 1_000_000] : [1_000, 100_000]) {
      const runs: Record<string, Encoded[]> = { hyparquet: [], ours: [], duckdb: [] };
      for (let round = 0; round < (rows > 200_000 ? 1 : rounds); round++) {
        for (const [way, results] of Object.entries(runs)) {
          results.push(
            await withFolder((folder) =>
              runScript<Encoded>('lib/encode', [way, rows, join(folder, 'file.parquet')]),
            ),
          );
        }
      }
      const rates = (way: string) => runs[way]!.map(({ cpu }) => rows / cpu);
      const facts = (way: string) => {
        const { bytes, peak } = runs[way]![0]!;
        return `${perSecond(spread(rates(way)).median)}, ${(bytes / rows).toFixed(0)} bytes a row, ${megabytes(peak)} more at the peak`;
      };
      const enough = rows >= 100_000;
      report({
        what: `${rows.toLocaleString('en')} rows`,
        value: facts('ours'),
        against: `hyparquet-writer (${facts('hyparquet')})`,
        ratio: ratios(rates('ours'), rates('hyparquet')),
        ...(enough && { target: { bound: 'at least', value: 3 } }),
      });
      report({
        what: `${rows.toLocaleString('en')} rows`,
        value: facts('ours'),
        against: `DuckDB (${facts('duckdb')})`,
        ratio: ratios(rates('ours'), rates('duckdb')),
        ...(enough && { target: { bound: 'at least', value: 0.8 } }),
      });
    }
  },
};

export default subject;
