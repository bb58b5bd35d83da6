import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventBlock, StreamedBatch } from '../../core/sdk/index.ts';
import ocsf from '../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../outputs/aws-security-lake/index.ts';
import { type FileReport, inspect } from '../../outputs/aws-security-lake/inspect/index.ts';
import { realEvents } from '../support/corpus.ts';
import { decoded } from '../support/decoded.ts';
import { compiledMapper } from '../unit/outputs/streams.ts';
import { contextOf, neverAborts, recordingLogger } from '../unit/outputs/support.ts';

const ROWS = 200_000;
const BLOCK = 5000;
const DAY = Date.UTC(2026, 0, 2);

/**
 * One batch of many events of one day, out of order: the real ones again and again, each with a time of its own and a text
 * that does not compress.
 */
function manyEvents(): StreamedBatch {
  const texts = realEvents().map((text) => JSON.parse(text) as Record<string, unknown>);
  const random = (n: number) => Math.imul(n ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  const eventText = (n: number) =>
    JSON.stringify({
      ...texts[n % texts.length],
      uuid: undefined,
      time: new Date(DAY + (random(n) % 86_400_000)).toISOString(),
      output: `${n} ${random(n).toString(36)}${random(n + 1).toString(36)}${random(n + 2).toString(36)}`,
    });
  return {
    id: 'many',
    attempt: 1,
    partition: '123456789012/20260102',
    count: ROWS,
    bytes: ROWS * 1000,
    openedAt: DAY,
    closedAt: DAY,
    events() {
      throw new Error('this output reads blocks');
    },
    async *blocks(): AsyncIterable<EventBlock> {
      for (let start = 0; start < ROWS; start += BLOCK) {
        const parts = Array.from({ length: BLOCK }, (_, i) => Buffer.from(eventText(start + i)));
        const entries = new Float64Array(4 * BLOCK);
        let offset = 0;
        for (const [i, { byteLength }] of parts.entries()) {
          entries.set([start + i, DAY + 86_400_000, offset, byteLength], 4 * i);
          offset += byteLength;
        }
        const buffer = new ArrayBuffer(offset);
        new Uint8Array(buffer).set(Buffer.concat(parts));
        yield { buffer, entries };
      }
    },
  };
}

describe('a file of 200,000 rows', () => {
  let folder = '';
  let report: FileReport;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiercel-limits-'));
    const options = decoded(lake, {
      directory: folder,
      source: 'falco',
      region: 'eu-west-1',
      account_id: '123456789012',
    });
    const log = recordingLogger();
    const mapper = {
      type: 'ocsf',
      module: compiledMapper('ocsf/index.js'),
      options: decoded(ocsf, mapperOptions(options)),
    };
    const context = { ...contextOf<unknown>(ocsf.create(mapper.options, { log }), log), mapperRef: mapper };
    const output = lake.create(options, context);
    expect(await output.deliver(manyEvents(), neverAborts())).toMatchObject({ status: 'delivered' });
    await output.stop?.(neverAborts());
    for await (const each of inspect(folder, { region: 'eu-west-1' })) report = each;
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('keeps every rule of a custom source', () => {
    expect(report.violations).toEqual([]);
    expect(report.rows).toBe(ROWS);
  });

  it('has pages of at most 1 MB and row groups of at most 256 MB, and more than one of each', () => {
    expect(report.pages!.largest).toBeLessThanOrEqual(1_000_000);
    expect(report.pages!.largest).toBeGreaterThan(500_000);
    expect(report.rowGroups!.length).toBeGreaterThan(1);
    for (const { compressed } of report.rowGroups!) expect(compressed).toBeLessThanOrEqual(256_000_000);
    expect(report.codecs).toEqual(['ZSTD']);
    expect(report.last!).toBeGreaterThan(report.first!);
  });
});
