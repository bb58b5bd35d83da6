import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { EventBlock, StreamedBatch } from '../../../../../../core/sdk/index.ts';
import type { EncoderOptions } from '../../../../../../outputs/shared/lake/parquet/encode.ts';
import { createEncoder } from '../../../../../../outputs/shared/lake/parquet/encode.ts';
import { arrayBuffer, readWithDuckDB, scratch } from '../support.ts';

/** A mapper as a third party would ship it: plain JavaScript, no import. */
const MAPPER = `
const object = (properties) => ({ type: 'object', additionalProperties: false, properties });
export default {
  apiVersion: 1, type: 'probe', summary: '', options: object({}),
  create: (options, { log }) => ({
    record: object({
      time: { type: 'integer', format: 'int64' },
      metadata: object({ uid: { type: 'string' } }),
      rule: { type: 'string' },
      count: { type: 'integer' },
    }),
    map(event) {
      if (event.rule === 'refuse') return { ok: false, reason: 'not this one' };
      if (event.rule === 'throw') throw new Error('oops');
      if (event.rule === 'die') process.exit(3);
      if (event.rule === 'hang') for (;;);
      if (event.rule === 'nothing') return undefined;
      if (event.rule === 'promise') return Promise.resolve({ ok: true, record: {} });
      if (event.rule === 'no record') return { ok: true };
      if (event.rule === 'getter') return { ok: true, record: { get rule() { throw new Error('stale'); } } };
      if (event.rule === 'more') return { ok: true, record: { metadata: { uid: event.id, version: '1' } } };
      if (event.rule === 'log') log.warn({ id: event.id }, 'seen');
      return { ok: true, record: {
        time: event.time, metadata: { uid: event.id }, rule: event.rule,
        count: event.rule === 'large' ? 2 ** 40 : 1,
      } };
    },
  }),
};`;

interface Sample {
  readonly time: string;
  readonly id: string;
  readonly rule?: string;
}

const at = (milliseconds: number) => new Date(Date.UTC(2026, 10, 23) + milliseconds).toISOString();

function batchOf(samples: readonly Sample[], eventsPerBlock = 3): StreamedBatch {
  async function* blocks(): AsyncGenerator<EventBlock> {
    for (let first = 0; first < samples.length; first += eventsPerBlock) {
      const raws = samples
        .slice(first, first + eventsPerBlock)
        .map(({ time, id, rule = 'A rule' }) =>
          Buffer.from(
            JSON.stringify({ uuid: id, time, rule, priority: 'Notice', output: 'text', output_fields: {} }),
          ),
        );
      const entries = new Float64Array(4 * raws.length);
      let offset = 0;
      raws.forEach((raw, entry) => {
        entries.set([first + entry, 1_800_000_000_000, offset, raw.length], 4 * entry);
        offset += raw.length;
      });
      yield { buffer: arrayBuffer(Buffer.concat(raws)), entries };
    }
  }
  return {
    id: 'b-1',
    attempt: 1,
    partition: '',
    count: samples.length,
    bytes: 0,
    openedAt: 0,
    closedAt: 0,
    blocks,
    events() {
      throw new Error('this output reads blocks');
    },
  };
}

function encoder(file: Partial<EncoderOptions['file']> = {}, mapper = MAPPER) {
  const directory = scratch();
  const module = join(directory, 'mapper.mjs');
  writeFileSync(module, mapper);
  const lines: string[] = [];
  const note = (_details: object | string, message?: string) => void lines.push(String(message));
  const made = createEncoder({
    mapper: { type: 'probe', module: pathToFileURL(module).href, options: {} },
    decode: { customFields: {}, customTags: [], templatedFields: {} },
    directory,
    log: { debug: note, info: note, warn: note, error: note },
    file: { createdBy: 'tiercel test', sortedBy: 'time', ...file },
  });
  onTestFinished(() => made.close());
  const leftovers = () => readdirSync(directory).filter((name) => name.startsWith('encoding-'));
  return { ...made, lines, leftovers, directory };
}

