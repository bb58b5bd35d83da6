import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batchPerTick } from '../../../../core/http/ingest.ts';

test('what comes in during one turn of the event loop is handed over together, at its end', async () => {
  const groups: (readonly number[])[] = [];
  const add = batchPerTick<number>((items) => groups.push(items));
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
  const add = batchPerTick<number>((items) => {
    groups.push(items);
    if (items[0] === 1) add(2);
  });
  add(1);
  await setImmediate();
  await setImmediate();
  expect(groups).toEqual([[1], [2]]);
});
