import { describe, expect, it } from 'vitest';
import { deliverEach, delivered, rejected, retry } from '../../../../core/index.ts';

const send = (answers: Record<number, ReturnType<typeof retry>>) => async (_: unknown, index: number) =>
  answers[index] ?? delivered();

describe('deliverEach', () => {
  it('says what became of each', async () => {
    expect(await deliverEach([1, 2], send({}))).toEqual({ status: 'delivered' });
    expect(await deliverEach([1, 2, 3], send({ 1: rejected('bad') }))).toEqual({
      status: 'delivered',
      rejected: [{ index: 1, reason: 'bad' }],
    });
    expect(await deliverEach([1], send({ 0: rejected('bad') }))).toEqual(rejected('bad'));
    expect(await deliverEach([1, 2], send({ 0: retry('later', { denied: true }) }))).toEqual(
      retry('later', { denied: true }),
    );
    expect(
      await deliverEach([1, 2, 3, 4], send({ 0: rejected('bad'), 2: retry('later', { after: 5 }) })),
    ).toEqual(retry('later', { after: 5, failed: [2, 3], rejected: [{ index: 0, reason: 'bad' }] }));
  });
});
