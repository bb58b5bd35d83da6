import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Encoded } from '../lib/encode.ts';
import { runScript, withFolder } from '../lib/process.ts';
import { type Case, type Line, megabytes, perSecond, ratios, spread } from '../lib/report.ts';

/** The rows of one file, how often it is written, and in which ways. */
interface Size {
  readonly rows: number;
  /** So many rows are made; more are the same ones again, further apart than a row group reaches. */
  readonly made: number;
  readonly rounds: number;
  readonly ways: readonly ('ours' | 'hyparquet' | 'duckdb')[];
}

const ALL = ['ours', 'hyparquet', 'duckdb'] as const;

const subject: Case = {
  title: 'Parquet',
  about:
    "OCSF records to a file with zstd, by processor time: ours, hyparquet-writer's own way (objects in, columns of objects to the library), and DuckDB's COPY from NDJSON on one thread. A process each; making the records is not counted. A million rows are written once, and by the others only with `--long`: it takes them minutes.",
  run: (report, { long, rounds }) =>
    withFolder(async (folder) => {
      const file = join(folder, 'file.parquet');
      const sizes: readonly Size[] = [
        { rows: 1_000, made: 1_000, rounds, ways: ALL },
        { rows: 100_000, made: 100_000, rounds, ways: ALL },
        { rows: 1_000_000, made: 100_000, rounds: 1, ways: long ? ALL : ['ours'] },
      ];
      let smaller: Encoded[] = [];
      for (const size of sizes) {
        const records = join(folder, `${size.made}.ndjson`);
        if (!existsSync(records)) await runScript('lib/make-records', [records, size.made]);
        const times = size.rows / size.made;
        const runs: Record<string, Encoded[]> = { ours: [], hyparquet: [], duckdb: [] };
        for (let round = 0; round < size.rounds; round++) {
          for (const way of round % 2 === 0 ? size.ways : size.ways.toReversed()) {
            runs[way]!.push(await runScript<Encoded>('lib/encode', [way, file, records, times]));
          }
        }
        for (const line of linesOf(size, runs)) report(line);
        if (size.ways.length === 1) report(growth(runs.ours!, smaller));
        smaller = runs.ours!;
      }
    }),
};

export default subject;

function linesOf({ rows, ways }: Size, runs: Record<string, Encoded[]>): Line[] {
  const rates = (way: string) => runs[way]!.map(({ cpu }) => rows / cpu);
  const facts = (way: string) => {
    const { bytes, peak } = runs[way]![0]!;
    return `${perSecond(spread(rates(way)).median)}, ${(bytes / rows).toFixed(0)} bytes a row, ${megabytes(peak)} more at the peak`;
  };
  const against = (way: string, name: string, least: number): Line => ({
    what: `${rows.toLocaleString('en')} rows`,
    value: facts('ours'),
    against: `${name} (${facts(way)})`,
    ratio: ratios(rates('ours'), rates(way)),
    ...(rows >= 100_000 && { target: { bound: 'at least', value: least } }),
  });
  if (ways.length === 1) return [];
  return [against('hyparquet', 'hyparquet-writer', 3), against('duckdb', 'DuckDB', 0.8)];
}

/** A million rows beside a hundred thousand: the cost of a row and the memory must not grow. */
function growth(many: readonly Encoded[], few: readonly Encoded[]): Line {
  const rate = spread(many.map(({ cpu }) => 1_000_000 / cpu)).median;
  const before = spread(few.map(({ cpu }) => 100_000 / cpu)).median;
  const ratio = rate / before;
  return {
    what: '1,000,000 rows',
    value: `${perSecond(rate)}, ${(many[0]!.bytes / 1e6).toFixed(0)} bytes a row, ${megabytes(many[0]!.peak)} more at the peak`,
    against: `our 100,000 rows (${perSecond(before)}, ${megabytes(few[0]!.peak)} more at the peak)`,
    ratio: { median: ratio, least: ratio, most: ratio },
  };
}
