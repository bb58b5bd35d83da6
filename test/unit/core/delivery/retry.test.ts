import { describe, expect, it } from 'vitest';
import { delivered, rejected, retry } from '../../../../core/delivery/delivery.ts';
import { withRetry } from '../../../../core/delivery/retry.ts';
import { StoppingError } from '../../../../core/delivery/stopping.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { never, partOf, recordsOf, scripted } from '../../../support/parts.ts';

const POLICY = { initial: 1000, max: 60_000, maxAge: 3_600_000 };

describe('retry', () => {
  it('doubles up to the longest wait, with full jitter and without limit of attempts', async () => {
    const clock = createFakeClock();
    const times: number[] = [];
    const settle = withRetry(
      async () => {
        times.push(clock.monotonic());
        return times.length === 10 ? delivered() : retry('busy');
      },
      POLICY,
      { clock, random: () => 0.5, stopping: never },
    );
    const settled = settle(partOf(1), never);
    await clock.advance(600_000);
    expect(times.map((time, i) => (i === 0 ? 0 : time - times[i - 1]!))).toEqual([
      0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(await settled).toMatchObject({
      attempts: 10,
      setAside: [],
      lastAttempt: clock.now() - 600_000 + times[9]!,
    });
  });

  it('tries only what is left, under an id of its own, and keeps count of the batch', async () => {
    const clock = createFakeClock();
    const { deliver, parts } = scripted(
      retry('busy', { failed: [1, 3, 4], rejected: [{ index: 2, reason: 'too long' }] }),
      retry('busy', { failed: [0, 2], rejected: [{ index: 1, reason: 'bad' }] }),
      delivered({ bytes: 99, rejected: [{ index: 1, reason: 'worse' }] }),
    );
    const settled = withRetry(deliver, POLICY, { clock, random: () => 1, stopping: never })(partOf(5), never);
    await clock.advance(10_000);
    expect(parts.map(recordsOf)).toEqual([
      ['r0', 'r1', 'r2', 'r3', 'r4'],
      ['r1', 'r3', 'r4'],
      ['r1', 'r4'],
    ]);
    expect(parts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(parts.map(({ id }) => id)).size).toBe(3);
    const { setAside, bytes } = await settled;
    expect(setAside).toEqual([
      { position: 3, cause: 'rejected', reason: 'too long' },
      { position: 4, cause: 'rejected', reason: 'bad' },
      { position: 5, cause: 'rejected', reason: 'worse' },
    ]);
    expect(bytes).toBeUndefined();
  });

  it('keeps the id when all of it is tried again', async () => {
    const clock = createFakeClock();
    const { deliver, parts } = scripted(retry('busy', { failed: [0, 1] }), delivered({ bytes: 7 }));
    const settled = withRetry(deliver, POLICY, { clock, random: () => 1, stopping: never })(partOf(2), never);
    await clock.advance(1000);
    expect(parts.map(({ id }) => id)).toEqual(['batch', 'batch']);
    expect(await settled).toMatchObject({ bytes: 7 });
  });

  it('sets aside what still fails after the time, counted from the closing of the batch', async () => {
    const clock = createFakeClock();
    const { deliver } = scripted(retry('busy', { failed: [1] }), retry('down'));
    const part = partOf(2, { closedAt: clock.now() - POLICY.maxAge + 500 });
    const settled = withRetry(deliver, POLICY, { clock, random: () => 1, stopping: never })(part, never);
    await clock.advance(1000);
    expect((await settled).setAside).toEqual([
      { position: 2, cause: 'expired', reason: 'still failing after 3600000 ms: down' },
    ]);
  });

  it.each([
    [POLICY.maxAge, 1],
    [POLICY.maxAge - 1, 2],
  ])('makes no attempt more once the batch is max_age old: at %i ms, %i attempts', async (age, attempts) => {
    const clock = createFakeClock();
    const { deliver, parts } = scripted(retry('busy'), delivered());
    const part = partOf(1, { closedAt: clock.now() - age });
    const settled = withRetry(deliver, POLICY, { clock, random: () => 1, stopping: never })(part, never);
    await clock.advance(1000);
    await settled;
    expect(parts).toHaveLength(attempts);
  });

  it('takes a batch that was closed in the future as new', async () => {
    const clock = createFakeClock();
    const { deliver } = scripted(retry('busy'));
    const part = partOf(1, { closedAt: clock.now() + 1_000_000 });
    const policy = { ...POLICY, initial: 1000, max: 1000, maxAge: 2000 };
    const settled = withRetry(deliver, policy, { clock, random: () => 1, stopping: never })(part, never);
    await clock.advance(2000);
    expect(await settled).toMatchObject({ attempts: 3, setAside: [{ cause: 'expired' }] });
  });

  it('does not expire a batch because the time was set', async () => {
    const clock = createFakeClock();
    const { deliver, parts } = scripted(retry('busy'), delivered());
    const settled = withRetry(deliver, POLICY, { clock, random: () => 1, stopping: never })(partOf(1), never);
    clock.jump(30 * 86_400_000);
    await clock.advance(1000);
    expect(parts).toHaveLength(2);
    expect((await settled).setAside).toEqual([]);
  });

  it('takes a single record that is refused as such', async () => {
    const clock = createFakeClock();
    const settle = withRetry(scripted(rejected('bad')).deliver, POLICY, {
      clock,
      random: () => 1,
      stopping: never,
    });
    expect((await settle(partOf(1), never)).setAside).toEqual([
      { position: 1, cause: 'rejected', reason: 'bad' },
    ]);
  });

  it('gives the batch back when the output is stopped in a backoff', async () => {
    const clock = createFakeClock();
    const stopping = new AbortController();
    const deps = { clock, random: () => 1, stopping: stopping.signal };
    const settled = withRetry(scripted(retry('busy')).deliver, POLICY, deps)(partOf(1), never);
    await clock.settle();
    stopping.abort();
    await expect(settled).rejects.toThrow(StoppingError);
    expect(clock.sleepers()).toBe(0);
  });
});
