import { describe, expect, it } from 'vitest';
import { subset, wholeBatch } from '../../../../core/delivery/batch-slice.ts';
import { callOutput, withoutLost, withVerdict } from '../../../../core/delivery/chain.ts';
import { loadRecords, streamOf } from '../../../../core/delivery/content.ts';
import { DEFAULT_POLICY } from '../../../../core/delivery/policy.ts';
import { withRetry } from '../../../../core/delivery/retry.ts';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import type { StoredEvent, Subscription } from '../../../../core/journal/journal.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import type { StreamedBatch } from '../../../../core/sdk/contract/batch.ts';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import type { StreamOutput } from '../../../../core/sdk/contract/output.ts';
import { delivered, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never } from '../../../support/batch-slices.ts';
import { rawEvent } from '../../../support/events.ts';
import { numberMapper, numberOf } from '../../../support/output-loop.ts';

const manifest = {
  id: 'm',
  partition: '',
  positions: PositionSet.of(1, 2, 3, 4, 5),
  bytes: 0,
  openedAt: 0,
  closedAt: Date.now(),
};
const event = (position: number): StoredEvent => ({ position, receivedAt: 5, raw: rawEvent(position) });

/** The batch of the manifest as it is when these events can be read. */
const batchOf = async (...positions: number[]) =>
  wholeBatch(
    manifest,
    await loadRecords(manifest, [positions.map(event)], createDecoder(noDecodeOptions), numberMapper),
  );

describe('the id of a slice', () => {
  it('names events, not places: damage between two attempts moves it to no other events', async () => {
    const whole = await batchOf(1, 2, 3, 4, 5);
    const damaged = await batchOf(1, 3, 4, 5);
    const ids = new Map<string, string>();
    for (const batch of [whole, damaged]) {
      for (const indexes of [[0, 1], [1, 2], [2, 3], [3], [1, 2, 3]]) {
        const slice = subset(batch, indexes);
        const records = batch.content.stream ? '' : String(batch.content.records(slice.indexes));
        expect(ids.get(slice.id) ?? records).toBe(records);
        ids.set(slice.id, records);
      }
    }
    expect(subset(whole, [2, 3]).id).toBe(subset(damaged, [1, 2]).id);
  });

  it('is that of the batch only while no event of it is lost', async () => {
    expect((await batchOf(1, 2, 3, 4, 5)).id).toBe('m');
    const damaged = await batchOf(1, 3, 4, 5);
    expect(damaged.id).not.toBe('m');
    expect((await batchOf(1, 3, 4, 5)).id).toBe(damaged.id);
    // What is left is what a slice with the same events was.
    expect(subset(await batchOf(1, 2, 3, 4, 5), [0, 2, 3, 4]).id).toBe(damaged.id);
  });
});

describe('a streamed batch that loses events while it is read', () => {
  /** Reads the batch whole before it delivers, as an output that makes a file does. */
  function fileOutput(answer: (events: readonly number[]) => ReturnType<typeof delivered>) {
    const got: { id: string; count: number; events: readonly number[] }[] = [];
    const output = {
      async deliver({ id, count, blocks }: StreamedBatch) {
        const events: number[] = [];
        for await (const { buffer, entries } of blocks())
          for (let i = 0; i < entries.length; i += 4)
            events.push(numberOf(new Uint8Array(buffer, entries[i + 2], entries[i + 3])));
        got.push({ id, count, events });
        return answer(events);
      },
    } as unknown as StreamOutput;
    return { got, output };
  }

  function deliver(output: StreamOutput, damaged: ReadonlySet<number>) {
    const subscription = {
      async *fetch(positions: PositionSet) {
        for (const position of positions) if (!damaged.has(position)) yield [event(position)];
      },
    } as unknown as Subscription;
    const content = streamOf(manifest, subscription, createDecoder(noDecodeOptions));
    const attempt = withoutLost(withVerdict(callOutput(output)));
    const deps = {
      clock: systemClock,
      random: () => 0,
      stopping: never,
      slowNow: () => systemClock.monotonic(),
    };
    const settle = withRetry(attempt, DEFAULT_POLICY.retry, deps);
    return settle(wholeBatch(manifest, content), never).then((settled) => ({ settled, content }));
  }

  it('goes out under an id of its own, without them', async () => {
    const { got, output } = fileOutput(() => delivered());
    await deliver(output, new Set());
    const { settled, content } = await deliver(output, new Set([2, 5]));
    expect(got.map(({ count, events }) => [count, events])).toEqual([
      [5, [1, 2, 3, 4, 5]],
      [3, [1, 3, 4]],
    ]);
    expect(got[0]!.id).toBe('m');
    expect(got[1]!.id).not.toBe('m');
    expect(settled.setAside).toEqual([]);
    expect(content.setAside().map(({ position }) => position)).toEqual([2, 5]);
  });

  it('names the events that the destination refuses by their place in what it was given', async () => {
    const { output } = fileOutput(() => delivered({ rejected: [{ index: 1, reason: 'no' }] }));
    const { settled } = await deliver(output, new Set([1, 2]));
    expect(settled.setAside).toEqual([{ position: 4, cause: 'rejected', reason: 'no' }]);
  });

  it('tries again what the destination asks for, and no lost event', async () => {
    let tries = 0;
    const { got, output } = fileOutput(() =>
      tries++ === 0 ? retry('busy', { failed: [1, 2], rejected: [{ index: 0, reason: 'no' }] }) : delivered(),
    );
    const { settled } = await deliver(output, new Set([2]));
    expect(got.map(({ events }) => events)).toEqual([
      [1, 3, 4, 5],
      [3, 4],
    ]);
    expect(settled.setAside).toEqual([{ position: 1, cause: 'rejected', reason: 'no' }]);
  });

  it('is settled when all of it is lost', async () => {
    const { got, output } = fileOutput(() => delivered());
    const { content } = await deliver(output, new Set([1, 2, 3, 4, 5]));
    expect(got).toEqual([]);
    expect(content.setAside()).toHaveLength(5);
  });
});
