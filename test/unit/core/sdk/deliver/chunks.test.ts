import { describe, expect, it } from 'vitest';
import {
  type Delivery,
  deliverChunks,
  deliverEach,
  delivered,
  deliveredExcept,
  rejected,
  retry,
} from '../../../../../core/sdk/index.ts';

describe('deliverEach', () => {
  const send = (answers: Record<number, Delivery>) => async (_: unknown, index: number) =>
    answers[index] ?? delivered();

  it('says what became of each', async () => {
    expect(await deliverEach([1, 2], send({}))).toEqual({ status: 'delivered' });
    expect(await deliverEach([], send({}))).toEqual({ status: 'delivered' });
    expect(await deliverEach([1, 2, 3], send({ 1: rejected('bad') }))).toEqual({
      status: 'delivered',
      rejected: [{ index: 1, reason: 'bad' }],
    });
    expect(await deliverEach([1], send({ 0: rejected('bad') }))).toEqual(rejected('bad'));
    expect(await deliverEach([1, 2], send({ 0: retry('later', { denied: true }) }))).toEqual(
      retry('later', { denied: true, failed: [0, 1] }),
    );
    expect(
      await deliverEach([1, 2, 3, 4], send({ 0: rejected('bad'), 2: retry('later', { after: 5 }) })),
    ).toEqual(retry('later', { after: 5, failed: [2, 3], rejected: [{ index: 0, reason: 'bad' }] }));
  });

  it('sends each record once, in order, until one must wait', async () => {
    for (const [answers, sent] of [
      [{}, [0, 1, 2, 3]],
      [{ 1: rejected('bad') }, [0, 1, 2, 3]],
      [{ 0: rejected('bad'), 3: rejected('bad') }, [0, 1, 2, 3]],
      [{ 2: retry('later') }, [0, 1, 2]],
    ] as [Record<number, Delivery>, number[]][]) {
      const seen: [string, number][] = [];
      await deliverEach([...'abcd'], async (record, index) => {
        seen.push([record, index]);
        return answers[index] ?? delivered();
      });
      expect(seen).toEqual(sent.map((index) => ['abcd'[index], index]));
    }
  });

  it('does not repeat what was delivered because a later one throws', async () => {
    const answer = deliverEach([1, 2, 3], async (record) => {
      if (record === 2) throw new Error('cut');
      return delivered();
    });
    expect(await answer).toEqual(retry('cut', { failed: [1, 2] }));
  });
});

describe('deliverChunks', () => {
  /** Delivers, and keeps the chunks it got; a chunk is answered by the letters in it. */
  const recorder = (answer: (texts: readonly string[]) => Delivery = () => delivered()) => {
    const chunks: string[] = [];
    const send = async (texts: readonly string[]) => {
      chunks.push(texts.join(''));
      return answer(texts);
    };
    return { chunks, send };
  };
  const letters = [...'abcdefg'];

  it('closes a chunk by number and by bytes, and lets a record that is too large go alone', async () => {
    const byNumber = recorder();
    await deliverChunks(letters, { events: 3 }, byNumber.send);
    expect(byNumber.chunks).toEqual(['abc', 'def', 'g']);
    const bySize = recorder();
    await deliverChunks(['aa', 'é', 'bbbbbbb', 'c', 'd'], { size: 4 }, bySize.send);
    expect(bySize.chunks).toEqual(['aaé', 'bbbbbbb', 'cd']);
    const unlimited = recorder();
    await deliverChunks(letters, {}, unlimited.send);
    expect(unlimited.chunks).toEqual(['abcdefg']);
  });

  it('counts the indexes of a chunk from the start of the batch, and stops at the first that must wait', async () => {
    const { chunks, send } = recorder((texts) => {
      if (texts.includes('a')) return delivered({ rejected: [{ index: 2, reason: 'bad' }] });
      return retry('busy', { failed: [1], rejected: [{ index: 0, reason: 'worse' }], after: 7 });
    });
    expect(await deliverChunks(letters, { events: 3 }, send)).toEqual(
      retry('busy', {
        after: 7,
        failed: [4, 6],
        rejected: [
          { index: 2, reason: 'bad' },
          { index: 3, reason: 'worse' },
        ],
      }),
    );
    expect(chunks).toEqual(['abc', 'def']);
  });

  it('halves a chunk that is refused as a whole, and repeats no other', async () => {
    const { chunks, send } = recorder((texts) => (texts.includes('e') ? rejected('bad') : delivered()));
    expect(await deliverChunks(letters, { events: 4 }, send)).toEqual(
      delivered({ rejected: [{ index: 4, reason: 'bad' }] }),
    );
    expect(chunks).toEqual(['abcd', 'efg', 'ef', 'e', 'f', 'g']);
  });

  it('finds several guilty records by halves, and repeats no chunk that was taken', async () => {
    const { chunks, send } = recorder((texts) =>
      texts.some((text) => 'bg'.includes(text)) ? rejected(`bad ${texts.join('')}`) : delivered(),
    );
    expect(await deliverChunks(letters, {}, send)).toEqual(
      delivered({
        rejected: [
          { index: 1, reason: 'bad b' },
          { index: 6, reason: 'bad g' },
        ],
      }),
    );
    expect(chunks).toEqual(['abcdefg', 'abcd', 'ab', 'a', 'b', 'cd', 'efg', 'ef', 'g']);
  });

  it('sends nothing when there is nothing', async () => {
    const { chunks, send } = recorder();
    expect(await deliverChunks([], { events: 3 }, send)).toEqual(delivered());
    expect(chunks).toEqual([]);
  });

  it('fills a chunk to the very limit', async () => {
    const bySize = recorder();
    await deliverChunks(['aa', 'bb', 'c', 'd'], { size: 4 }, bySize.send);
    expect(bySize.chunks).toEqual(['aabb', 'cd']);
    const both = recorder();
    await deliverChunks(['aaaa', 'b', 'c', 'd', 'e'], { size: 6, events: 3 }, both.send);
    expect(both.chunks).toEqual(['aaaabc', 'de']);
  });

  it('retries a chunk, and no record of the next one, when an index is beyond it', async () => {
    const { send } = recorder(() => retry('busy', { failed: [3] }));
    expect(await deliverChunks(letters.slice(0, 4), { events: 2 }, send)).toMatchObject({
      status: 'retry',
      failed: [0, 1, 2, 3],
      reason: expect.stringContaining('makes no sense'),
    });
  });
});

describe('deliveredExcept', () => {
  it('tells what must be tried again from what is set aside', () => {
    expect(deliveredExcept([])).toEqual(delivered());
    const bad = { index: 1, reason: 'bad', again: false };
    const busy = { index: 3, reason: 'busy', again: true };
    const rejected = [{ index: 1, reason: 'bad' }];
    expect(deliveredExcept([bad])).toEqual(delivered({ rejected }));
    expect(deliveredExcept([bad, busy], { denied: true })).toEqual(
      retry('busy', { failed: [3], rejected, denied: true }),
    );
  });
});
