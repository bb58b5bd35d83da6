import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packAppends, unpackAppends } from '../../../../core/workers/appends.ts';

const entry = fc.record({
  raw: fc.uint8Array({ maxLength: 40 }),
  receivedAt: fc.nat(),
  outputs: fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
});

test('calls come out as they went in, whatever they hold', () => {
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 5 }), (calls) => {
      const unpacked = unpackAppends(structuredClone(packAppends(calls)));
      const plain = unpacked.map((entries) =>
        entries.map(({ raw, ...rest }) => ({ ...rest, raw: new Uint8Array(raw) })),
      );
      expect(plain).toEqual(calls);
    }),
  );
});

test('a set of outputs that many events share crosses once', () => {
  const outputs = ['lake', 'archive'];
  const one = { raw: new Uint8Array(1), receivedAt: 1, outputs };
  expect(packAppends([[one, one], [one]]).routes).toEqual([outputs]);
});
