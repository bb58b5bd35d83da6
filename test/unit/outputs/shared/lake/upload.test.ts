import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';
import type { StreamedBatch } from '../../../../../core/sdk/index.ts';
import ocsf from '../../../../../mappers/ocsf/index.ts';
import { createEncoder, createUploader, directoryStore } from '../../../../../outputs/shared/lake/index.ts';
import { decoded } from '../../../../support/decoded.ts';
import { rawEvent } from '../../../../support/events.ts';
import { createWorld, silent } from '../../../../support/output-loop.ts';
import { until } from '../../../../support/until.ts';
import { AT, compiledMapper, eventText, filesBelow, streamOf } from '../../streams.ts';
import { scratch } from './support.ts';

/** An uploader into a folder, with the real encoder. */
function setUp() {
  const folder = scratch();
  const encoder = createEncoder({
    mapper: { type: 'ocsf', module: compiledMapper('ocsf/index.js'), options: decoded(ocsf, {}) },
    decode: { customFields: {}, customTags: [], templatedFields: {} },
    directory: join(folder, 'state'),
    log: silent,
    file: { createdBy: 'tiercel test', sortedBy: 'time' },
  });
  const uploader = createUploader({ encoder, store: directoryStore(join(folder, 'lake')), log: silent });
  onTestFinished(() => uploader.close());
  return {
    uploader,
    objects: () => filesBelow(folder).filter((name) => name.startsWith('lake/')),
    leftovers: () => readdirSync(join(folder, 'state')),
  };
}

/** A batch whose events come only when the gate opens: a file that takes long to make. */
function slowBatch(id: string) {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const batch = { ...streamOf([eventText(AT), eventText(AT + 1)], ''), id };
  let readings = 0;
  let ended = 0;
  return {
    open,
    readings: () => readings,
    ended: () => ended,
    batch: {
      ...batch,
      async *blocks(signal?: AbortSignal) {
        readings++;
        signal?.addEventListener('abort', () => {
          ended++;
          open();
        });
        await gate;
        signal?.throwIfAborted();
        yield* batch.blocks();
      },
    },
  };
}

async function attempt(run: (signal: AbortSignal) => Promise<unknown>) {
  const controller = new AbortController();
  const result = run(controller.signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const aborted = performance.now();
  controller.abort(new Error('no answer'));
  return { result: await result, settledIn: performance.now() - aborted };
}

describe('an upload whose file takes longer to make than an attempt may', () => {
  it('settles at the abort, and the next attempt goes on with the same file', async () => {
    const { uploader, objects, leftovers } = setUp();
    const { batch, open, readings } = slowBatch('slow');
    for (let i = 0; i < 3; i++) {
      const { result, settledIn } = await attempt((signal) => uploader.upload(batch, 'slow.parquet', signal));
      expect(result).toMatchObject({ status: 'retry', reason: expect.stringMatching(/still being made/) });
      expect(settledIn).toBeLessThan(1000);
    }
    open();
    const last = uploader.upload(batch, 'slow.parquet', new AbortController().signal);
    expect(await last).toMatchObject({ status: 'delivered' });
    expect(readings()).toBe(1);
    expect(objects()).toEqual(['lake/slow.parquet']);
    expect(leftovers()).toEqual([]);
  });

  it('ends the making when the output is closed, also of those that wait for their turn', async () => {
    const { uploader, objects, leftovers } = setUp();
    const slow = ['a', 'b', 'c'].map(slowBatch);
    for (const { batch } of slow) {
      await attempt((signal) => uploader.upload(batch, `${batch.id}.parquet`, signal));
    }
    await uploader.close();
    expect(slow.map(({ readings }) => readings())).toEqual([1, 0, 0]);
    expect(slow[0]!.ended()).toBe(1);
    expect(leftovers()).toEqual([]);
    expect(objects()).toEqual([]);
  });

  it('gives up the oldest of too many that nobody asks for any more', async () => {
    const { uploader, objects } = setUp();
    const slow = Array.from({ length: 10 }, (_, i) => slowBatch(`b${i}`));
    for (const { batch } of slow) {
      await attempt((signal) => uploader.upload(batch, `${batch.id}.parquet`, signal));
    }
    for (const { open } of slow) open();
    const signal = new AbortController().signal;
    for (const { batch } of slow) {
      expect(await uploader.upload(batch, `${batch.id}.parquet`, signal)).toMatchObject({
        status: 'delivered',
      });
    }
    expect(objects()).toHaveLength(10);
    // The two oldest were begun twice; all others once.
    expect(slow.map(({ readings }) => readings()).slice(2)).toEqual(Array(8).fill(1));
  });

  it('is delivered by the whole chain in the end, and once', async () => {
    const { uploader, objects } = setUp();
    const world = await createWorld({ clock: systemClock });
    let attempts = 0;
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { loop, counts, identity } = await world.run(
      {
        deliver(batch: StreamedBatch, signal: AbortSignal) {
          attempts++;
          const { blocks } = batch;
          return uploader.upload(
            {
              ...batch,
              async *blocks(blockSignal?: AbortSignal) {
                await gate;
                yield* blocks(blockSignal);
              },
            },
            `${batch.id}.parquet`,
            signal,
          );
        },
      },
      {
        stream: true,
        limits: { events: 5 },
        policy: {
          timeout: 100,
          retry: { initial: 1, max: 1, maxAge: 60_000 },
          breaker: { failures: 1000, initial: 1, max: 1 },
        },
      },
    );
    await world.accept(5);
    await until('three attempts', () => attempts === 3, { interval: 5 });
    open();
    await until('the delivery', () => loop.accounts().pending === 0, { interval: 5 });
    expect(counts).toMatchObject({ delivered: 5, deadLettered: 0 });
    expect(identity()).toBe(0);
    expect(objects()).toHaveLength(1);
  });
});

it('uploads nothing of a batch that loses events while it is read, and all of what is left of it', async () => {
  const { uploader, objects } = setUp();
  const { signal } = new AbortController();
  const sound = streamOf([new TextDecoder().decode(rawEvent(1, {})), eventText(AT)], '');
  const damaged = {
    ...sound,
    count: 3,
    async *blocks() {
      yield* sound.blocks();
      throw new Error('1 events are corrupt');
    },
  };
  await expect(uploader.upload(damaged, 'b.parquet', signal)).rejects.toThrow('corrupt');
  expect(objects()).toEqual([]);
  const left = { ...sound, id: 'b-left' };
  expect((await uploader.upload(left, 'b-left.parquet', signal)).status).toBe('delivered');
  expect(objects()).toHaveLength(1);
});
