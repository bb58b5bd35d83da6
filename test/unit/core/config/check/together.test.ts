import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../../core/config/load.ts';
import { testRegistry } from '../support.ts';

const load = (text: string) => loadConfig({ text, env: {}, registry: testRegistry() });

/** The outputs that could not be compared with the others, and the codes of the errors. */
async function uncheckedIn(text: string) {
  const result = await load(text);
  return result.ok ? [] : [result.unchecked, ...result.errors.map(({ code }) => code)];
}

describe('outputs whose destination could not be checked', () => {
  it('are those with errors in their options', async () => {
    expect(
      await uncheckedIn(`outputs:
  a: { type: lake, bucket: b, region: r, prefx: a }
  b: { type: lake, bucket: b, region: r, row_group: 5 }
  c: { type: lake, bucket: b, region: r, batch: { evry: 1m } }
  d: { type: gone, bucket: b }
  e: { type: webhook, url: nothing }
`),
    ).toEqual([
      ['a', 'b', 'd'],
      'TIERCEL_CFG_UNKNOWN_OPTION',
      'TIERCEL_CFG_SIZE',
      'TIERCEL_CFG_UNKNOWN_OPTION',
      'TIERCEL_CFG_UNKNOWN_TYPE',
      'TIERCEL_CFG_VALUE',
    ]);
  });

  it('are none where all options are valid', async () => {
    expect(await uncheckedIn('outputs: { a: { type: lake, bucket: b, region: r, retry: 5 } }')).toEqual([
      [],
      'TIERCEL_CFG_TYPE',
    ]);
  });
});

// The time limit of a test fails it when a step is quadratic: five thousand outputs took half a minute then.
describe('five thousand outputs', () => {
  const lines = (more: string) =>
    Array.from({ length: 5_000 }, (_, i) => `  o${i}: { type: webhook, url: "https://a.example", ${more} }`);

  it('are checked in time that grows with their number', async () => {
    const result = await load(`outputs:\n${lines('gzip: true').join('\n')}\n`);
    expect(result.ok && result.config.outputs).toHaveLength(5_000);
  }, 20_000);

  it('with an error and a warning each, too', async () => {
    const result = await load(`outputs:\n${lines('gzipp: true, token: $TOKEN').join('\n')}\n`);
    expect(!result.ok && result.errors).toHaveLength(5_000);
    expect(result.warnings).toHaveLength(5_000);
    expect(!result.ok && result.errors.at(-1)?.place).toMatchObject({ line: 5_001, column: 53 });
  }, 20_000);
});
