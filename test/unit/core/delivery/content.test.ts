import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRecords, streamOf } from '../../../../core/delivery/content.ts';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import type { StoredEvent } from '../../../../core/journal/journal.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import eventMapper from '../../../../mappers/event.ts';
import { rawEvent } from '../../../support/events.ts';
import { numberMapper, numberOf, silent } from '../../../support/output-loop.ts';

/** A subscription on a journal in which some positions are damaged; event n is at position n. */
function damagedAt(damaged: ReadonlySet<number>, chunk = 3) {
  return {
    async *fetch(positions: PositionSet): AsyncGenerator<readonly StoredEvent[]> {
      let events: StoredEvent[] = [];
      for (const position of positions) {
        if (!damaged.has(position)) events.push({ position, receivedAt: 5, raw: rawEvent(position) });
        if (events.length === chunk) {
          yield events;
          events = [];
        }
      }
      if (events.length > 0) yield events;
    },
  } as unknown as Parameters<typeof streamOf>[1];
}

const manifestOf = (positions: readonly number[]) => ({
  id: 'm',
  partition: '',
  positions: PositionSet.of(...positions),
  bytes: 0,
  openedAt: 0,
  closedAt: 0,
});

/** The events of a slice of a stream: index and number. */
async function read(
  content: ReturnType<typeof streamOf>,
  indexes: readonly number[] | undefined,
): Promise<[index: number, n: number][]> {
  const found: [number, number][] = [];
  for await (const { buffer, entries } of content.blocks(indexes)) {
    for (let i = 0; i < entries.length; i += 4) {
      expect(entries[i + 1]).toBe(5);
      found.push([entries[i]!, numberOf(new Uint8Array(buffer, entries[i + 2], entries[i + 3]))]);
    }
  }
  return found;
}

const sets = fc
  .uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 })
  .map((all) => all.sort((a, b) => a - b));

/** One event, and chunks of three that are just full, with damage at none, at all and at their ends. */
const edges: [number[], number[]][] = [1, 2, 3, 4, 6, 7].flatMap((count) => {
  const positions = Array.from({ length: count }, (_, i) => i + 1);
  return [[], positions, [1], [3], [4], [count]].map((bad): [number[], number[]] => [positions, bad]);
});

describe('the content of a batch', () => {
  it('names the damaged events and maps the others', async () => {
    await fc.assert(
      fc.asyncProperty(sets, fc.array(fc.integer({ min: 1, max: 60 })), async (positions, bad) => {
        const damaged = new Set(bad);
        const content = await loadRecords(
          manifestOf(positions),
          damagedAt(damaged).fetch(PositionSet.of(...positions)),
          createDecoder(noDecodeOptions),
          numberMapper,
        );
        const whole = positions.filter((p) => !damaged.has(p));
        expect(content.records(undefined)).toEqual(whole);
        expect(whole.map((_, index) => content.positionOf(index))).toEqual(whole);
        expect(content.setAside().map(({ position }) => position)).toEqual(
          positions.filter((p) => damaged.has(p)),
        );
        if (whole.length > 1) expect(content.records([1])).toEqual([whole[1]]);
      }),
      { examples: edges },
    );
  });

  it('sets aside what is no event, and not the batch with it', async () => {
    const raw = (text: string, position: number) => ({ position, receivedAt: 0, raw: Buffer.from(text) });
    const event = '{"rule":"R","priority":"Notice","time":"2026-07-11T09:44:58Z"}';
    const mapper = eventMapper.create({}, { log: silent });
    const content = await loadRecords(
      manifestOf([1, 2]),
      [[raw('{}', 1), raw(event, 2)]],
      createDecoder(noDecodeOptions),
      mapper,
    );
    expect(content.count).toBe(1);
    expect(content.setAside()).toMatchObject([{ position: 1, cause: 'unmappable' }]);
  });

  it('sets aside an event for which the mapper returns nothing, and not the batch with it', async () => {
    const event = '{"rule":"R","priority":"Notice","time":"2026-07-11T09:44:58Z"}';
    const raw = (position: number) => ({ position, receivedAt: 0, raw: Buffer.from(event) });
    let count = 0;
    const content = await loadRecords(
      manifestOf([1, 2]),
      [[raw(1), raw(2)]],
      createDecoder(noDecodeOptions),
      { map: () => (count++ === 0 ? (undefined as never) : { ok: true, record: 'x' }) },
    );
    expect(content.records(undefined)).toEqual(['x']);
    expect(content.setAside()).toMatchObject([
      { position: 1, cause: 'unmappable', reason: expect.stringContaining('the mapper returned neither') },
    ]);
  });

  it('streams any slice of it, indexed within the slice, unless events are damaged: those it names', async () => {
    await fc.assert(
      fc.asyncProperty(
        sets,
        fc.array(fc.integer({ min: 1, max: 60 })),
        fc.nat(),
        async (positions, bad, bits) => {
          const damaged = new Set(bad);
          const content = streamOf(manifestOf(positions), damagedAt(damaged), createDecoder(noDecodeOptions));
          const indexes = positions.flatMap((_, i) => ((bits >> i) & 1 ? [i] : []));
          for (const wanted of [undefined, indexes]) {
            const asked = (wanted ?? positions.map((_, i) => i)).map((i) => positions[i]!);
            const lost = asked.filter((p) => damaged.has(p));
            expect([...content.positions(wanted)]).toEqual(asked);
            if (lost.length === 0) {
              expect(await read(content, wanted)).toEqual(asked.map((p, index) => [index, p]));
              continue;
            }
            // Whoever reads must not take what is left for the whole, however often he tries.
            for (let i = 0; i < 2; i++) await expect(read(content, wanted)).rejects.toThrow('corrupt');
            const known = content.setAside().map(({ position }) => position);
            expect(known).toEqual(expect.arrayContaining(lost));
            const sound = asked.filter((p) => !damaged.has(p)).map((p) => positions.indexOf(p));
            expect(await read(content, sound)).toEqual(sound.map((i, index) => [index, positions[i]!]));
          }
          expect(positions.map((_, i) => content.positionOf(i))).toEqual(positions);
          expect(content.setAside().map(({ position }) => position)).toEqual(
            positions.filter((p) => damaged.has(p)),
          );
        },
      ),
      {
        examples: edges.flatMap(([positions, bad]) =>
          [0, 1, -1].map((bits): [number[], number[], number] => [positions, bad, bits]),
        ),
      },
    );
  });
});
