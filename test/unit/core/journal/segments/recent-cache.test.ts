import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecentCache, withoutSpare } from '../../../../../core/journal/segments/recent-cache.ts';

const event = (position: number, raw: Uint8Array) => ({ position, receivedAt: 0, raw });
const own = (size: number) => new Uint8Array(size);
/** A small part of a large buffer, as an event of a bulk request is. */
const part = (size: number, of: number) => new Uint8Array(of).subarray(10, 10 + size);

/** The memory that the held events pin. */
function pinned(cache: ReturnType<typeof createRecentCache>, last: number): number {
  const buffers = new Set<ArrayBufferLike>();
  for (let position = cache.first(); position <= last; position++)
    buffers.add(cache.get(position)!.raw.buffer);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

describe('the recent events', () => {
  it('hold what was pushed last, within the budget', () => {
    const cache = createRecentCache(1000);
    for (let position = 5; position <= 20; position++) cache.push(event(position, own(100)));
    expect(cache.first()).toBe(11);
    expect([10, 11, 20, 21].map((position) => cache.get(position)?.position)).toEqual([
      undefined,
      11,
      20,
      undefined,
    ]);
  });

  it('hold nothing of what does not fit at all, and start again after positions were skipped', () => {
    const cache = createRecentCache(1000);
    cache.push(event(1, own(2000)));
    expect(cache.first()).toBe(Number.POSITIVE_INFINITY);
    cache.push(event(2, own(10)));
    cache.push(event(9, own(10)));
    expect([cache.first(), cache.get(2)]).toEqual([9, undefined]);
  });

  it('never hold more memory than the budget and a slab, whatever the views are parts of', () => {
    const budget = 256 << 10;
    const view = fc.record({
      size: fc.integer({ min: 1, max: 100_000 }),
      of: fc.constantFrom(1, 2, 3, 100),
    });
    fc.assert(
      fc.property(fc.array(view, { minLength: 1, maxLength: 60 }), (views) => {
        const cache = createRecentCache(budget);
        views.forEach(({ size, of }, i) => {
          const buffer = new Uint8Array(size * of);
          buffer[0] = i;
          cache.push(event(i + 1, buffer.subarray(0, size)));
        });
        expect(pinned(cache, views.length)).toBeLessThanOrEqual(budget + (64 << 10));
        for (let position = cache.first(); position <= views.length; position++) {
          const { raw } = cache.get(position)!;
          expect([raw.length, raw[0]]).toEqual([views[position - 1]!.size, position - 1]);
        }
      }),
      { examples: [[[{ size: 32_768, of: 2 }]], [[{ size: 16_384, of: 100 }]], [[{ size: 16_385, of: 3 }]]] },
    );
  });

  it('keep the bytes of an event that fills its buffer: it is found again by them', () => {
    const cache = createRecentCache(1000);
    const raw = own(100);
    cache.push(event(1, raw));
    expect(cache.get(1)!.raw).toBe(raw);
  });
});

describe('events that are handed out', () => {
  it('keep large buffers only where they are most of them', () => {
    const dense = [event(1, own(1 << 20)), event(2, own(100))];
    expect(withoutSpare(dense)).toBe(dense);
    const shared = new Uint8Array(1 << 20);
    const many = Array.from({ length: 600 }, (_, i) => event(i, shared.subarray(i * 1000, i * 1000 + 1000)));
    expect(withoutSpare(many)).toBe(many);
    const [one] = withoutSpare([event(1, part(100, 1 << 20))]);
    expect([one!.raw.length, one!.raw.buffer.byteLength]).toEqual([100, 100]);
  });
});
