import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { columnsOf } from '../../core/sdk/index.ts';
import ocsf from '../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../outputs/aws-security-lake/index.ts';
import { realEvents } from '../support/corpus.ts';
import { decoded } from '../support/decoded.ts';
import { query, readWithHyparquet } from '../unit/outputs/shared/lake/support.ts';
import { compiledMapper, filesBelow, streamOf } from '../unit/outputs/streams.ts';
import { contextOf, neverAborts, recordingLogger } from '../unit/outputs/support.ts';
import { describeWith } from './describe.ts';
import { readParquet } from './python.ts';
import { rowOf, trinoColumns } from './rows.ts';
import { startTrino, TRINO_JAVA, type Trino } from './servers/trino.ts';
import { readWithSpark, SPARK_JAVA } from './spark.ts';

const options = decoded(lake, {
  directory: 'lake',
  source: 'falco',
  region: 'eu-west-1',
  account_id: '123456789012',
});
const log = recordingLogger();
const mapper = {
  type: 'ocsf',
  module: compiledMapper('ocsf/index.js'),
  options: decoded(ocsf, mapperOptions(options)),
};
const made = ocsf.create(mapper.options, { log });
const columns = columnsOf(made.record!);

/** Every row, every column, in one form and in the order of the events' bytes. */
const seen = (rows: readonly unknown[]) =>
  rows.map((row) => rowOf(columns, row)).sort((a, b) => (String(a.raw_data) < String(b.raw_data) ? -1 : 1));

describeWith(
  { programs: ['../venv/bin/python'] },
  'falcosecurity/falcosidekick#728: readers of our files',
  () => {
    const events = realEvents();
    let folder = '';
    let path = '';
    let ours: readonly Record<string, unknown>[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tiercel-readers-'));
      const context = { ...contextOf<unknown>(made, log), mapperRef: mapper };
      const output = lake.create({ ...options, directory: folder }, context);
      const batch = streamOf(events, '123456789012/20260102');
      expect(await output.deliver(batch, neverAborts())).toMatchObject({ status: 'delivered' });
      await output.stop?.(neverAborts());
      path = join(folder, filesBelow(folder)[0]!);
      ours = seen(await readWithHyparquet(await readFile(path)));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('hyparquet sees every event, with lists, structs and maps', () => {
      const row = (title: RegExp) =>
        ours.filter(({ finding_info: info }) => title.test(JSON.stringify(info)));
      expect(ours.map(({ raw_data }) => raw_data)).toEqual([...events].sort());
      expect(row(/"types":\[/).length).toBeGreaterThan(20);
      expect(row(/"attacks":\[{/).length).toBeGreaterThan(10);
      expect(ours.filter(({ unmapped }) => unmapped !== undefined).length).toBeGreaterThan(20);
    });

    it('DuckDB sees the same rows', async () => {
      const rows = await query(`SELECT to_json(r) AS row FROM '${path}' r`);
      expect(seen(rows.map(({ row }) => JSON.parse(String(row))))).toEqual(ours);
    });

    it('pyarrow sees the same rows', async () => {
      const [file] = await readParquet(path);
      expect(seen(file!.records!)).toEqual(ours);
      expect(file!.schema.unmapped).toMatch(/^map<string, string/);
      expect(file!.schema.time).toBe('int64');
      expect(file!.schema.time_dt).toBe('timestamp[ms, tz=UTC]');
    });

    describeWith({ programs: ['../spark'], java: SPARK_JAVA }, 'Spark', () => {
      it('sees the same rows with its vectorized reader and without', async () => {
        const rows = await readWithSpark(path);
        expect(seen(rows.vectorized)).toEqual(ours);
        expect(seen(rows['parquet-mr'])).toEqual(ours);
      });
    });

    describeWith({ programs: ['../trino'], java: TRINO_JAVA }, 'Trino', () => {
      let trino: Trino;
      beforeAll(async () => {
        trino = await startTrino();
        await mkdir(join(trino.folder, 'readers'));
        await copyFile(path, join(trino.folder, 'readers', 'file.parquet'));
        await trino.query(
          `CREATE TABLE readers (${trinoColumns(columns)}) WITH (format = 'PARQUET', external_location = 'local:///readers')`,
        );
      });
      afterAll(() => trino?.stop());

      it('sees the same rows', async () => {
        expect(seen(await trino.query('SELECT * FROM readers'))).toEqual(ours);
      });
    });
  },
);
