import type { JournalEntry } from '../journal.ts';
import { FRAME_BYTES } from '../segments/codec.ts';

/** One call of `Journal.append` that waits for its group. */
export interface Append {
  readonly entries: readonly JournalEntry[];
  /** Bytes it takes in a segment, but for the names of outputs. */
  readonly size: number;
}

export function appendOf(entries: readonly JournalEntry[]): Append {
  return { entries, size: entries.reduce((sum, { raw }) => sum + FRAME_BYTES + raw.length, 0) };
}

/** The calls of a group as one. */
export function together(calls: readonly Append[]): Append {
  if (calls.length === 1) return calls[0]!;
  const entries: JournalEntry[] = [];
  let size = 0;
  for (const call of calls) {
    // Not flatMap, which costs several times as much, on the way of every event.
    for (const entry of call.entries) entries.push(entry);
    size += call.size;
  }
  return { entries, size };
}
