import type { PluginKind } from '../plugins/check.ts';

/** What a package is called. */
export interface PackageNames {
  readonly packageName: string;
  /** In YAML, when it is a file of one's own. */
  readonly type: string;
  /** Of Tiercel: the least that the package works with. */
  readonly version: string;
}

/** The files of a package that works at once, by their paths. */
export function packageFiles(kind: PluginKind, names: PackageNames): Record<string, string> {
  const isOutput = kind === 'output';
  return {
    'package.json': manifest(kind, names),
    'index.js': isOutput ? outputCode(names) : mapperCode(names),
    'index.test.js': isOutput ? outputTest(names) : mapperTest(names),
    'tiercel.yaml': isOutput ? outputConfig(names) : mapperConfig(names),
    'README.md': readme(kind, names),
    '.github/workflows/test.yml': CI,
    '.gitignore': 'node_modules/\ndata/\n*.tgz\n',
  };
}

function manifest(kind: PluginKind, { packageName, version }: PackageNames): string {
  const contents = {
    name: packageName,
    version: '0.1.0',
    description: `${kind === 'output' ? 'An output' : 'A mapper'} for Tiercel.`,
    keywords: ['tiercel', `tiercel-${kind}`, 'falco'],
    type: 'module',
    exports: './index.js',
    files: ['index.js'],
    engines: { node: '>=20.19' },
    scripts: { test: 'node --test' },
    peerDependencies: { tiercel: `^${version}` },
    devDependencies: { tiercel: `^${version}` },
  };
  return `${JSON.stringify(contents, null, 2)}\n`;
}

function outputCode({ type }: PackageNames): string {
  return `import { defineOutput, httpClient, httpOptions, httpUrl, recordJson, Type } from 'tiercel';

export default defineOutput({
  apiVersion: 1,
  type: '${type}',
  summary: 'POSTs each batch of events as a JSON array.',
  options: Type.Object(
    {
      url: httpUrl({ description: 'Where to POST.' }),
      // Headers, authentication, gzip, proxy, TLS: what every output over HTTP has.
      ...httpOptions,
    },
    { additionalProperties: false },
  ),
  examples: [{ title: 'Minimal', options: { url: 'https://${type.replaceAll('_', '-')}.example.com/events' } }],
  // Defaults: so many events, bytes or milliseconds, whichever comes first.
  batch: { events: 100, size: 1_000_000, every: 1_000 },
  create(options, context) {
    const http = httpClient(options, context);
    const toJson = recordJson(context.mapper);
    return {
      // The answer is turned into delivered, retry or rejected; a throw means retry. The id is the same on every attempt.
      deliver: ({ id, records }, signal) =>
        http.post(options.url, \`[\${records.map(toJson).join(',')}]\`, signal, { 'idempotency-key': id }),
      stop: async () => http.close(),
    };
  },
});
`;
}

function outputTest({ type }: PackageNames): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testOutput } from 'tiercel/testing';
import ${camel(type)} from './index.js';

// The contract of every output: against a real server that answers, refuses, hangs and resets.
testOutput(${camel(type)}, { test, options: ({ url }) => ({ url }) });

test('what is yours to test', () => {
  assert.equal(${camel(type)}.type, '${type}');
});
`;
}

function outputConfig({ type }: PackageNames): string {
  return `# To try it out: npx tiercel run, then in another terminal: npx tiercel send
server: { listen: 127.0.0.1:2801 }
outputs:
  ${type}:
    type: ./index.js
    url: http://127.0.0.1:9999/events
`;
}

function mapperCode({ type }: PackageNames): string {
  return `import { defineMapper, fieldText, Type } from 'tiercel';

export default defineMapper({
  apiVersion: 1,
  type: '${type}',
  summary: 'Time, rule, host and the fields that were asked for.',
  options: Type.Object(
    { fields: Type.Optional(Type.Array(Type.String(), { description: 'Fields to take along.', default: [] })) },
    { additionalProperties: false },
  ),
  create: ({ fields = [] }) => ({
    // Pure: the same event gives the same record, today and on a replay.
    map: (event) => ({
      ok: true,
      record: {
        time: event.timeText,
        rule: event.rule,
        hostname: event.hostname,
        ...Object.fromEntries(
          fields.filter((name) => name in event.fields).map((name) => [name, fieldText(event.fields[name])]),
        ),
      },
    }),
  }),
});
`;
}

function mapperTest({ type }: PackageNames): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEvent, markedEvents, testMapper } from 'tiercel/testing';
import ${camel(type)} from './index.js';

// The contract of every mapper: a record or a reason for every event, the same one every time.
testMapper(${camel(type)}, { test });

test('takes the fields along that were asked for', () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const mapper = ${camel(type)}.create({ fields: ['proc.name', 'no.such.field'] }, { log });
  const [event] = markedEvents(1);
  const mapped = mapper.map(decodeEvent(event.raw, 0));
  assert.deepEqual(mapped, {
    ok: true,
    record: {
      time: '2026-01-02T03:04:05.123456789Z',
      rule: event.mark,
      hostname: 'contract-host',
      'proc.name': 'sh',
    },
  });
});
`;
}

function mapperConfig(_: PackageNames): string {
  return `# To try it out: npx tiercel run, then in another terminal: npx tiercel send
server: { listen: 127.0.0.1:2801 }
outputs:
  records:
    type: stdout
    mapper: { type: ./index.js, fields: [proc.name] }
`;
}

function readme(kind: PluginKind, { packageName, type }: PackageNames): string {
  const use =
    kind === 'output'
      ? `  ${type}:\n    type: "${packageName}"\n    url: https://example.com/events`
      : `  archive:\n    type: file\n    path: ./events.ndjson\n    mapper: "${packageName}"`;
  return `# ${packageName}

${kind === 'output' ? 'An output' : 'A mapper'} for Tiercel, which delivers security events.

\`\`\`sh
npm install tiercel ${packageName}
npx tiercel describe ${packageName}
\`\`\`

\`\`\`yaml
outputs:
${use}
\`\`\`

## Develop

\`\`\`sh
npm install
npm test
npx tiercel validate
\`\`\`
`;
}

function camel(type: string): string {
  return type.replace(/_+([a-z0-9])?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '');
}

const CI = `name: test
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        node: [20, 22, 24]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: \${{ matrix.node }}
      - run: npm install
      - run: npm test
      - run: npx tiercel validate
`;
