import { describe, expect, it } from 'vitest';
import { wholeBatch } from '../../../../core/delivery/batch-slice.ts';
import { callOutput, withUnmappable, withVerdict } from '../../../../core/delivery/chain.ts';
import { loadRecords } from '../../../../core/delivery/content.ts';
import { withBisection, withRequestLimits } from '../../../../core/delivery/split.ts';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import {
  type Delivery,
  deliverAtOnce,
  delivered,
  type Mapper,
  recordJson,
  rejected,
  retry,
} from '../../../../core/sdk/index.ts';
import { never } from '../../../support/batch-slices.ts';
import { rawEvent } from '../../../support/events.ts';
import { numberOf } from '../../../support/output-loop.ts';

/** The record of event n is n, but that of 2 contains itself and that of 4 has a getter that throws. */
const mapper: Mapper = {
  map({ raw }) {
    const n = numberOf(raw);
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const broken = {
      get why() {
        throw new Error('stale');
      },
    };
    return { ok: true, record: n === 2 ? { list: [loop] } : n === 4 ? broken : n };
  },
};
const toJson = recordJson(mapper);

async function batchOf(numbers: readonly number[]) {
  const manifest = {
    id: 'm',
    partition: '',
    positions: PositionSet.of(...numbers),
    bytes: 0,
    openedAt: 0,
    closedAt: 0,
  };
  const events = numbers.map((position) => ({ position, receivedAt: 5, raw: rawEvent(position) }));
  const content = await loadRecords(manifest, [events], createDecoder(noDecodeOptions), mapper, 'loops');
  return wholeBatch(manifest, content);
}

/** An output that encodes all records and then answers. */
function output(answer: (texts: readonly string[]) => Delivery = () => delivered()) {
  const sent: string[][] = [];
  const deliver = callOutput({
    async deliver({ records }: { readonly records: readonly unknown[] }) {
      const texts = records.map(toJson);
      sent.push(texts);
      return answer(texts);
    },
  });
  return { sent, deliver: withVerdict(withUnmappable(deliver, toJson)) };
}

const loop = {
  reason: 'the record cannot become JSON: list[0].self: contains itself',
  cause: 'unmappable',
} as const;
const stale = {
  reason: 'the record cannot become JSON: why: cannot be read: stale',
  cause: 'unmappable',
} as const;

describe('a record that cannot become JSON', () => {
  it('is set aside in the same attempt, and the others are delivered', async () => {
    const { sent, deliver } = output();
    expect(await deliver(await batchOf([1, 2, 3, 4, 5]), never)).toEqual(
      delivered({
        rejected: [
          { index: 1, ...loop },
          { index: 3, ...stale },
        ],
      }),
    );
    expect(sent).toEqual([['1', '3', '5']]);
  });

  it('costs nothing where there are no others', async () => {
    const { sent, deliver } = output();
    expect(await deliver(await batchOf([2]), never)).toEqual(
      delivered({ rejected: [{ index: 0, ...loop }] }),
    );
    expect(sent).toEqual([]);
  });

  it('is set aside where the others are to be tried again', async () => {
    const busy = output(() => retry('busy'));
    expect(await busy.deliver(await batchOf([1, 2, 3]), never)).toEqual({
      ...retry('busy'),
      failed: [0, 2],
      rejected: [{ index: 1, ...loop }],
    });
    const some = output(() => retry('busy', { failed: [1], rejected: [{ index: 0, reason: 'bad' }] }));
    expect(await some.deliver(await batchOf([1, 2, 3]), never)).toEqual({
      ...retry('busy'),
      failed: [2],
      rejected: [
        { index: 0, reason: 'bad' },
        { index: 1, ...loop },
      ],
    });
  });

  it('is set aside where the destination rejects the rest', async () => {
    const { deliver } = output((texts) => (texts.includes('3') ? rejected('bad') : delivered()));
    expect(await withBisection(deliver)(await batchOf([1, 2, 3, 5]), never)).toMatchObject({
      status: 'delivered',
      rejected: [
        { index: 1, ...loop },
        { index: 2, reason: 'bad' },
      ],
    });
  });

  it('is set aside where requests have a size', async () => {
    const { sent, deliver } = output();
    const limited = withRequestLimits(deliver, { size: 2 }, (record) => toJson(record).length);
    expect(await limited(await batchOf([1, 2, 3, 5]), never)).toMatchObject({
      status: 'delivered',
      rejected: [{ index: 1, ...loop }],
    });
    expect(sent.flat()).toEqual(['1', '3', '5']);
  });

  it('is set aside where each record is sent by itself', async () => {
    const sent: string[] = [];
    const verdict = await deliverAtOnce(await records(), async (record) => {
      sent.push(toJson(record));
      return delivered();
    });
    expect(verdict).toEqual(delivered({ rejected: [{ index: 1, ...loop }] }));
    expect(sent).toEqual(['1', '3']);
  });

  it('fails the attempt where the output encodes something else', async () => {
    const other = callOutput({
      async deliver() {
        return delivered({ rejected: [{ index: 0, reason: toJson({ toJSON: () => JSON.parse('{') }) }] });
      },
    });
    const verdict = await withVerdict(withUnmappable(other, toJson))(await batchOf([1]), never);
    expect(verdict).toMatchObject({ status: 'retry', reason: expect.stringContaining('cannot become JSON') });
  });
});

async function records(): Promise<readonly unknown[]> {
  const { content } = await batchOf([1, 2, 3]);
  return content.stream ? [] : content.records(undefined);
}

describe('loadRecords', () => {
  it('sets aside what has no record, and names the mapper', async () => {
    const nothing: Mapper = { map: () => ({ ok: true, record: undefined }) };
    const { manifest } = await batchOf([1]);
    const events = [{ position: 1, receivedAt: 5, raw: rawEvent(1) }];
    const content = await loadRecords(manifest, [events], createDecoder(noDecodeOptions), nothing, './x.js');
    expect(content.count).toBe(0);
    expect(content.setAside()).toEqual([
      {
        position: 1,
        cause: 'unmappable',
        reason: 'the mapper ./x.js returned { ok: true } without a record',
      },
    ]);
  });
});
