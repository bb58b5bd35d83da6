import type { BatchSlice, Deliver } from '../../core/delivery/batch-slice.ts';
import { wholeBatch } from '../../core/delivery/batch-slice.ts';
import { sharedAbort } from '../../core/delivery/stopping.ts';
import { PositionSet } from '../../core/journal/positions.ts';
import type { OutputObserver } from '../../core/telemetry/observer.ts';

/** A batch of so many records at the positions 1, 2, …; record n is the text `r{n}`, counted from 0. */
export function sliceOf(
  count: number,
  options: { id?: string; partition?: string; closedAt?: number } = {},
): BatchSlice {
  const { id = 'batch', partition = '', closedAt = Date.UTC(2026, 0, 15, 12) } = options;
  const records = Array.from({ length: count }, (_, n) => `r${n}`);
  const manifest = {
    id,
    partition,
    positions: PositionSet.fromRuns([[1, count]]),
    bytes: count * 10,
    openedAt: closedAt,
    closedAt,
  };
  return wholeBatch(manifest, {
    stream: false,
    count,
    positionOf: (index) => index + 1,
    positions: (indexes) => PositionSet.of(...(indexes ?? [...records.keys()]).map((index) => index + 1)),
    setAside: () => [],
    records: (indexes) => indexes?.map((index) => records[index]) ?? records,
    events: () => [],
    bytes: (indexes) => (indexes?.length ?? count) * 10,
  });
}

/** The records of a slice. */
export function recordsOf(slice: BatchSlice): readonly unknown[] {
  return slice.content.stream ? [] : slice.content.records(slice.indexes);
}

/** A deliver that gives these results one after the other, the last for ever, and remembers the slices it saw. */
export function scripted(...results: (Awaited<ReturnType<Deliver>> | Error)[]) {
  const slices: BatchSlice[] = [];
  const deliver: Deliver = async (slice) => {
    slices.push(slice);
    const result = results[Math.min(slices.length, results.length) - 1]!;
    if (result instanceof Error) throw result;
    return result;
  };
  return { deliver, slices };
}

/** A signal that never aborts. */
export const never: AbortSignal = sharedAbort().signal;

/** An observer that listens to nothing. */
export const nobody: OutputObserver = {
  delivered() {},
  deadLettered() {},
  dropped() {},
  lost() {},
  attempt() {},
  batchClosed() {},
  unhandledRejection() {},
  health() {},
};
