import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eachTurn, ownTurn } from '../../../core/http/turn.ts';

test('what comes in during one turn of the event loop is handed over together, at its end', async () => {
  const groups: (readonly number[])[] = [];
  const add = eachTurn<number>((items) => groups.push(items));
  add(1);
  await Promise.resolve();
  add(2);
  expect(groups).toEqual([]);
  await setImmediate();
  add(3);
  await setImmediate();
  await setImmediate();
  expect(groups).toEqual([[1, 2], [3]]);
});

test('what comes in while a group is handled belongs to the next one', async () => {
  const groups: (readonly number[])[] = [];
  const add = eachTurn<number>((items) => {
    groups.push(items);
    if (items[0] === 1) add(2);
  });
  add(1);
  await setImmediate();
  await setImmediate();
  expect(groups).toEqual([[1], [2]]);
});

test('each who asks gets a turn of its own, in order', async () => {
  const log: string[] = [];
  for (const name of ['a', 'b', 'c']) void ownTurn().then(() => log.push(name));
  expect(log).toEqual([]);
  for (let turns = 0; log.length < 3; turns++) {
    expect(turns).toBeLessThan(10);
    const before = log.length;
    await setImmediate();
    expect(log.length - before).toBeLessThanOrEqual(1);
  }
  expect(log).toEqual(['a', 'b', 'c']);
});
