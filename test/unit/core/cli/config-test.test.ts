import { describe, expect, it } from 'vitest';
import { differences, runConfigTest } from '../../../../core/cli/config-test.ts';
import { loadConfig } from '../../../../core/config/load.ts';
import { createRegistry } from '../../../../core/plugins/registry.ts';
import { builtIns } from '../../../../distribution/built-ins.ts';

/** Runs the first test of a configuration with the outputs archive and oncall. */
async function outcome(test: string) {
  const text = `
enrich: { custom_fields: { cluster: prod } }
outputs:
  archive: { type: file, path: ./events.ndjson }
  oncall: { type: webhook, url: "https://hooks.example.com", minimum_priority: critical }
  off: { type: stdout, enabled: false }
  chat: { type: slack, webhook_url: "https://hooks.example.com" }
tests:
  - name: one
${test.replace(/^/gm, '    ')}`;
  const result = await loadConfig({ text, registry: createRegistry(builtIns) });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  const { mistakes } = runConfigTest(result.config, result.config.tests[0]!);
  return mistakes.map(({ path, message, expected, actual }) =>
    [path, expected === undefined ? message : `${expected} != ${actual}`].join(': '),
  );
}

describe('runConfigTest', () => {
  it('holds what is so', async () => {
    const test = `
event: { rule: A shell, priority: Error, output_fields: { evt.time: 1783762698682419669 } }
expect:
  outputs: [archive]
  not_outputs: [oncall, off]
  records:
    archive: { rule: A shell, output_fields: { cluster: prod, evt.time: 1783762698682419669 } }
    chat: { hostname: test-host }`;
    expect(await outcome(test)).toEqual([]);
  });

  it('says everything that is not so, and why', async () => {
    const test = `
event: { priority: Error }
expect:
  outputs: [oncall, off]
  not_outputs: [archive]
  records: { archive: { rule: Another, output_fields: { proc.name: sh } } }`;
    expect(await outcome(test)).toEqual([
      'outputs: oncall should want the event: not wanted: priority Error, minimum_priority Critical',
      'outputs: off should want the event: it is disabled',
      'not_outputs: archive should not want the event: wanted: the output has no conditions',
      'records.archive.rule: "Another" != "Test rule"',
      'records.archive.output_fields["proc.name"]: "sh" != undefined',
    ]);
  });

  it('says that it has no event', async () => {
    expect(await outcome('event: { priority: loud }\nexpect: {}')).toEqual([
      expect.stringMatching(/^event: priority /),
    ]);
  });
});

describe('differences', () => {
  it.each([
    [{ a: 1 }, { a: 1, b: 2 }, []],
    [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2, d: 3 }] } }, []],
    [[1], [1, 2], ['at']],
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, ['at.a[0].b']],
    [{ 'x.y': null }, {}, ['at["x.y"]']],
    [{ toString: 1 }, {}, ['at.toString']],
    [{ a: 1 }, 'text', ['at']],
  ])('%j in %j', (expected, actual, paths) => {
    expect(differences(expected, actual, 'at').map(({ path }) => path)).toEqual(paths);
  });
});