const never = new AbortController().signal;

describe('createEncoder', () => {
  const shuffled = [5, 1, 4, 4, 0, 3, 2].map((n, index) => ({ time: at(n), id: `id-${9 - index}` }));

  it('writes the rows sorted by time and id, and says so in the footer', async () => {
    const { encode, leftovers } = encoder();
    const { file, rows, failures, firstTime, lastTime, remove } = await encode(batchOf(shuffled), never);
    expect({ rows, failures }).toEqual({ rows: 7, failures: [] });
    expect([firstTime, lastTime]).toEqual([Date.parse(at(0)), Date.parse(at(5))]);
    const bytes = readFileSync(file!.path);
    expect(bytes.length).toBe(file!.size);
    const table = (await readWithDuckDB(bytes)) as { time: number; metadata: { uid: string } }[];
    expect(table.map(({ time, metadata }) => [time - Date.parse(at(0)), metadata.uid])).toEqual([
      [0, 'id-5'],
      [1, 'id-8'],
      [2, 'id-3'],
      [3, 'id-4'],
      [4, 'id-6'],
      [4, 'id-7'],
      [5, 'id-9'],
    ]);
    const { row_groups } = parquetMetadata(arrayBuffer(bytes));
    expect(row_groups[0]!.sorting_columns).toEqual([
      { column_idx: 0, descending: false, nulls_first: false },
    ]);
    await remove();
    expect(leftovers()).toEqual([]);
  });

  it('writes the same bytes for the same batch, held in memory or not', async () => {
    const first = await encoder().encode(batchOf(shuffled), never);
    const second = await encoder({ holdBytes: 0 }).encode(batchOf(shuffled, 1), never);
    expect(second.file!.sha256).toBe(first.file!.sha256);
    expect(readFileSync(second.file!.path).equals(readFileSync(first.file!.path))).toBe(true);
  });

  it('sets aside what a faulty mapper returns, and writes the other rows', async () => {
    const { encode } = encoder();
    const rules = ['nothing', 'A rule', 'promise', 'no record', 'getter', 'more', 'A rule'];
    const samples = rules.map((rule, index) => ({ time: at(index), id: `id-${index}`, rule }));
    const { rows, failures, file } = await encode(batchOf(samples), never);
    const neither = 'the mapper probe returned neither { ok: true, record } nor { ok: false, reason }';
    expect(failures).toEqual([
      { index: 0, reason: neither },
      { index: 2, reason: 'the mapper probe returned a promise; map must be synchronous' },
      { index: 3, reason: 'the mapper probe returned { ok: true } without a record' },
      { index: 4, reason: 'the record cannot be read: stale' },
      { index: 5, reason: 'the record does not fit its schema: metadata.version: is not in the schema' },
    ]);
    expect(rows).toBe(2);
    const table = (await readWithDuckDB(readFileSync(file!.path))) as { metadata: { uid: string } }[];
    expect(table.map(({ metadata }) => metadata.uid)).toEqual(['id-1', 'id-6']);
  });

  it('names the events that have no row, and why', async () => {
    const { encode } = encoder();
    const rules = ['A rule', 'refuse', 'throw', 'large', 'A rule'];
    const samples = rules.map((rule, index) => ({ time: at(9 - index), id: `id-${index}`, rule }));
    const { rows, failures } = await encode(batchOf(samples), never);
    expect(rows).toBe(2);
    expect(failures).toEqual([
      { index: 1, reason: 'not this one' },
      { index: 2, reason: 'the mapper probe failed: oops' },
      {
        index: 3,
        reason:
          'the record does not fit its schema: count: expected a 32-bit integer, got 1099511627776; write int64() in the schema',
      },
    ]);
  });

  it('writes no file without rows', async () => {
    const { encode, leftovers } = encoder();
    const result = await encode(batchOf([{ time: at(0), id: 'x', rule: 'refuse' }]), never);
    expect(result).toMatchObject({ rows: 0, failures: [{ index: 0 }] });
    expect(result.file).toBeUndefined();
    expect(leftovers()).toEqual([]);
  });

  it('rejects when the thread dies, and goes on with a new one', async () => {
    const { encode, leftovers } = encoder();
    await expect(encode(batchOf([{ time: at(0), id: 'x', rule: 'die' }]), never)).rejects.toThrow(/thread/);
    expect(leftovers()).toEqual([]);
    expect((await encode(batchOf(shuffled), never)).rows).toBe(7);
  });

  it('lets go within a second of an abort, even of a mapper that never returns', async () => {
    const { encode, leftovers } = encoder();
    await (await encode(batchOf(shuffled), never)).remove();
    const stop = new AbortController();
    const running = encode(batchOf([{ time: at(0), id: 'x', rule: 'hang' }]), stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 50);
    const before = performance.now();
    await expect(running).rejects.toThrow('enough');
    expect(performance.now() - before).toBeLessThan(1050);
    expect(leftovers()).toEqual([]);
  });

  it('gives up a mapper that never returns, so that other batches get their turn', async () => {
    const { encode, leftovers } = encoder();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let over = false;
    const hung = encode(batchOf([{ time: at(0), id: 'x', rule: 'hang' }]), never).finally(() => {
      over = true;
    });
    const failed = expect(hung).rejects.toThrow('no progress in 300000 ms');
    while (!over) {
      vi.advanceTimersByTime(300_000);
      await setImmediate();
    }
    await failed;
    vi.useRealTimers();
    expect(leftovers()).toEqual([]);
    expect((await encode(batchOf(shuffled), never)).rows).toBe(7);
  });

  it('takes several batches at once, one after the other, and passes log lines on', async () => {
    const { encode, lines } = encoder();
    const logged = [{ time: at(0), id: 'x', rule: 'log' }];
    const results = await Promise.all([
      encode({ ...batchOf(shuffled), id: 'b-1' }, never),
      encode({ ...batchOf(logged), id: 'b-2' }, never),
      encode({ ...batchOf(shuffled), id: 'b-3' }, never),
    ]);
    expect(results.map(({ rows }) => rows)).toEqual([7, 1, 7]);
    expect(lines).toContain('seen');
  });

  it.each([
    ['a module that throws', `throw new Error('no licence');`, 'no licence'],
    [
      'a module without a definition',
      'export const a = 1;',
      "Cannot read properties of undefined (reading 'create')",
    ],
    [
      'a mapper that throws',
      MAPPER.replace('create:', 'create() { throw new Error("no such field"); }, other:'),
      'no such field',
    ],
    [
      'a mapper without a record schema',
      MAPPER.replace(/record: object\({.*?\n {4}}\),/s, ''),
      'record: is not declared',
    ],
  ])('gives the batch the reason why its mapper cannot be set up: %s', async (_, mapper, reason) => {
    const { encode, leftovers } = encoder({}, mapper);
    // The second batch meets a new thread.
    for (let i = 0; i < 2; i++)
      await expect(encode(batchOf(shuffled), never)).rejects.toThrow(
        `mapper "probe" cannot be set up: ${reason}`,
      );
    expect(leftovers()).toEqual([]);
  });

  it('fails the batch when the journal cannot be read, and removes what a crash left', async () => {
    const { encode, directory, leftovers } = encoder();
    writeFileSync(join(directory, 'encoding-old.parquet'), 'half');
    const broken: StreamedBatch = {
      ...batchOf(shuffled),
      // biome-ignore lint/correctness/useYield: fails before its first block.
      async *blocks() {
        throw new Error('segment gone');
      },
    };
    await expect(encode(broken, never)).rejects.toThrow('segment gone');
    expect(leftovers()).toEqual([]);
    expect((await encode(batchOf(shuffled), never)).rows).toBe(7);
  });
});
