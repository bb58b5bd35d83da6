import { type CodeFiles, camel, type PackageNames } from './create-names.ts';

/** An output over HTTP with the options that each has, and its test: the same text in JavaScript and in TypeScript. */
export function outputFiles(names: PackageNames): CodeFiles {
  return { index: outputCode(names), test: outputTest(names) };
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
