import { describe, expect, it } from 'vitest';
import { deliverAtOnce, delivered, rejected, retry } from '../../../../../core/sdk/index.ts';

describe('deliverAtOnce', () => {
  it('has all records under way together, and each with its own end', async () => {
    const answers: ((answer: ReturnType<typeof delivered>) => void)[] = [];
    const delivery = deliverAtOnce(['a', 'b', 'c', 'd'], (_, index) => {
      if (index === 1) return Promise.reject(new Error('lost'));
      return new Promise((resolve) => {
        answers[index] = resolve;
      });
    });
    expect(Object.keys(answers)).toEqual(['0', '2', '3']);
    answers[3]!(retry('busy', { after: 50, denied: true }));
    answers[2]!(rejected('too long'));
    answers[0]!(delivered());
    expect(await delivery).toEqual({
      status: 'retry',
      reason: 'lost',
      failed: [1, 3],
      rejected: [{ index: 2, reason: 'too long' }],
      after: 50,
      denied: true,
    });
  });

  it('is delivered when all are, and names those that were refused for good', async () => {
    expect(await deliverAtOnce([1, 2], async () => delivered())).toEqual({ status: 'delivered' });
    const refuse = async (n: number) =>
      n === 2 ? delivered({ rejected: [{ index: 0, reason: 'no' }] }) : delivered();
    expect(await deliverAtOnce([1, 2], refuse)).toEqual({
      status: 'delivered',
      rejected: [{ index: 1, reason: 'no' }],
    });
  });

  it('tries a record again whose answer makes no sense', async () => {
    expect(await deliverAtOnce([1], async () => undefined as never)).toMatchObject({
      status: 'retry',
      failed: [0],
    });
  });
});
