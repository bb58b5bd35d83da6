import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it, vi } from 'vitest';
import ocsf from '../../../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../../../outputs/aws-security-lake/index.ts';
import { decoded } from '../../../support/decoded.ts';
import { AT, compiledMapper, eventText, filesBelow, streamOf } from '../streams.ts';
import { contextOf, jsonTextMapper, misbehaving, neverAborts, recordingLogger } from '../support.ts';

type Options = Parameters<typeof lake.create>[0];

const base = decoded(lake, { source: 'falco', region: 'eu-west-1', account_id: '123456789012' });
const compiled = compiledMapper('ocsf/index.js');

function setUp(options: Partial<Options>) {
  const given = { ...base, ...options };
  const log = recordingLogger();
  const mapper = { type: 'ocsf', module: compiled, options: decoded(ocsf, mapperOptions(given)) };
  const context = { ...contextOf<unknown>(ocsf.create(mapper.options, { log }), log), mapperRef: mapper };
  return { output: lake.create(given, context), log, folder: context.configDir };
}

describe('aws_security_lake into a directory', () => {
  it('writes one sorted object with the layout of the lake, and the same again on a replay', async () => {
    const { output, log, folder } = setUp({ directory: 'lake', source_version: '1.0' });
    const texts = [3, 1, 2].map((second) => eventText(AT + 1000 * second));
    const batch = streamOf(texts, '123456789012/20260102');
    expect(await output.deliver(batch, neverAborts())).toMatchObject({
      status: 'delivered',
      bytes: expect.any(Number),
    });
    const path = 'ext/falco/1.0/region=eu-west-1/accountId=123456789012/eventDay=20260102/batch-1.parquet';
    expect(filesBelow(join(folder, 'lake'))).toEqual([path]);
    expect(log.lines).toContainEqual(
      expect.objectContaining({
        level: 'info',
        message: 'Upload parquet file batch-1.parquet OK (3 events)',
      }),
    );
    const file = await asyncBufferFromFile(join(folder, 'lake', path));
    const rows = await parquetReadObjects({ file, compressors });
    expect(rows.map(({ time }) => Number(time))).toEqual([1, 2, 3].map((second) => AT + 1000 * second));
    expect(rows[0]).toMatchObject({
      class_uid: 2004,
      cloud: { provider: 'AWS', account: { uid: '123456789012' } },
    });
    expect(rows.map((row) => row.raw_data).sort()).toEqual([...texts].sort());
    const { key_value_metadata: pairs } = await parquetMetadataAsync(file);
    const footer = Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, value]));
    expect(footer).toMatchObject({
      ocsf_version: '1.1.0',
      ocsf_class: '2004',
      schema_hash: expect.any(String),
    });
    expect(footer).toHaveProperty('mapping_version');
    expect(footer).toHaveProperty('product_version');

    const before = readFileSync(join(folder, 'lake', path));
    expect((await output.deliver(batch, neverAborts())).status).toBe('delivered');
    expect(readFileSync(join(folder, 'lake', path))).toEqual(before);
    await output.stop?.(neverAborts());
    expect(filesBelow(folder)).toEqual([join('lake', path)]);
  });

  it('rejects by index what is no event, and writes nothing for a batch without a row', async () => {
    const { output, log, folder } = setUp({ directory: 'lake' });
    const mixed = streamOf(['not json', eventText(AT)], '123456789012/20260102');
    expect(await output.deliver(mixed, neverAborts())).toMatchObject({
      status: 'delivered',
      rejected: [{ index: 0 }],
    });
    const bad = { ...streamOf(['{}', 'x'], '123456789012/20260102'), id: 'batch-2' };
    expect(await output.deliver(bad, neverAborts())).toMatchObject({
      status: 'delivered',
      rejected: [{ index: 0 }, { index: 1 }],
    });
    expect(filesBelow(join(folder, 'lake'))).toHaveLength(1);
    expect(log.lines.at(-1)?.message).toMatch(/nothing is uploaded/);
    await output.stop?.(neverAborts());
  });

  it('keeps the file for the next attempt while the place cannot be written', async () => {
    const { output, folder } = setUp({ directory: 'lake/below' });
    writeFileSync(join(folder, 'lake'), 'a file where a folder should be');
    const batch = streamOf([eventText(AT)], '123456789012/20260102');
    expect((await output.deliver(batch, neverAborts())).status).toBe('retry');
    expect(filesBelow(folder)).toHaveLength(1);
    const again = { ...batch, blocks: vi.fn(batch.blocks) };
    expect((await output.deliver(again, neverAborts())).status).toBe('retry');
    expect(again.blocks).not.toHaveBeenCalled();
    await output.stop?.(neverAborts());
    expect(filesBelow(folder)).toHaveLength(0);
  });

  it('tells of late events', async () => {
    const { output, log } = setUp({ directory: 'lake' });
    await output.deliver(streamOf([eventText(AT - 86_400_000)], '123456789012/20260101'), neverAborts());
    const old = { ...streamOf([eventText(AT - 20 * 86_400_000)], '123456789012/20251213'), id: 'batch-2' };
    // Once a batch, or an outage would fill the log with it.
    for (const attempt of [1, 2, 3]) await output.deliver({ ...old, attempt }, neverAborts());
    expect(log.lines.filter(({ message }) => /late/i.test(message)).map(({ level }) => level)).toEqual([
      'info',
      'warn',
    ]);
    await output.stop?.(neverAborts());
  });
});

