import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { columnsOf } from '../../core/sdk/index.ts';
import { dayAgo, EXPECTED, queryText, recordOf, writeLake } from '../support/query-pack.ts';
import { describeWith } from './describe.ts';
import { trinoColumns } from './rows.ts';
import { startTrino, TRINO_JAVA, type Trino } from './servers/trino.ts';

/** The tables of AWS's own sources, as far as the queries know them. */
const NATIVE = {
  cloudtrail: `SELECT
      CAST(ROW('ct-' || CAST(i AS varchar)) AS row(uid varchar)) AS metadata,
      CAST(ROW('ConsoleLogin') AS row(operation varchar)) AS api,
      CAST(ROW(ROW('AIDA' || CAST(i AS varchar))) AS row(user row(uid varchar))) AS actor,
      CAST(ROW('198.51.100.' || CAST(i AS varchar)) AS row(ip varchar)) AS src_endpoint
    FROM UNNEST(sequence(0, 2)) AS t(i)`,
  eks_audit: `SELECT
      CAST(ROW('create', ROW('audit-' || CAST(i AS varchar))) AS row(operation varchar, request row(uid varchar))) AS api,
      CAST(ROW(ROW('ada' || CAST(i AS varchar))) AS row(user row(name varchar))) AS actor
    FROM UNNEST(sequence(0, 2)) AS t(i)`,
};

describeWith({ programs: ['../trino'], java: TRINO_JAVA }, 'the query pack on Trino', () => {
  let trino: Trino;
  const run = async (sql: string) => (await trino.query(sql)).map((row) => row.map(String));

  beforeAll(async () => {
    trino = await startTrino();
    await writeLake(join(trino.folder, 'lake'));
    // As the crawler of Security Lake makes it: partitions by the folders' names, in lower case.
    const partitions = ['region', 'accountid', 'eventday'];
    await run(`CREATE TABLE falco (${trinoColumns(columnsOf(recordOf()))}, ${partitions.map((name) => `${name} varchar`).join(', ')})
      WITH (format = 'PARQUET', external_location = 'local:///lake/ext/falco', partitioned_by = ARRAY['${partitions.join("', '")}'])`);
    await run(`CALL system.sync_partition_metadata('default', 'falco', 'ADD', false)`);
  });
  afterAll(() => trino?.stop());

  it.each(Object.keys(EXPECTED))('%s', async (file) => {
    const tables = {
      table: 'falco',
      cloudtrail: `(${NATIVE.cloudtrail})`,
      eks_audit: `(${NATIVE.eks_audit})`,
    };
    expect(await run(queryText(file, tables))).toEqual(EXPECTED[file]);
  });

  it('is kept from other days by the partition', async () => {
    expect(await run('SELECT DISTINCT region, accountid FROM falco')).toEqual([
      ['eu-west-1', '123456789012'],
    ]);
    expect(await run(`SELECT count(*) FROM falco WHERE eventday >= '${dayAgo(2)}'`)).toEqual([['4']]);
    const [[plan]] = (await run(`EXPLAIN SELECT * FROM falco WHERE eventday = '${dayAgo(15)}'`)) as [
      [string],
    ];
    expect(plan).toMatch(new RegExp(`eventday:string:PARTITION_KEY\\s+:: \\[\\[${dayAgo(15)}\\]\\]`));
  });
});
