import { describe, expect, it } from 'vitest';
import { createByteBudget, READ_BYTES } from '../../../../core/http/budget.ts';

const TOTAL = 4 * READ_BYTES;
const never = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('createByteBudget', () => {
  it('is used up beyond its total, and free again when what was charged is given back', () => {
    const budget = createByteBudget(TOTAL);
    const a = budget.open();
    const b = budget.open();
    a.charge(TOTAL - 10);
    b.charge(10);
    expect([b.usedUp(), b.mustWait(), budget.held()]).toEqual([false, false, TOTAL]);
    b.charge(1);
    expect([a.usedUp(), a.mustWait(), b.usedUp(), budget.held()]).toEqual([true, true, true, TOTAL + 1]);
    a.close();
    expect([b.usedUp(), b.mustWait(), budget.held()]).toEqual([false, false, 11]);
    b.close();
    expect(budget.held()).toBe(0);
  });

  it('lets those who wait go on in their order, each with room for one more read', async () => {
    const budget = createByteBudget(TOTAL);
    const holder = budget.open();
    const exceeding = budget.open();
    holder.charge(TOTAL - READ_BYTES + 1);
    await exceeding.wait(never);
    const order: string[] = [];
    const accounts = ['a', 'b', 'c'].map((name) => {
      const account = budget.open();
      const over = account.wait(never).then(() => order.push(name));
      return { account, over };
    });
    const newcomer = budget.open();
    await settle();
    expect(order).toEqual([]);
    expect([newcomer.usedUp(), newcomer.mustWait()]).toEqual([false, true]);
    // Of the total one byte less than three reads is held then, with those of a and b.
    holder.close();
    await settle();
    expect(order).toEqual(['a', 'b', 'c']);
    expect(budget.held()).toBe(3 * READ_BYTES);
    accounts[0]!.account.charge(100);
    expect(budget.held()).toBe(2 * READ_BYTES + 100);
    for (const { account } of accounts) account.close();
    expect(budget.held()).toBe(0);
  });

  it('grants no more reads than there is room for', async () => {
    const budget = createByteBudget(TOTAL);
    const holder = budget.open();
    const exceeding = budget.open();
    holder.charge(TOTAL + 1);
    await exceeding.wait(never);
    const order: number[] = [];
    for (let i = 0; i < 3; i++)
      void budget
        .open()
        .wait(never)
        .then(() => order.push(i));
    const part = budget.open();
    part.charge(2 * READ_BYTES);
    holder.close();
    await settle();
    expect(order).toEqual([0, 1]);
    part.close();
    await settle();
    expect(order).toEqual([0, 1, 2]);
  });

  it('lets one at a time exceed it: those who hold a part each would wait for each other for ever', async () => {
    const budget = createByteBudget(TOTAL);
    const [a, b] = [budget.open(), budget.open()];
    a.charge(TOTAL / 2);
    b.charge(TOTAL / 2 + 1);
    const order: string[] = [];
    const waits = [a.wait(never).then(() => order.push('a')), b.wait(never).then(() => order.push('b'))];
    await settle();
    expect(order).toEqual(['a']);
    a.charge(10 * TOTAL);
    expect([a.mustWait(), a.beyond(), b.mustWait()]).toEqual([false, false, true]);
    a.close();
    await Promise.all(waits);
    expect(order).toEqual(['a', 'b']);
    // There was room again, so that b does not exceed it.
    b.charge(TOTAL);
    expect(b.mustWait()).toBe(true);
  });

  it('ends a wait with its signal, or with the account', async () => {
    const budget = createByteBudget(TOTAL);
    const holder = budget.open();
    holder.charge(TOTAL + 1);
    await budget.open().wait(never);
    const stop = new AbortController();
    const waiting = budget.open().wait(stop.signal);
    const gone = budget.open();
    void gone.wait(never);
    stop.abort();
    await waiting;
    await budget.open().wait(AbortSignal.abort());
    gone.close();
    expect(budget.open().mustWait()).toBe(true);
    holder.close();
    expect([budget.held(), budget.open().mustWait()]).toEqual([0, false]);
  });

  it('says when so much is in memory that more cannot be kept: half as much again, with a read of each who waits', async () => {
    const budget = createByteBudget(TOTAL);
    const a = budget.open();
    a.charge(TOTAL + TOTAL / 2);
    expect(a.beyond()).toBe(false);
    a.charge(1);
    expect(a.beyond()).toBe(true);
    a.close();
    const b = budget.open();
    const exceeding = budget.open();
    b.charge(TOTAL + READ_BYTES);
    await exceeding.wait(never);
    void budget.open().wait(never);
    expect(b.beyond()).toBe(false);
    b.charge(1);
    void budget.open().wait(never);
    expect([b.beyond(), exceeding.beyond()]).toEqual([true, false]);
  });
});
