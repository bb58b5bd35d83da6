import { type CodeFiles, camel, type PackageNames } from './create-names.ts';

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
