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
import { testOutput } from 'tiercel/testing';
import ${camel(type)} from './index.js';

// The contract of every output: against a real server that answers, refuses, hangs and resets.
testOutput(${camel(type)}, { test, options: ({ url }) => ({ url, auth: { bearer: { token: 'a-secret-token' } } }) });

test('what is yours to test', () => {
  assert.equal(${camel(type)}.type, '${type}');
});
`;
}

/** A mapper that takes some members of an event, and its test: the same text in JavaScript and in TypeScript. */
export function mapperFiles(names: PackageNames): CodeFiles {
  return { index: mapperCode(names), test: mapperTest(names) };
}

function mapperCode({ type }: PackageNames): string {
  return `import { defineMapper, fieldText, Type } from 'tiercel';

export default defineMapper({
  apiVersion: 1,
  type: '${type}',
  summary: 'Time, rule, host and the fields that were asked for.',
  stability: 'experimental',
  options: Type.Object({
    // A default makes an option required in the code: it is always there.
    fields: Type.Array(Type.String(), { description: 'Fields to take along.', default: [] }),
  }),
  create: ({ fields }) => ({
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
