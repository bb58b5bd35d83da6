import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchId, sliceId } from '../../../../core/delivery/batch-id.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';

const identity = {
  segments: '1.5.7',
  output: 'lake',
  partition: 'day=1',
  positions: PositionSet.of(7, 8, 9),
};

describe('the id of a batch', () => {
  it('is the same for the same batch and another for another', () => {
    const id = batchId(identity);
    expect(batchId({ ...identity, positions: PositionSet.fromRuns([[7, 9]]) })).toBe(id);
    const others = [
      { ...identity, segments: '1.5.8' },
      { ...identity, output: 'lake2' },
      { ...identity, partition: 'day=2' },
      { ...identity, positions: PositionSet.of(7, 9) },
      { ...identity, positions: PositionSet.of(7, 8, 10) },
      { ...identity, output: 'lakeday', partition: '=1' },
    ];
    expect(new Set([id, ...others.map(batchId)]).size).toBe(7);
  });

  it('never changes between versions: object names are made of it', () => {
    expect(batchId(identity)).toMatchInlineSnapshot(`"00000000007-a2d515562fd504e10f1b4edb"`);
    expect(sliceId('x', PositionSet.of(7, 9))).toMatchInlineSnapshot(`"x-ecb37f77bb73"`);
  });

  it('is safe in a file name and sorts by first position', () => {
    const position = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(position, position, fc.string(), (a, b, partition) => {
        const [x, y] = [a, b].map((p) => batchId({ ...identity, partition, positions: PositionSet.of(p) }));
        expect(x).toMatch(/^[0-9a-z-]{36}$/);
        expect(Math.sign(x!.localeCompare(y!, 'en'))).toBe(Math.sign(a - b));
      }),
      {
        examples: [2, 10, 36, 36 ** 2, 2 ** 32, 36 ** 10, 2 ** 53 - 1].flatMap(
          (p): [number, number, string][] => [
            [p, p - 1, ''],
            [p - 1, p, '/'],
          ],
        ),
      },
    );
  });
});
