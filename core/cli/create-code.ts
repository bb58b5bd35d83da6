/** What a package is called. */
export interface PackageNames {
  readonly packageName: string;
  /** In YAML, when it is a file of one's own. */
  readonly type: string;
  /** Of Tiercel: the least that the package works with. */
  readonly version: string;
}

/** The code of a package. */
export interface CodeFiles {
  readonly index: string;
  readonly test: string;
}

/** A type as a name in code: `short_line` is `shortLine`. */
export function camel(type: string): string {
  return type.replace(/_+([a-z0-9])?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '');
}

/** An output over HTTP with the options that each has, and its test: the same text in JavaScript and in TypeScript. */
export function outputFiles(names: PackageNames): CodeFiles {
  return { index: outputCode(names), test: outputTest(names) };
}

function outputCode({ type }: PackageNames): string {
  return `import { defineOutput, httpOptions, httpUrl, overHttp, recordJson, Type } from 'tiercel';

export default defineOutput({
  apiVersion: 1,
  type: '${type}',
  summary: 'POSTs each batch of events as a JSON array.',
  category: 'web',
  stability: 'experimental',
  options: Type.Object({
    url: httpUrl({ description: 'Where to POST.' }),
    // Headers, authentication, gzip, proxy, TLS: what every output over HTTP has.
    ...httpOptions,
  }),
  examples: [{ title: 'Minimal', options: { url: 'https://${type.replaceAll('_', '-')}.example.com/events' } }],
  // Defaults. A batch closes at the first limit it reaches: events, bytes or milliseconds.
  batch: { events: 100, size: 1_000_000, every: 1_000 },
  create(_options, { http, mapper }) {
    const toJson = recordJson(mapper);
    // The answer is turned into delivered, retry or rejected.
    return overHttp(http, {
      // The id is the same on every attempt.
      headers: ({ id }) => ({ 'idempotency-key': id }),
      body: ({ records }) => \`[\${records.map(toJson).join(',')}]\`,
    });
  },
});
`;
}

function outputTest({ type }: PackageNames): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf, startDestination, testOutput, withOutput } from 'tiercel/testing';
import ${camel(type)} from './index.js';

// The contract of every output: against a real server that answers, refuses, hangs and resets.
testOutput(${camel(type)}, { test, options: ({ url }) => ({ url, auth: { bearer: { token: 'a-secret-token' } } }) });

test('sends the rule of an event', async () => {
  const destination = await startDestination();
  try {
    await withOutput(${camel(type)}, { options: { url: destination.url } }, async ({ deliver }) => {
      const delivery = await deliver([eventOf({ rule: 'Terminal shell' })]);
      assert.equal(delivery.status, 'delivered');
    });
    const bodies = destination.requests.map(({ body }) => JSON.parse(body));
    assert.equal(bodies[0][0].rule, 'Terminal shell');
  } finally {
    await destination.close();
  }
});
`;
}

/** A mapper with a row for each event, and its test: the same text in JavaScript and in TypeScript. */
export function mapperFiles(names: PackageNames): CodeFiles {
  return { index: mapperCode(names), test: mapperTest(names) };
}

function mapperCode({ type }: PackageNames): string {
  return `import { defineMapper, fieldText, isMissing, textMap, timestampMillis, Type } from 'tiercel';

// The schema of every record. A lake writes one column for each property, and refuses to start with what has no column.
const record = Type.Object({
  time: timestampMillis({ description: 'When the event happened.' }),
  id: Type.String({ description: 'The id of the event: the same event always has the same.' }),
  rule: Type.String({ description: 'The rule of Falco.' }),
  priority: Type.String({ description: 'The priority: Emergency to Debug.' }),
  hostname: Type.Optional(Type.String({ description: 'The host.' })),
  tags: Type.Array(Type.String(), { description: 'The tags of the rule.' }),
  fields: textMap({ description: 'The output fields that the option "fields" names, as text.' }),
});

export default defineMapper({
  apiVersion: 1,
  type: '${type}',
  summary: 'A row for each event, with the fields that were asked for.',
  stability: 'experimental',
  options: Type.Object({
    // A default makes an option required in the code: create() gets a list, whether the user gives one or not.
    fields: Type.Array(Type.String(), { description: 'Output fields to include.', default: [] }),
  }),
  create: ({ fields }) => ({
    record,
    // Pure: the same event gives the same record, today and on a replay. { ok: false, reason } makes a dead letter.
    map: (event) => ({
      ok: true,
      record: {
        time: event.time,
        id: event.id,
        rule: event.rule,
        priority: event.priority,
        hostname: event.hostname || undefined,
        tags: [...event.tags],
        fields: Object.fromEntries(
          fields.filter((name) => !isMissing(event.fields[name])).map((name) => [name, fieldText(event.fields[name])]),
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

// The contract of every mapper: a record that fits its schema or a reason for every event, the same one every time, and columns
// that a lake can write.
testMapper(${camel(type)}, { test, options: { fields: ['proc.name'] } });

test('includes the fields that were asked for', () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const mapper = ${camel(type)}.create({ fields: ['proc.name', 'no.such.field'] }, { log });
  const [event] = markedEvents(1);
  const mapped = mapper.map(decodeEvent(event.raw, 0));
  assert.ok(mapped.ok);
  assert.equal(mapped.record.rule, event.mark);
  assert.equal(mapped.record.time, Date.parse('2026-01-02T03:04:05.123Z'));
  assert.deepEqual(mapped.record.fields, { 'proc.name': 'sh' });
});
`;
}
