import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import type { Journal, Subscription } from '../../../../../core/journal/journal.ts';
import { FRAME_BYTES } from '../../../../../core/journal/segments/codec.ts';
import { createFakeMachine } from '../../../../model/fake-file-system.ts';
import { alwaysHeld, bodies, drain, entry, positionsOf, silent } from '../fixtures.ts';

const MAX_BYTES = 16 << 10;

let journal: Journal;
let lake: Subscription;
beforeEach(async () => {
  const fileSystem = createFakeMachine().mount();
  const options = { directory: '/j', maxBytes: MAX_BYTES, log: silent, fileSystem, lock: alwaysHeld };
  journal = await openDiskJournal(options);
  lake = await journal.subscribe('lake');
});
afterEach(() => journal.close());

test('a call takes the bytes of its events and a frame for each', async () => {
  const entries = [entry('x'.repeat(MAX_BYTES), 'lake'), entry('y'.repeat(7), 'lake')];
  await expect(journal.append(entries)).rejects.toThrow(`${2 * FRAME_BYTES + MAX_BYTES + 7} bytes are more`);
  await journal.append([]);
  expect(journal.status().newest).toBe(0);
});

test('calls of a group are one: all events in the order of the calls', async () => {
  const calls = [['1'], ['2', '3'], [], ['4']];
  await Promise.all(calls.map((texts) => journal.append(texts.map((text) => entry(text, 'lake')))));
  const events = await drain(lake);
  expect(bodies(events)).toEqual(['1', '2', '3', '4']);
  expect(events.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
});

test('each call of a group gives the room it has taken back', async () => {
  const large = () => journal.append([entry('x'.repeat(1000), 'lake')]);
  for (let round = 0; round < 50; round++) {
    await Promise.all([large(), large(), large()]);
    lake.acknowledge(positionsOf(await drain(lake)));
    await lake.flush();
  }
  expect(journal.status().newest).toBe(150);
});
