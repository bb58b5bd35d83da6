import { expect, test } from 'vitest';
import { appendOf, together } from '../../../../../core/journal/disk/append.ts';
import type { JournalEntry } from '../../../../../core/journal/journal.ts';
import { FRAME_BYTES } from '../../../../../core/journal/segments/codec.ts';

const entry = (bytes: number): JournalEntry => ({
  raw: new Uint8Array(bytes),
  receivedAt: bytes,
  outputs: ['lake'],
});

test('a call takes the bytes of its events and a frame for each', () => {
  expect(appendOf([])).toEqual({ entries: [], size: 0 });
  expect(appendOf([entry(5), entry(7)]).size).toBe(2 * FRAME_BYTES + 12);
});

test('calls of a group are one: all entries in their order, and the sum of their sizes', () => {
  const calls = [[entry(1)], [entry(2), entry(3)], [], [entry(4)]].map(appendOf);
  const { entries, size } = together(calls);
  expect(entries.map(({ raw }) => raw.length)).toEqual([1, 2, 3, 4]);
  expect(size).toBe(4 * FRAME_BYTES + 10);
  expect(together([calls[1]!])).toBe(calls[1]);
});
