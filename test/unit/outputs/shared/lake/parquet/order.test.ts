import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockStore } from '../../../../../../outputs/shared/lake/parquet/blocks.ts';
import { createSortIndex } from '../../../../../../outputs/shared/lake/parquet/order.ts';
import { scratch } from '../support.ts';

const keys = fc.array(fc.record({ time: fc.nat(5), id: fc.string({ unit: 'binary', maxLength: 3 }) }));

describe('createSortIndex', () => {
  it('orders by time, then by the bytes of the id, then as they came', () => {
    fc.assert(
      fc.property(keys, (events) => {
        const index = createSortIndex(events.length);
        for (const { time, id } of events) index.add(time, id);
        const expected = events
          .map((event, at) => ({ ...event, at }))
          .sort(
            (a, b) => a.time - b.time || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)) || a.at - b.at,
          );
        expect([...index.order()]).toEqual(expected.map(({ at }) => at));
      }),
      {
        examples: [
          [[]],
          [[{ time: 0, id: '' }]],
          [[2 ** 53 - 1, 2 ** 53 - 2, 2 ** 32, 0, 2 ** 31 - 1].map((time) => ({ time, id: '' }))],
          [['b', 'ab', 'a', '', 'a\0', '\uffff', '😀'].map((id) => ({ time: 0, id }))],
        ],
      },
    );
  });

  it('refuses more events than were announced', () => {
    const index = createSortIndex(1);
    index.add(1, 'a');
    expect(() => index.add(2, 'b')).toThrow('more than its 1 events');
  });
});

describe('createBlockStore', () => {
  it('gives every slice back, whether it is held or in the file', () => {
    const blocks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 20 });
    const folder = scratch();
    fc.assert(
      fc.property(blocks, fc.nat(300), (parts, budget) => {
        const path = join(folder, 'spill');
        const store = createBlockStore(path, budget);
        for (const part of parts) store.add(Uint8Array.from(part).buffer);
        for (const [block, part] of [...parts.entries()].reverse()) {
          const middle = part.length >> 1;
          expect([...store.read(block, middle, part.length - middle)]).toEqual([...part.subarray(middle)]);
        }
        store.close();
        expect(existsSync(path)).toBe(false);
      }),
      {
        examples: [
          [[], 0],
          [[new Uint8Array(1)], 0],
          ...[99, 100, 101].map((budget): [Uint8Array[], number] => [
            [new Uint8Array(50).fill(1), new Uint8Array(50).fill(2)],
            budget,
          ]),
        ],
      },
    );
  });
});
