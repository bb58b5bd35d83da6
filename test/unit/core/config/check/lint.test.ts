import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../../core/config/load.ts';
import { createRegistry } from '../../../../../core/plugins/registry.ts';
import { mappers } from '../../../../../mappers/index.ts';
import { outputs } from '../../../../../outputs/index.ts';

const registry = createRegistry({ outputs, mappers });

/** Code, path and the quoted words of each warning, and the suggestion or the fix. */
async function warningsOf(output: string, env: Readonly<Record<string, string>> = {}) {
  const result = await loadConfig({ text: `outputs:\n  one: ${output}\n`, env, registry });
  expect(result.ok).toBe(true);
  return result.warnings.map(({ code, path, place, suggestion, fix }) => [
    code,
    path,
    place?.column,
    suggestion ?? fix,
  ]);
}

const queue = (more: string) =>
  `{ type: aws_sqs, queue_url: "https://sqs.eu-west-1.amazonaws.com/123456789012/falco", ${more} }`;

describe('a region that AWS does not have', () => {
  it('is a warning with the region that is meant', async () => {
    expect(await warningsOf(queue('region: eu-wset-1'))).toEqual([
      ['TIERCEL_CFG_VALUE', 'outputs.one.region', 102, 'eu-west-1'],
    ]);
    expect(await warningsOf(queue('region: moon'))).toEqual([
      ['TIERCEL_CFG_VALUE', 'outputs.one.region', 102, expect.stringContaining('eu-central-1')],
    ]);
  });

  it('is none where another service is addressed, and a known one is none', async () => {
    expect(await warningsOf(queue('region: garage, endpoint: "http://localhost:3900"'))).toEqual([]);
    for (const region of ['eu-central-1', 'us-gov-west-1', 'cn-northwest-1', 'ap-southeast-7'])
      expect(await warningsOf(queue(`region: ${region}`))).toEqual([]);
  });

  it('is not shown when it comes from the environment', async () => {
    expect(await warningsOf(queue(`region: "$\{env:REGION}"`), { REGION: 'hunter2' })).toEqual([]);
  });
});

describe('a condition that fails for an event without the field', () => {
  const file = (when: string) => `{ type: file, path: a.ndjson, when: '${when}' }`;

  it('is a warning at the field, with the check that is missing', async () => {
    expect(await warningsOf(file('rule == "x" && fields["evt.num"] > 5'))).toEqual([
      ['TIERCEL_CFG_WHEN', 'outputs.one.when', 60, 'Check the field first: fields["evt.num"] != null && …'],
    ]);
  });

  it('is none when the field is checked first, and for comparisons that null passes', async () => {
    expect(await warningsOf(file('fields["evt.num"] != null && fields["evt.num"] > 5'))).toEqual([]);
    expect(await warningsOf(file('fields["k8s.ns.name"] == "prod"'))).toEqual([]);
  });
});
