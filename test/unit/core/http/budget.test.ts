import { expect, it } from 'vitest';
import { createByteBudget, withBytes } from '../../../../core/http/budget.ts';

it('lets in what fits, first come, first served', async () => {
  const budget = createByteBudget(10);
  const log: string[] = [];
  const releases: (() => void)[] = [];
  const use = (name: string, bytes: number) =>
    withBytes(budget, bytes, () => {
      log.push(name);
      return new Promise<void>((resolve) => releases.push(resolve));
    });
  const all = [use('a', 6), use('b', 5), use('c', 1)];
  await Promise.resolve();
  // c would fit, but b was first.
  expect(log).toEqual(['a']);
  releases.shift()!();
  await all[0];
  await expect.poll(() => log).toEqual(['a', 'b', 'c']);
  for (const release of releases) release();
  await Promise.all(all);
});

it('lets in alone what is larger than all of it, and takes back what a failure held', async () => {
  const budget = createByteBudget(10);
  await expect(withBytes(budget, 1000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withBytes(budget, 1000, async () => 'in')).toBe('in');
  expect(await withBytes(budget, 10, async () => 'in')).toBe('in');
});
