import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { createRegistry } from '../../../core/plugins/registry.ts';
import { mappers } from '../../../mappers/index.ts';
import { outputs } from '../../../outputs/index.ts';

const lakeWith = (more: string) =>
  loadConfig({
    text: `outputs:
  lake:
    type: aws_security_lake
    directory: ./lake
    source: falco
    region: eu-west-1
    account_id: "123456789012"
${more}`,
    env: {},
    registry: createRegistry({ outputs, mappers }),
  });

describe('aws_security_lake in a configuration', () => {
  it('has the batches and the time that Security Lake wants', async () => {
    const result = await lakeWith('');
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    const [lake] = result.config.outputs;
    expect(lake).toMatchObject({
      batch: { every: 300_000, size: 268_435_456 },
      policy: { timeout: 600_000 },
      mapper: { type: 'ocsf', options: { cloud: { provider: 'AWS', account_id: '123456789012' } } },
    });
    const slower = await lakeWith('    timeout: 20m\n    batch: { every: 1h }\n');
    if (!slower.ok) throw new Error(JSON.stringify(slower.errors));
    expect(slower.config.outputs[0]).toMatchObject({
      batch: { every: 3_600_000 },
      policy: { timeout: 1_200_000 },
    });
  });

  it.each(['every: 1m', 'every: 25h', 'size: 1MiB', 'size: 6GiB'])('refuses batch.%s', async (limit) => {
    const result = await lakeWith(`    batch: { ${limit} }\n`);
    expect(result).toMatchObject({
      ok: false,
      errors: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringContaining('between') }),
      ]),
    });
  });
});

describe('parquet_lake in a configuration', () => {
  const errorsOf = async (more: string) => {
    const result = await loadConfig({
      text: `outputs:\n  lake: { type: parquet_lake, directory: ./lake, ${more} }\n`,
      env: {},
      registry: createRegistry({ outputs, mappers }),
    });
    return result.ok ? [] : result.errors.map(({ code, path, message }) => ({ code, path, message }));
  };

  it.each(['mapper: ocsf', 'mapper: ecs', 'partition_by: hour'])('takes %s', async (more) => {
    expect(await errorsOf(more)).toEqual([]);
  });

  it.each([
    ['falco', 'must be a closed object with properties'],
    ['event', 'is not declared'],
  ])('refuses the mapper %s, which has no columns', async (mapper, reason) => {
    expect(await errorsOf(`mapper: ${mapper}`)).toEqual([
      {
        code: 'TIERCEL_CFG_MAPPER',
        path: 'outputs.lake.mapper',
        message: expect.stringContaining(`${mapper}: record: ${reason}`),
      },
    ]);
  });
});
