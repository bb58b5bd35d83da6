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
const miner = {
  uuid: `${ID}4`,
  priority: 'Notice',
  rule: 'Possible Cryptominer',
  hostname: 'node-7',
  output: 'a miner',
  output_fields: {
    'container.id': 'ee97d9c4186f',
    'container.image.repository': 'shop/cart',
    'evt.arg.flags': 'EXE_WRITABLE',
    'fd.rip': '198.51.100.7',
    'fd.rport': 3333,
    'k8s.ns.name': 'shop',
    'k8s.pod.name': 'cart-0',
    'proc.aname[2]': 'sshd',
    'proc.cmdline': 'xmrig -o pool',
    'proc.name': 'xmrig',
    'proc.pexepath': '/bin/bash',
    'user.name': 'ada',
  },
};
const shadow = {
  priority: 'Notice',
  rule: 'Read sensitive file',
  hostname: 'node-7',
  output_fields: {
    'fd.name': '/etc/shadow',
    'proc.cmdline': 'cat /etc/shadow',
    'proc.name': 'cat',
    'user.name': 'eve',
  },
};
const attach = {
  priority: 'Notice',
  rule: 'Attach/Exec Pod',
  source: 'k8s_audit',
  hostname: 'falco-0',
  output_fields: {
    'ka.response.code': '101',
    'ka.sourceips': ['192.0.2.9'],
    'ka.target.name': 'cart-0',
    'ka.target.namespace': 'shop',
    'ka.target.resource': 'pods',
    'ka.user.name': 'ada',
    'ka.verb': 'create',
  },
};
const okta = {
  priority: 'Notice',
  rule: 'Failed login',
  source: 'okta',
  output_fields: {
    'okta.actor.name': 'ada',
    'okta.client.ip': '203.0.113.5',
    'okta.evt.type': 'user.session.start',
    'okta.result': 'FAILURE',
  },
};
/** By how many days they lie behind today's midnight. */
const EVENTS: readonly (readonly [number, object])[] = [
  [1, shell],
  [1, { ...shell, uuid: `${ID}2` }],
  [2, shell],
  [2, login],
  [3, pod],
  [15, { ...shell, uuid: `${ID}3`, priority: 'Emergency' }],
  [18, miner],
  [18, shadow],
  [18, attach],
  [18, okta],
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
  const values: Record<string, string> = {
    ...tables,
    from: dayAgo(20),
    to: dayAgo(0),
    address: '198.51.100.7',
    host: 'node-7',
    pod: 'cart-0',
    process: 'xmrig',
    text: 'shadow',
    path: '/etc/',
    user: 'ada',
    uid: `${ID}4`,
  };
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
    [dayAgo(18), '2', 'Low', '4'],
    [dayAgo(15), '6', 'Fatal', '1'],
    [dayAgo(3), '3', 'Medium', '1'],
    [dayAgo(2), '5', 'Critical', '1'],
    [dayAgo(2), '3', 'Medium', '1'],
    [dayAgo(1), '3', 'Medium', '2'],
  ],
  'mitre.sql': [['Execution', 'T1059', '4']],
  'duplicates.sql': [[`${ID}1`, '2', some]],
  'cloudtrail-join.sql': [[some, 'Console Login Without MFA', 'ConsoleLogin', 'AIDA1', '198.51.100.1']],
  'who-talked-to-address.sql': [
    [some, 'Possible Cryptominer', 'node-7', 'xmrig -o pool', 'evidences[].dst_endpoint.ip'],
  ],
  'host-timeline.sql': [
    [some, 'Low', 'Possible Cryptominer', 'ada', 'xmrig -o pool'],
    [some, 'Low', 'Read sensitive file', 'eve', 'cat /etc/shadow'],
  ],
  'pod-timeline.sql': [
    [some, 'syscall', 'Possible Cryptominer', 'shop', 'xmrig -o pool'],
    [some, 'k8s_audit', 'Attach/Exec Pod', 'shop', 'create'],
  ],
  'process-ancestors.sql': [['sshd > /bin/bash', 'xmrig', '1']],
  'command-line.sql': [[some, 'node-7', 'null', 'eve', 'cat /etc/shadow']],
  'who-touched-file.sql': [[some, '/etc/shadow', 'node-7', 'cat', 'eve']],
  'user-activity.sql': [
    [some, 'syscall', 'Possible Cryptominer', 'xmrig -o pool', 'null'],
    [some, 'k8s_audit', 'Attach/Exec Pod', 'create', '192.0.2.9'],
    [some, 'okta', 'Failed login', 'user.session.start', '203.0.113.5'],
    [some, 'k8s_audit', 'Create Privileged Pod', 'create', 'null'],
    [some, 'aws_cloudtrail', 'Console Login Without MFA', 'ConsoleLogin', 'null'],
  ],
  'outbound-connections.sql': [['198.51.100.7', '3333', 'xmrig', '1']],
  'api-calls.sql': [
    ['kube-apiserver', 'create', 'ada', '101', '1'],
    ['kube-apiserver', 'create', 'ada', 'null', '1'],
    ['okta', 'user.session.start', 'ada', 'FAILURE', '1'],
    ['null', 'ConsoleLogin', 'ada', 'null', '1'],
  ],
  'one-event.sql': [
    [some, 'Possible Cryptominer', 'a miner', expect.stringContaining('"fd.rip"'), 'EXE_WRITABLE'],
  ],
  'eks-audit-join.sql': [[some, 'Create Privileged Pod', 'create', 'ada1']],
};
