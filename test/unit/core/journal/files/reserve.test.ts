import { expect, test } from 'vitest';
import { createReserve } from '../../../../../core/journal/files/reserve.ts';
import { createFakeMachine } from '../../../../model/fake-file-system.ts';

function setUp() {
  const machine = createFakeMachine();
  const fs = machine.mount();
  return { machine, fs, reserve: createReserve(fs, '/', 1000), list: () => fs.list('/') };
}

test('establishes the reserve and leaves no probe', async () => {
  const { fs, reserve, list } = setUp();
  expect(await reserve.establish()).toBe(true);
  expect(await list()).toEqual(['reserve']);
  const file = await fs.open('/reserve', 'read');
  expect(await file.size()).toBe(1000);
  await file.close();
  expect(await reserve.establish()).toBe(true);
  expect(await list()).toEqual(['reserve']);
});

test('replaces what an earlier run left', async () => {
  const { machine, fs, reserve, list } = setUp();
  machine.put('/reserve', new Uint8Array(3));
  machine.put('/reserve.probe', new Uint8Array(3));
  expect(await reserve.establish()).toBe(true);
  expect(await list()).toEqual(['reserve']);
  expect(await (await fs.open('/reserve', 'read')).size()).toBe(1000);
});

test('is released once, and can be established again', async () => {
  const { reserve, list } = setUp();
  expect(await reserve.release()).toBe(false);
  await reserve.establish();
  expect(await reserve.release()).toBe(true);
  expect(await list()).toEqual([]);
  expect(await reserve.release()).toBe(false);
  expect(await reserve.establish()).toBe(true);
  expect(await list()).toEqual(['reserve']);
});

test('needs as much again to be free', async () => {
  const { machine, reserve } = setUp();
  machine.faults.capacity = 1999;
  expect(await reserve.establish()).toBe(false);
  machine.faults.capacity = 2000;
  expect(await reserve.establish()).toBe(true);
});

test('runs one call after the other', async () => {
  const { reserve, list } = setUp();
  expect(await Promise.all([reserve.establish(), reserve.release(), reserve.establish()])).toEqual([
    true,
    true,
    true,
  ]);
  expect(await list()).toEqual(['reserve']);
});
