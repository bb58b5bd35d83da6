import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import ocsf from '../../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../../outputs/aws-security-lake/index.ts';
import { compiledMapper, eventText, streamOf } from '../outputs/streams.ts';
import { calm, contextOf, recordingLogger } from '../outputs/support.ts';

const QUERIES = fileURLToPath(new URL('../../../deploy/aws/queries/', import.meta.url));
const DAY = 86_400_000;
const ID = '00000000-0000-4000-8000-00000000000';

/** What Athena has and DuckDB calls otherwise: the text of the queries stays as it is. */
const DIALECT = [
  'CREATE MACRO sequence(first, last) AS generate_series(first, last)',
  'CREATE MACRO cardinality(list) AS len(list)',
];

// Relative to now, because a query asks for the last seven days.
const today = Math.floor(Date.now() / DAY) * DAY;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
const FROM = dayOf(today - 20 * DAY);
const TO = dayOf(today);

const shell = { uuid: `${ID}1`, tags: ['mitre_execution', 'T1059', 'container'] };
const login = {
  rule: 'Console Login Without MFA',
  source: 'aws_cloudtrail',
  priority: 'Critical',
  output_fields: { 'ct.id': 'ct-1', 'ct.name': 'ConsoleLogin', 'ct.user': 'ada' },
};
const pod = {
  rule: 'Create Privileged Pod',
  source: 'k8s_audit',
  output_fields: { 'ka.auditid': 'audit-1', 'ka.verb': 'create', 'ka.user.name': 'ada' },
};
/** By how many days they lie behind today's midnight. */
const EVENTS: readonly (readonly [number, object])[] = [
  [1, shell],
  [1, { ...shell, uuid: `${ID}2` }],
  [2, shell],
  [2, login],
  [3, pod],
  [15, { ...shell, uuid: `${ID}3`, priority: 'Emergency' }],
];

/** The tables of AWS's own sources, as far as the queries know them. */
const NATIVE = {
  cloudtrail: `SELECT {'uid': 'ct-' || i} AS metadata, {'operation': 'ConsoleLogin'} AS api,
    {'user': {'uid': 'AIDA' || i}} AS actor, {'ip': '198.51.100.' || i} AS src_endpoint FROM range(3) r(i)`,
  eks_audit: `SELECT {'operation': 'create', 'request': {'uid': 'audit-' || i}} AS api,
    {'user': {'name': 'ada' || i}} AS actor FROM range(3) r(i)`,
};

describe('the query pack', () => {
  let instance: DuckDBInstance;
  let tables: Record<string, string>;

  beforeAll(async () => {
    const options = { directory: 'lake', source: 'falco', region: 'eu-west-1', account_id: '123456789012' };
    const log = recordingLogger();
    const mapper = { type: 'ocsf', module: compiledMapper('ocsf/index.js'), options: mapperOptions(options) };
    const context = { ...contextOf<unknown>(ocsf.create(mapper.options, { log }), log), mapperRef: mapper };
    const output = lake.create(options, context);
    for (const [index, [days, event]] of EVENTS.entries()) {
      const time = today - days * DAY + 3_600_000 * (index + 1);
      const batch = streamOf([eventText(time, event)], `123456789012/${dayOf(time)}`);
      await output.deliver({ ...batch, id: `b${index}` }, calm());
    }
    await output.stop?.(calm());

    instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const folder = context.configDir;
    tables = {
      table: `read_parquet('${join(folder, 'lake/**/*.parquet')}', hive_partitioning = true, hive_types_autocast = false)`,
    };
    await run("SET TimeZone = 'UTC'", ...DIALECT);
    for (const [name, rows] of Object.entries(NATIVE)) {
      const file = join(folder, `${name}.parquet`);
      await run(`COPY (${rows}) TO '${file}' (FORMAT parquet)`);
      tables[name] = `read_parquet('${file}')`;
    }
  }, 60_000);
  afterAll(() => instance.closeSync());

  async function run(...statements: string[]): Promise<unknown[][]> {
    const connection = await instance.connect();
    try {
      for (const statement of statements.slice(0, -1)) await connection.run(statement);
      return (await connection.runAndReadAll(statements.at(-1)!)).getRowsJson() as unknown[][];
    } finally {
      connection.closeSync();
    }
  }

  const query = (file: string) => {
    const text = readFileSync(join(QUERIES, file), 'utf8');
    const values: Record<string, string> = { ...tables, from: FROM, to: TO };
    return run(
      text.replace(
        /\{(\w+)\}/g,
        (placeholder, name: string) => values[name] ?? `no value for ${placeholder}`,
      ),
    );
  };

  const SHELL = 'Terminal shell in container';
  const EXPECTED: Readonly<Record<string, unknown[][]>> = {
    'top-rules.sql': [
      [SHELL, 'Medium', '3'],
      ['Console Login Without MFA', 'Critical', '1'],
      ['Create Privileged Pod', 'Medium', '1'],
    ],
    'severities-by-day.sql': [
      [dayOf(today - 15 * DAY), 6, 'Fatal', '1'],
      [dayOf(today - 3 * DAY), 3, 'Medium', '1'],
      [dayOf(today - 2 * DAY), 5, 'Critical', '1'],
      [dayOf(today - 2 * DAY), 3, 'Medium', '1'],
      [dayOf(today - DAY), 3, 'Medium', '2'],
    ],
    'mitre.sql': [['Execution', 'T1059', '4']],
    'duplicates.sql': [[`${ID}1`, '2', expect.stringContaining('')]],
    'cloudtrail-join.sql': [
      [expect.anything(), 'Console Login Without MFA', 'ConsoleLogin', 'AIDA1', '198.51.100.1'],
    ],
    'eks-audit-join.sql': [[expect.anything(), 'Create Privileged Pod', 'create', 'ada1']],
  };

  it('is tested as a whole', () => {
    expect(readdirSync(QUERIES).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.keys(EXPECTED))('%s', async (file) => {
    expect(await query(file)).toEqual(EXPECTED[file]);
  });

  it('is kept from other days by the partition', async () => {
    const count = `SELECT count(*) FROM ${tables.table} WHERE eventday`;
    expect(await run(`${count} >= '${dayOf(today - 2 * DAY)}'`)).toEqual([['4']]);
    expect(await run(`${count} = '${dayOf(today - 15 * DAY)}'`)).toEqual([['1']]);
  });
});
