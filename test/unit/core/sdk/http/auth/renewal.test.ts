import { describe, expect, it } from 'vitest';
import { keepRenewed, type Lease } from '../../../../../../core/sdk/http/auth/renewal.ts';
import { createFakeClock } from '../../../../../support/fake-clock.ts';
import { neverAborts } from '../../../../outputs/support.ts';

/** Credentials `1`, `2`, …, each asked for by one fetch that the test ends. */
function renewed(lifetime: number | undefined) {
  const clock = createFakeClock();
  const asked: { give(): void; fail(): void; signal: AbortSignal }[] = [];
  const tokens = keepRenewed(clock, (signal) => {
    const number = asked.length + 1;
    return new Promise<Lease<number>>((resolve, reject) => {
      const lease = { value: number, ...(lifetime !== undefined && { expiresAt: clock.now() + lifetime }) };
      asked.push({ give: () => resolve(lease), fail: () => reject(new Error('it is down')), signal });
    });
  });
  return { clock, asked, tokens };
}

describe('keepRenewed', () => {
  it('asks once for all that wait, and keeps what it got', async () => {
    const { clock, asked, tokens } = renewed(3_600_000);
    const waiting = [1, 2, 3].map(() => tokens.get(neverAborts()));
    await clock.settle();
    expect(asked).toHaveLength(1);
    asked[0]!.give();
    expect(await Promise.all(waiting)).toEqual([1, 1, 1]);
    await clock.advance(3_000_000);
    expect(await tokens.get(neverAborts())).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('renews before the end while the old ones are in use, and keeps those when that fails', async () => {
    const { clock, asked, tokens } = renewed(3_600_000);
    const first = tokens.get(neverAborts());
    await clock.settle();
    asked[0]!.give();
    await first;
    await clock.advance(3_300_000);
    expect(await tokens.get(neverAborts())).toBe(1);
    await clock.settle();
    expect(asked).toHaveLength(2);
    asked[1]!.fail();
    await clock.settle();
    expect(await tokens.get(neverAborts())).toBe(1);
    expect(asked, 'it is left alone for a while').toHaveLength(2);
    await clock.advance(10_000);
    expect(await tokens.get(neverAborts())).toBe(1);
    await clock.settle();
    asked[2]!.give();
    await clock.settle();
    expect(await tokens.get(neverAborts())).toBe(3);
    expect(tokens.known()).toEqual([3, 1]);
  });

  it('waits for others when the old ones have ended, and says why there are none', async () => {
    const { clock, asked, tokens } = renewed(60_000);
    const first = tokens.get(neverAborts());
    await clock.settle();
    asked[0]!.give();
    await first;
    await clock.advance(54_000);
    const late = tokens.get(neverAborts());
    await clock.settle();
    asked[1]!.fail();
    await expect(late).rejects.toThrow('it is down');
    const again = tokens.get(neverAborts());
    await clock.settle();
    asked[2]!.give();
    expect(await again).toBe(3);
  });

  it('asks again after a refusal, once', async () => {
    const { clock, asked, tokens } = renewed(undefined);
    const first = tokens.get(neverAborts());
    await clock.settle();
    asked[0]!.give();
    await first;
    tokens.refuse(1);
    const second = tokens.get(neverAborts());
    await clock.settle();
    asked[1]!.give();
    expect(await second).toBe(2);
    // Another request learns late that the first ones were refused.
    tokens.refuse(1);
    expect(await tokens.get(neverAborts())).toBe(2);
    expect(asked).toHaveLength(2);
    expect(tokens.known()).toEqual([2, 1]);
  });

  it('ends the wait of one request at its abort, and that of all after half a minute', async () => {
    const { clock, asked, tokens } = renewed(60_000);
    const abort = new AbortController();
    const one = tokens.get(abort.signal);
    const other = tokens.get(neverAborts());
    await clock.settle();
    abort.abort();
    await expect(one).rejects.toThrow('no credentials in time');
    expect(asked[0]!.signal.aborted).toBe(false);
    const failed = expect(other).rejects.toThrow('no credentials in time');
    await clock.advance(30_000);
    await failed;
    expect(asked[0]!.signal.aborted).toBe(true);
    expect(clock.sleepers()).toBe(0);
  });

  it('forgets credentials of long ago', async () => {
    const { clock, asked, tokens } = renewed(undefined);
    for (let i = 1; i <= 6; i++) {
      const one = tokens.get(neverAborts());
      await clock.settle();
      asked[i - 1]!.give();
      tokens.refuse(await one);
    }
    expect(tokens.known()).toEqual([6, 5, 4]);
  });
});
