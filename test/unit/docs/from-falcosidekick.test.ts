import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { createRegistry } from '../../../core/plugins/registry.ts';
import { builtIns } from '../../../distribution/built-ins.ts';
import { codeBlocks } from '../../support/markdown.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
const blocks = codeBlocks(read('docs/from-falcosidekick.md'));
const theirs = blocks.find(({ file }) => file === 'falcosidekick.yaml')!.text;

async function load(text: string) {
  return loadConfig({ text, env: { ES_PASSWORD: 'x' }, registry: createRegistry(builtIns) });
}

async function mistakes(text: string): Promise<string[]> {
  const result = await load(text);
  return result.ok ? [] : result.errors.map(({ message, fix }) => [message, fix].filter(Boolean).join(' '));
}

it('a file of Falcosidekick’s, passed as it is, is told key by key', async () => {
  expect(await mistakes(theirs)).toEqual([
    'unknown option "customfields", which is an option of Falcosidekick; use "enrich.custom_fields"',
    '"slack" is a top-level key; outputs belong under "outputs:" and need a "type" Write  outputs: { slack: { type: slack, … } }  (from Falcosidekick: docs/from-falcosidekick.md)',
    '"elasticsearch" is a top-level key; outputs belong under "outputs:" and need a "type" Write  outputs: { elasticsearch: { type: elasticsearch, … } }  (from Falcosidekick: docs/from-falcosidekick.md)',
    '"aws.securitylake" is a top-level key; outputs belong under "outputs:" and need a "type" Write  outputs: { securitylake: { type: aws_security_lake, … } }  (from Falcosidekick: docs/from-falcosidekick.md)',
  ]);
});

it('and its outputs, moved under “outputs”, too', async () => {
  const moved = `outputs:
  slack: { type: slack, webhookurl: "https://hooks.slack.com/x", minimumpriority: warning, messageformat: x, outputformat: text }
  es: { type: elasticsearch, hostport: "https://es:9200", createindextemplate: true }
  lake: { type: aws_security_lake, bucket: b, source: falco, region: r, accountid: "123456789012" }
`;
  expect(await mistakes(moved)).toEqual(
    [
      ['webhookurl', 'webhook_url', true],
      ['minimumpriority', 'minimum_priority', false],
      ['messageformat', 'message_template', false],
      ['outputformat', 'format', false],
      ['hostport', 'url', true],
      ['createindextemplate', 'create_index_template', false],
      ['accountid', 'account_id', true],
    ].map(([there, here, isMissing]) =>
      isMissing
        ? `unknown option "${there}"; did you mean "${here}", which is missing?`
        : `unknown option "${there}", which is an option of Falcosidekick; use "${here}"`,
    ),
  );
});

it.each(['true', 'false', `"$\{env:ES_PASSWORD}"`])(
  'checkcert: %s is never told to be tls.insecure as it stands: that would switch off the check',
  async (value) => {
    const es = `{ type: elasticsearch, url: "https://es:9200", checkcert: ${value} }`;
    const result = await load(`outputs: { es: ${es} }`);
    expect(
      !result.ok && result.errors.map(({ message, fix, suggestion }) => [message, fix, suggestion]),
    ).toEqual([
      [
        'unknown option "checkcert", which is an option of Falcosidekick; use "tls.insecure", which has the opposite meaning',
        '"checkcert: true" is "tls.insecure: false" here, which is the default; "checkcert: false" is "tls.insecure: true".',
        undefined,
      ],
    ]);
  },
);

it('a number in another unit is told with its unit', async () => {
  const alerts = '{ type: alertmanager, hosts: ["http://a:9093"], expiresafter: 300 }';
  expect(await mistakes(`outputs: { alerts: ${alerts} }`)).toEqual([
    'unknown option "expiresafter", which is an option of Falcosidekick; use "expires_after", which requires a unit ' +
      '"expiresafter: 30" is "expires_after: 30s" here.',
  ]);
});

it('its globals and what it has and we have not say so', async () => {
  const globals = `listenport: 2801\ndebug: true\nbracketreplacer: _\nstatsd: { forwarder: x }\ndatadog: { apikey: x }\n`;
  expect(await mistakes(globals)).toEqual([
    'unknown option "listenport", which is an option of Falcosidekick; use "server.listen"',
    'unknown option "debug", which is an option of Falcosidekick; use "log.level"',
    'unknown option "bracketreplacer" of Falcosidekick Remove it: field names are delivered unchanged.',
    'unknown option "statsd" of Falcosidekick Scrape GET /metrics instead (docs/metrics.md).',
    expect.stringMatching(/^"datadog" is an output of Falcosidekick that is not built in /),
  ]);
});

it('every key that the page of keys names is an option of that name', () => {
  const page = read('docs/falcosidekick-keys.md');
  const keys = [...page.matchAll(/^\| `([a-z.]+)` \| `([a-z._]+)` \|/gm)].map(([, there]) => there!);
  expect(keys.length).toBeGreaterThan(40);
  expect(keys.filter((key) => !/^[a-z]+(\.[a-z]+)*$/.test(key))).toEqual([]);
});

it('the page of keys says which values do not stay as they are', () => {
  const rows = read('docs/falcosidekick-keys.md').split('\n');
  const row = (key: string) => rows.find((line) => line.startsWith(`| \`${key}\` |`));
  expect(row('checkcert')).toContain(
    '`checkcert: true` is `tls.insecure: false` here, which is the default; `checkcert: false` is `tls.insecure: true`.',
  );
  expect(row('alertmanager.expiresafter')).toContain('`expiresafter: 30` is `expires_after: 30s` here.');
});