describe('aws_security_lake into S3', () => {
  const s3 = {
    force_path_style: true,
    access_key_id: 'AKIA0',
    secret_access_key: 'not-a-real-secret-key',
    bucket: 'lake',
  };

  it('puts one object, once, and keeps the events when it is denied', async () => {
    const statuses = [403, 503, 200, 412];
    const server = await misbehaving((_, response) => {
      response.writeHead(statuses.shift() ?? 200);
      response.end();
    });
    const { output } = setUp({ ...s3, endpoint: server.url });
    const batch = streamOf([eventText(AT)], '123456789012/20260102');
    expect(await output.deliver(batch, neverAborts())).toMatchObject({ status: 'retry', denied: true });
    expect((await output.deliver(batch, neverAborts())).status).toBe('retry');
    expect((await output.deliver(batch, neverAborts())).status).toBe('delivered');
    expect((await output.deliver(batch, neverAborts())).status).toBe('delivered');
    const key = '/lake/ext/falco/region=eu-west-1/accountId=123456789012/eventDay=20260102/batch-1.parquet';
    for (const { method, path, headers } of server.received) {
      expect([method, decodeURIComponent(path.split('?')[0]!)]).toEqual(['PUT', key]);
      expect(headers['if-none-match']).toBe('*');
      expect(Object.keys(headers).filter((name) => /acl|tagging|encryption/.test(name))).toEqual([]);
    }
    await output.stop?.(neverAborts());
    await server.stop();
  });

  it('asks who it is only when told to, and goes on when it is refused', async () => {
    const server = await misbehaving((_, response) => {
      response.writeHead(404);
      response.end();
    });
    const silent = setUp({ ...s3, endpoint: server.url });
    await silent.output.start?.(neverAborts());
    expect(server.received).toHaveLength(0);
    const asking = setUp({ ...s3, endpoint: server.url, check_identity: true });
    await asking.output.start?.(neverAborts());
    expect(asking.log.lines).toMatchObject([{ level: 'warn' }]);
    await silent.output.stop?.(neverAborts());
    await asking.output.stop?.(neverAborts());
    await server.stop();
  });
});

describe('the definition', () => {
  it('hands the mapper options that it knows', () => {
    const options = mapperOptions({
      ...base,
      class: 'security_finding',
      version: '1.3.0',
      mode: 'falcosidekick',
      validation: 'strict',
      cluster_name: 'prod',
      account_id_from: 'ct.recipientaccountid',
      cloud: { region: 'eu-central-1' },
      profiles: ['linux_users'],
      confidence_from_maturity: true,
    });
    expect(options.cloud).toEqual({ provider: 'AWS', account_id: '123456789012', region: 'eu-central-1' });
    for (const name of Object.keys(options)) expect(ocsf.options.properties).toHaveProperty(name);
    expect(() => ocsf.create(decoded(ocsf, options), { log: recordingLogger() })).not.toThrow();
    expect(mapperOptions({ ...base, account_id: 'external' })).not.toHaveProperty('cloud');
    expect(mapperOptions({ ...base, cloud: { provider: 'GCP' } }).cloud).toEqual({ provider: 'GCP' });
  });

  it('claims its place, so that no second output writes there', () => {
    const here = contextOf(jsonTextMapper);
    const lakeBucket = 'aws-security-data-lake-eu-west-1-x1';
    expect(lake.claims?.({ ...base, bucket: lakeBucket }, here)).toEqual([`s3://${lakeBucket}/ext/falco`]);
    expect(
      lake.claims?.(
        { ...base, source: undefined, location: `s3://${lakeBucket}/ext/falco/` } as Options,
        here,
      ),
    ).toEqual([`s3://${lakeBucket}/ext/falco`]);
    expect(() => lake.claims?.(base, here)).toThrow('exactly one of location, bucket');
  });
});
