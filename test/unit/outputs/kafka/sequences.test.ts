import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSequences, type Slot } from '../../../../outputs/kafka/sequences.ts';
import { neverAborts } from '../support.ts';

const groupOf = (ids: readonly string[], content = 'the same') => ({ ids, fingerprint: () => content });

const slotOf = async (sequences: ReturnType<typeof createSequences>, partition: string, ids: string[]) => {
  const slot = await sequences.take(partition, groupOf(ids), neverAborts());
  return { ...slot, producerId: slot.identity.producerId };
};

function fresh() {
  let next = 0n;
  return createSequences(async () => ({ producerId: next++, producerEpoch: 0 }));
}

describe('sequences', () => {
  it('counts the records of each partition', async () => {
    const sequences = fresh();
    const one = await slotOf(sequences, 't:0', ['a', 'b']);
    sequences.stored(one);
    const two = await slotOf(sequences, 't:0', ['c']);
    expect([one.sequence, two.sequence]).toEqual([0, 2]);
    expect((await slotOf(sequences, 't:1', ['d'])).sequence).toBe(0);
    expect(two.producerId).toBe(one.producerId);
  });

  it('keeps the place of records that may be stored, and takes another producer for others', async () => {
    const sequences = fresh();
    const one = await slotOf(sequences, 't:0', ['a', 'b']);
    sequences.unknown(one);
    expect(sequences.find('b')).toMatchObject({ partition: 't:0', ids: ['a', 'b'] });
    const other = await slotOf(sequences, 't:0', ['c']);
    expect(other.producerId).not.toBe(one.producerId);
    const again = await slotOf(sequences, 't:0', ['a', 'b']);
    expect([again.producerId, again.sequence]).toEqual([one.producerId, one.sequence]);
    sequences.stored(again);
    expect(sequences.find('a')).toBeUndefined();
  });

  it('never gives the place of records that may be stored to a part of them', async () => {
    const sequences = fresh();
    const one = await slotOf(sequences, 't:0', ['a', 'b']);
    sequences.unknown(one);
    const part = await slotOf(sequences, 't:0', ['b']);
    expect(part.producerId).not.toBe(one.producerId);
  });

  it('never gives the place of records that may be stored to others whose events have the same ids', async () => {
    const sequences = fresh();
    const one = await slotOf(sequences, 't:0', ['a']);
    sequences.unknown(one);
    const other = await sequences.take('t:0', groupOf(['a'], 'another'), neverAborts());
    expect(other.identity.producerId).not.toBe(one.producerId);
  });

  it('takes another producer when records that may be stored are refused in the end', async () => {
    const sequences = fresh();
    const one = await slotOf(sequences, 't:0', ['a']);
    sequences.unknown(one);
    sequences.refused(await slotOf(sequences, 't:0', ['a']));
    expect((await slotOf(sequences, 't:0', ['b'])).producerId).not.toBe(one.producerId);
  });

  it('begins again behind the last sequence', async () => {
    const sequences = fresh();
    const one = await slotOf(sequences, 't:0', ['a']);
    sequences.stored({ ...one, sequence: 2 ** 31 - 2, ids: ['x', 'y', 'z'] });
    expect((await slotOf(sequences, 't:0', ['b'])).sequence).toBe(1);
  });

  it('takes another producer after 10,000 partitions', async () => {
    const sequences = fresh();
    for (let n = 0; n < 10_000; n++) sequences.stored(await slotOf(sequences, `t${n}:0`, ['a']));
    const next = await slotOf(sequences, 't0:0', ['b']);
    expect([next.producerId, next.sequence]).toEqual([1n, 0]);
  });

  it('remembers no more than 100,000 events', async () => {
    const sequences = fresh();
    const ids = Array.from({ length: 60_000 }, (_, n) => `a${n}`);
    sequences.unknown(await slotOf(sequences, 't:0', ids));
    const more = Array.from({ length: 60_000 }, (_, n) => `b${n}`);
    sequences.unknown(await slotOf(sequences, 't:1', more));
    expect(sequences.find('a0')).toBeUndefined();
    expect(sequences.find('a59999')).toBeDefined();
    expect(sequences.find('b59999')).toBeDefined();
    // What is left of a group whose beginning is forgotten is not taken for the group.
    expect((await slotOf(sequences, 't:0', ids)).producerId).not.toBe(0n);
  });

  it('loses no acknowledged record and stores none twice, whatever answers are lost', async () => {
    const answer = fc.constantFrom('ack', 'stored, no answer', 'not stored, no answer', 'refused');
    const step = fc.record({ batch: fc.nat(5), answer });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ partition: fc.nat(1), size: fc.integer({ min: 1, max: 3 }) }), {
          minLength: 6,
          maxLength: 6,
        }),
        fc.array(step, { maxLength: 60 }),
        async (shapes, steps) => {
          const sequences = fresh();
          const broker = modelBroker();
          const batches = shapes.map(({ partition, size }, n) => ({
            partition: `t:${partition}`,
            ids: Array.from({ length: size }, (_, place) => `${n}.${place}`),
            done: false,
            refused: false,
          }));
          const attempt = async (at: number, how: string) => {
            const batch = batches[at]!;
            if (batch.done) return;
            const slot = await sequences.take(batch.partition, groupOf(batch.ids), neverAborts());
            if (how === 'refused') {
              sequences.refused(slot);
              batch.done = true;
              batch.refused = true;
            } else if (how === 'not stored, no answer') sequences.unknown(slot);
            else {
              broker.append(slot);
              if (how === 'ack') sequences.stored(slot);
              else sequences.unknown(slot);
              batch.done = how === 'ack';
            }
          };
          for (const { batch, answer: how } of steps) await attempt(batch, how);
          for (const at of batches.keys()) await attempt(at, 'ack');
          const stored = new Set(broker.log);
          expect(broker.log).toHaveLength(stored.size);
          for (const { ids, refused } of batches)
            if (!refused) for (const id of ids) expect(stored).toContain(id);
        },
      ),
    );
  });
});

/** Kafka's ProducerStateManager: what has a sequence that is there is acknowledged and not stored. */
function modelBroker() {
  const log: string[] = [];
  const batches = new Map<string, { first: number; next: number }[]>();
  return {
    log,
    append({ identity, partition, sequence, ids }: Slot) {
      const name = `${identity.producerId} ${partition}`;
      const earlier = batches.get(name) ?? [];
      const next = sequence + ids.length;
      if (earlier.some((one) => one.first === sequence && one.next === next)) return;
      const expected = earlier.at(-1)?.next ?? sequence;
      if (sequence !== expected)
        throw new Error(`OUT_OF_ORDER_SEQUENCE_NUMBER: ${sequence}, not ${expected}`);
      batches.set(name, [...earlier, { first: sequence, next }].slice(-5));
      log.push(...ids);
    },
  };
}
