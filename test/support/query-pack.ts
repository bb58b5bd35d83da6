import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import ocsf from '../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../outputs/aws-security-lake/index.ts';
import { compiledMapper, eventText, streamOf } from '../unit/outputs/streams.ts';
import { contextOf, neverAborts, recordingLogger } from '../unit/outputs/support.ts';
import { decoded } from './decoded.ts';

// The queries of deploy/aws/queries/, a lake to ask them of, and what they must answer, whatever the engine.

const QUERIES = fileURLToPath(new URL('../../deploy/aws/queries/', import.meta.url));
const DAY = 86_400_000;
const ID = '00000000-0000-4000-8000-00000000000';

// Relative to now, because a query asks for the last seven days.
const today = Math.floor(Date.now() / DAY) * DAY;

/** The eventDay of so many days ago. */
export const dayAgo = (days: number) =>
  new Date(today - days * DAY).toISOString().slice(0, 10).replaceAll('-', '');

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

/** The record schema of the lake's files. */
export const recordOf = () => ocsf.create(decoded(ocsf, {}), { log: recordingLogger() }).record!;

/** Writes the lake into a folder, each event into an object of its own below `ext/falco/`. */
export async function writeLake(directory: string): Promise<void> {
  const options = decoded(lake, {
    directory,
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
  const context = { ...contextOf<unknown>(ocsf.create(mapper.options, { log }), log), mapperRef: mapper };
  const output = lake.create(options, context);
  for (const [index, [days, event]] of EVENTS.entries()) {
    const time = today - days * DAY + 3_600_000 * (index + 1);
    const batch = streamOf([eventText(time, event)], `123456789012/${dayAgo(days)}`);
    await output.deliver({ ...batch, id: `b${index}` }, neverAborts());
  }
  await output.stop?.(neverAborts());
}

/** The names of the query files. */
export const queryFiles = () => readdirSync(QUERIES).sort();

/** A query, letter by letter, but for its placeholders: the days of the lake, and the tables given. */
export function queryText(file: string, tables: Readonly<Record<string, string>>): string {
  const values: Record<string, string> = { ...tables, from: dayAgo(20), to: dayAgo(0) };
  return readFileSync(join(QUERIES, file), 'utf8').replace(
    /\{(\w+)\}/g,
    (placeholder, name: string) => values[name] ?? `no value for ${placeholder}`,
  );
}

const SHELL = 'Terminal shell in container';
const some = expect.anything();

/** What each query answers; counts as texts. */
export const EXPECTED: Readonly<Record<string, readonly unknown[][]>> = {
  'top-rules.sql': [
    [SHELL, 'Medium', '3'],
    ['Console Login Without MFA', 'Critical', '1'],
    ['Create Privileged Pod', 'Medium', '1'],
  ],
  'severities-by-day.sql': [
    [dayAgo(15), '6', 'Fatal', '1'],
    [dayAgo(3), '3', 'Medium', '1'],
    [dayAgo(2), '5', 'Critical', '1'],
    [dayAgo(2), '3', 'Medium', '1'],
    [dayAgo(1), '3', 'Medium', '2'],
  ],
  'mitre.sql': [['Execution', 'T1059', '4']],
  'duplicates.sql': [[`${ID}1`, '2', some]],
  'cloudtrail-join.sql': [[some, 'Console Login Without MFA', 'ConsoleLogin', 'AIDA1', '198.51.100.1']],
  'eks-audit-join.sql': [[some, 'Create Privileged Pod', 'create', 'ada1']],
};
