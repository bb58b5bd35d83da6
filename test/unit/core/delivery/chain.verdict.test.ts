import { describe, expect, it } from 'vitest';
import { withVerdict } from '../../../../core/delivery/chain.ts';
import { type Delivery, delivered, rejected, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never, scripted, sliceOf } from '../../../support/batch-slices.ts';

const verdictOn = (result: Delivery | Error, count = 3) =>
  withVerdict(scripted(result).deliver)(sliceOf(count), never);

describe('the verdict on what an output answers', () => {
  it('takes a throw for a retry', async () => {
    expect(await verdictOn(new Error('ECONNREFUSED'))).toEqual(retry('ECONNREFUSED'));
    const throwsText = withVerdict(() => Promise.reject('no'));
    expect(await throwsText(sliceOf(1), never)).toEqual(retry('no'));
    const throwsAtOnce = withVerdict(() => {
      throw new Error('at once');
    });
    expect(await throwsAtOnce(sliceOf(1), never)).toEqual(retry('at once'));
  });

  it('says what failed where fetch does not', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), { code: 'ECONNREFUSED' });
    const failed = new TypeError('fetch failed', { cause: refused });
    expect(await verdictOn(failed)).toEqual(retry('fetch failed: ECONNREFUSED: nothing listens there'));
    const said = new Error('ECONNREFUSED it was', { cause: refused });
    expect(await verdictOn(said)).toEqual(retry('ECONNREFUSED it was'));
    const own = new Error('no queue', { cause: new Error('a stack for nobody') });
    expect(await verdictOn(own)).toEqual(retry('no queue'));
  });

  it('passes on what makes sense', async () => {
    expect(await verdictOn(rejected('bad'))).toEqual(rejected('bad'));
    expect(await verdictOn(delivered({ bytes: 5 }))).toEqual(delivered({ bytes: 5, rejected: [] }));
    expect(await verdictOn(retry('busy', { failed: [2, 0, 2], after: 5 }))).toMatchObject({
      failed: [0, 2],
      after: 5,
    });
  });

  it('retries what was not named when only rejections were', async () => {
    expect(await verdictOn(retry('busy', { rejected: [{ index: 1, reason: 'bad' }] }))).toMatchObject({
      failed: [0, 2],
      rejected: [{ index: 1, reason: 'bad' }],
    });
  });

  it('is delivered when nothing is left to retry', async () => {
    expect(await verdictOn(retry('busy', { failed: [] }))).toEqual(delivered({ rejected: [] }));
  });

  it('tries again what is in both lists, and counts a record once', async () => {
    const both = retry('busy', { failed: [1], rejected: [{ index: 1, reason: 'bad' }] });
    expect(await verdictOn(both)).toMatchObject({ failed: [1], rejected: [] });
    const twice = { index: 1, reason: 'bad' };
    expect(await verdictOn(delivered({ rejected: [twice, twice] }))).toEqual(
      delivered({ rejected: [twice] }),
    );
  });

  it('names rejected and failed records in their order, once each, with a text as reason', async () => {
    const rejected = [
      { index: 2, reason: 'c' },
      { index: 0, reason: 'a' },
      { index: 1, reason: 7 as unknown as string },
      { index: 10, reason: 'z' },
    ];
    const sorted = [
      { index: 0, reason: 'a' },
      { index: 1, reason: '7' },
      { index: 2, reason: 'c' },
      { index: 10, reason: 'z' },
    ];
    expect(await verdictOn(delivered({ rejected }), 11)).toEqual(delivered({ rejected: sorted }));
    expect(await verdictOn(retry('busy', { failed: [9, 10, 3], rejected: [] }), 11)).toMatchObject({
      failed: [3, 9, 10],
    });
    expect(await verdictOn(retry('busy', { rejected }), 12)).toMatchObject({
      failed: [3, 4, 5, 6, 7, 8, 9, 11],
      rejected: sorted,
    });
  });

  it.each([
    delivered({ rejected: [{ index: 3, reason: 'x' }] }),
    delivered({ rejected: [{ index: -1, reason: 'x' }] }),
    retry('x', { failed: [0.5] }),
    retry('x', { failed: [0], rejected: [{ index: 9, reason: 'x' }] }),
    undefined as unknown as Delivery,
    { status: 'ok' } as unknown as Delivery,
  ])('retries all of it when the answer makes no sense: %j', async (answer) => {
    const verdict = await verdictOn(answer);
    expect(verdict).toMatchObject({ status: 'retry', reason: expect.stringContaining('makes no sense') });
    expect(verdict).not.toHaveProperty('failed');
  });
});
