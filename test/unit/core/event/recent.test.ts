import { describe, expect, it } from 'vitest';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import type { Event } from '../../../../core/event/event.ts';
import { parseEvent } from '../../../../core/event/parse.ts';
import { createRecentEvents } from '../../../../core/event/recent.ts';
import { originalOf } from '../../../../core/event/view.ts';

const TEXT = '{"rule":"R","priority":"Notice","time":"2026-07-11T09:44:58Z"}';
const events = (count: number) =>
  Array.from({ length: count }, () => (parseEvent(Buffer.from(TEXT), 0) as { event: Event }).event);

describe('createRecentEvents', () => {
  it('finds the last ones, in any order, and by the very same bytes only', () => {
    const recent = createRecentEvents(3);
    const added = events(5);
    for (const event of added) recent.add(event);
    for (const order of [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [3, 3, 2, 4],
    ]) {
      for (const i of order) expect(recent.get(added[i]!.raw)).toBe(i < 2 ? undefined : added[i]);
    }
    expect(recent.get(Buffer.from(TEXT))).toBeUndefined();
  });

  it('keeps nothing while nobody asks, and begins again when somebody does', () => {
    const recent = createRecentEvents(3);
    const added = events(50);
    for (const event of added) recent.add(event);
    expect(recent.get(added.at(-1)!.raw)).toBeUndefined();
    const [next] = events(1);
    recent.add(next!);
    expect(recent.get(next!.raw)).toBe(next);
  });

  it('spares the decoder the parsing, not the enrichment', () => {
    const recent = createRecentEvents();
    const [known] = events(1);
    recent.add(known!);
    const plain = createDecoder(noDecodeOptions, undefined, recent);
    const tagging = createDecoder({ ...noDecodeOptions, customTags: ['t'] }, undefined, recent);
    expect(originalOf(plain(known!.raw, 0))).toBe(known);
    expect(originalOf(tagging(known!.raw, 0))).toBe(known);
    expect(tagging(known!.raw, 0).tags).toEqual(['t']);
    const other = Buffer.from(TEXT);
    expect(plain(other, 7)).toMatchObject({ raw: other, receivedAt: 7 });
  });
});
