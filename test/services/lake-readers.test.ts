import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import ocsf from '../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../outputs/aws-security-lake/index.ts';
import { realEvents } from '../support/corpus.ts';
import { query, readWithHyparquet } from '../unit/lake/support.ts';
import { compiledMapper, filesBelow, streamOf } from '../unit/outputs/streams.ts';
import { calm, contextOf, recordingLogger } from '../unit/outputs/support.ts';
import { describeWith } from './describe.ts';
import { readParquet } from './python.ts';

/** What lists, maps, structs and texts became. */
interface Row {
  readonly raw_data: string;
  readonly finding_info: { readonly title: string; readonly types?: readonly string[] };
  readonly unmapped?: Readonly<Record<string, string>>;
}

describeWith(
  { programs: ['../venv/bin/python'] },
  'falcosecurity/falcosidekick#728: readers of our files',
  () => {
    let folder = '';
    let path = '';

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tiercel-readers-'));
      const options = { directory: folder, source: 'falco', region: 'eu-west-1', account_id: '123456789012' };
      const log = recordingLogger();
      const mapper = {
        type: 'ocsf',
        module: compiledMapper('ocsf/index.js'),
        options: mapperOptions(options),
      };
      const context = { ...contextOf<unknown>(ocsf.create(mapper.options, { log }), log), mapperRef: mapper };
      const output = lake.create(options, context);
      const batch = streamOf(realEvents(), '123456789012/20260102');
      expect(await output.deliver(batch, calm())).toMatchObject({ status: 'delivered' });
      await output.stop?.(calm());
      path = join(folder, filesBelow(folder)[0]!);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    /** The same of a row, however a reader spells maps and absent values. */
    const essence = ({ raw_data, finding_info: { title, types }, unmapped }: Row) => ({
      raw_data,
      title,
      types: types ?? [],
      unmapped: Object.entries(unmapped ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    });

    it('pyarrow, DuckDB and hyparquet see the same rows, lists and maps', async () => {
      const ours = ((await readWithHyparquet(await readFile(path))) as Row[]).map(essence);
      const columns = 'raw_data, finding_info, unmapped';
      const rows = await query(`SELECT to_json(r) AS row FROM (SELECT ${columns} FROM '${path}') r`);
      const duck = rows.map(({ row }) => essence(JSON.parse(String(row)) as Row));
      const [file] = await readParquet(path);
      const arrow = (file!.records as unknown as Row[]).map(essence);
      expect(ours.length).toBeGreaterThan(20);
      expect(ours.some(({ types }) => types.length > 0)).toBe(true);
      expect(ours.some(({ unmapped }) => unmapped.length > 0)).toBe(true);
      expect(duck).toEqual(ours);
      expect(arrow).toEqual(ours);
      expect(file!.schema.unmapped).toMatch(/^map<string, string/);
      expect(file!.schema.time).toBe('int64');
      expect(file!.schema.time_dt).toBe('timestamp[ms, tz=UTC]');
    });
  },
);
