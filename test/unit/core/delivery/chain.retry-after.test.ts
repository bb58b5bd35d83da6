import { describe, expect, it } from 'vitest';
import { withRetryAfter } from '../../../../core/delivery/chain.ts';
import { delivered, retry } from '../../../../core/sdk/contract/verdicts.ts';
import { never, scripted, sliceOf } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

describe('Retry-After', () => {
  it('quiets the whole output for as long as the destination asked', async () => {
    const clock = createFakeClock();
    const { deliver, slices } = scripted(retry('429', { after: 20_000 }), delivered());
    const quieted = withRetryAfter(deliver, clock, never);
    await quieted(sliceOf(1), never);
    const others = [quieted(sliceOf(1), never), quieted(sliceOf(1), never)];
    await clock.advance(19_999);
    expect(slices).toHaveLength(1);
    await clock.advance(1);
    expect(slices).toHaveLength(3);
    await Promise.all(others);
  });

  it('listens for an hour at most', async () => {
    const clock = createFakeClock();
    const { deliver, slices } = scripted(retry('429', { after: 1e15 }), delivered());
    const quieted = withRetryAfter(deliver, clock, never);
    await quieted(sliceOf(1), never);
    const other = quieted(sliceOf(1), never);
    await clock.advance(3_600_000);
    expect(slices).toHaveLength(2);
    await other;
  });
});
