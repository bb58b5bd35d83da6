import { expect } from 'vitest';
import { type Account, accountOf, imbalance } from './metrics.ts';
import type { Tiercel } from './process.ts';

/**
 * Reads /metrics and holds the identity `accepted = delivered + dead_lettered + dropped + lost + pending` of every output.
 *
 * @param outputs those that must be there
 * @returns the account of each
 */
export async function expectBalance(
  tiercel: Pick<Tiercel, 'get'>,
  outputs: readonly string[],
): Promise<Readonly<Record<string, Account>>> {
  const { status, body } = await tiercel.get('/metrics');
  expect(status, body).toBe(200);
  const named = [...body.matchAll(/^tiercel_events_accepted_total\{output="([^"]+)"\}/gm)].map(
    ([, name]) => name!,
  );
  expect(named).toEqual(expect.arrayContaining([...outputs]));
  const accounts = Object.fromEntries(named.map((name) => [name, accountOf(body, name)]));
  const wrong = Object.entries(accounts).flatMap(([name, account]) => imbalance(name, account) ?? []);
  expect(wrong).toEqual([]);
  return accounts;
}

/** Waits until nothing is pending for an output; the identity must hold at every look. */
export async function settled(tiercel: Pick<Tiercel, 'get'>, output: string): Promise<Account> {
  for (let tries = 0; tries < 200; tries++) {
    const account = (await expectBalance(tiercel, [output]))[output]!;
    if (account.pending === 0) return account;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${output} still has pending events`);
}
