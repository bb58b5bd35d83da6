import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayAgo, EXPECTED, queryFiles, queryText, writeLake } from '../../support/query-pack.ts';

/** What Athena has and DuckDB calls otherwise: the text of the queries stays as it is. */
const DIALECT = [
  'CREATE MACRO sequence(first, last) AS generate_series(first, last)',
  'CREATE MACRO cardinality(list) AS len(list)',
  'CREATE MACRO array_join(list, text) AS array_to_string(list, text)',
  'CREATE MACRO element_at(pairs, name) AS pairs[name]',
];

/** The tables of AWS's own sources, as far as the queries know them. */
const NATIVE = {
  cloudtrail: `SELECT {'uid': 'ct-' || i} AS metadata, {'operation': 'ConsoleLogin'} AS api,
    {'user': {'uid': 'AIDA' || i}} AS actor, {'ip': '198.51.100.' || i} AS src_endpoint FROM range(3) r(i)`,
  eks_audit: `SELECT {'operation': 'create', 'request': {'uid': 'audit-' || i}} AS api,
    {'user': {'name': 'ada' || i}} AS actor FROM range(3) r(i)`,
};

describe('the query pack on DuckDB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-queries-'));
  let instance: DuckDBInstance;
  const tables: Record<string, string> = {
    table: `read_parquet('${join(folder, '**/*.parquet')}', hive_partitioning = true, hive_types_autocast = false)`,
  };

  beforeAll(async () => {
    await writeLake(join(folder, 'lake'));
    instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    await run("SET TimeZone = 'UTC'", ...DIALECT);
    for (const [name, rows] of Object.entries(NATIVE)) {
      await run(`CREATE TABLE ${name} AS ${rows}`);
      tables[name] = name;
    }
  }, 60_000);
  afterAll(() => {
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...statements: string[]): Promise<unknown[][]> {
    const connection = await instance.connect();
    try {
      for (const statement of statements.slice(0, -1)) await connection.run(statement);
      const rows = (await connection.runAndReadAll(statements.at(-1)!)).getRowsJson();
      return rows.map((row) => row.map(String));
    } finally {
      connection.closeSync();
    }
  }

  it('is tested as a whole', () => {
    expect(queryFiles()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.keys(EXPECTED))('%s', async (file) => {
    expect(await run(queryText(file, tables))).toEqual(EXPECTED[file]);
  });

  it('is kept from other days by the partition', async () => {
    const count = `SELECT count(*) FROM ${tables.table} WHERE eventday`;
    expect(await run(`${count} >= '${dayAgo(2)}'`)).toEqual([['4']]);
    expect(await run(`${count} = '${dayAgo(15)}'`)).toEqual([['1']]);
  });
});
