import { join } from 'node:path';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import ocsf from '../../../../mappers/ocsf/index.ts';
import lake from '../../../../outputs/parquet-lake/index.ts';
import { partitionKey } from '../../../../outputs/parquet-lake/partition.ts';
import { decoded } from '../../../support/decoded.ts';
import { AT, compiledMapper, eventText, filesBelow, streamOf } from '../streams.ts';
import { contextOf, eventOf, jsonTextMapper, neverAborts, recordingLogger } from '../support.ts';

const mapperRef = { type: 'ocsf', module: compiledMapper('ocsf/index.js'), options: decoded(ocsf, {}) };

describe('parquet_lake', () => {
  it('writes the records of its mapper under the partition of the event, sorted by time', async () => {
    const context = {
      ...contextOf<unknown>(ocsf.create(decoded(ocsf, {}), { log: recordingLogger() })),
      mapperRef,
    };
    const output = lake.create(
      decoded(lake, { directory: 'lake', prefix: 'sec/falco', partition_by: 'hour' }),
      context,
    );
    const partition = output.partition?.(eventOf({ time: AT })) as string;
    const batch = streamOf([eventText(AT + 2), eventText(AT + 1)], partition);
    expect((await output.deliver(batch, neverAborts())).status).toBe('delivered');
    const path = 'sec/falco/day=2026-01-02/hour=03/batch-1.parquet';
    expect(filesBelow(join(context.configDir, 'lake'))).toEqual([path]);
    const file = await asyncBufferFromFile(join(context.configDir, 'lake', path));
    const rows = await parquetReadObjects({ file, compressors });
    expect(rows.map(({ time }) => Number(time))).toEqual([AT + 1, AT + 2]);
    await output.stop?.(neverAborts());
  });

  it('says what is missing', () => {
    const context = {
      ...contextOf<unknown>(ocsf.create(decoded(ocsf, {}), { log: recordingLogger() })),
      mapperRef,
    };
    expect(() => lake.create(decoded(lake, {}), context)).toThrow(/exactly one of bucket and directory/);
    expect(() => lake.create({ ...decoded(lake, {}), bucket: 'lake' }, context)).toThrow(/needs region/);
    expect(() => lake.create(decoded(lake, { directory: 'x' }), contextOf<unknown>(jsonTextMapper))).toThrow(
      /must be a closed object/,
    );
  });
});

describe('partitionKey', () => {
  it('is the UTC time of the event, to the depth asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (time) => {
        const key = partitionKey(time, 'hour') as string;
        const [, day, hour] = /^day=(.*)\/hour=(\d\d)$/.exec(key)!;
        const start = Date.parse(`${day}T${hour}:00:00Z`);
        expect(time - start).toBeGreaterThanOrEqual(0);
        expect(time - start).toBeLessThan(3_600_000);
        expect(key.startsWith(partitionKey(time, 'day') as string)).toBe(true);
        expect(partitionKey(time, 'none')).toBe('');
      }),
      {
        examples: [
          -62_135_596_800_000, -1, 0, 3_599_999, 3_600_000, 86_399_999, 86_400_000, 253_402_300_799_999,
        ].map((time): [number] => [time]),
      },
    );
    expect(partitionKey(AT, 'month')).toBe('month=2026-01');
    expect(partitionKey(8.64e15, 'day')).toEqual({ reject: expect.stringContaining('no partition') });
  });
});
