import { beforeEach, expect, test } from 'vitest';
import { createQuarantine, type Quarantine } from '../../../../../core/journal/files/quarantine.ts';
import { createFakeMachine, type FakeMachine } from '../../../../model/fake-file-system.ts';
import { listening } from '../fixtures.ts';

const SEGMENT = '/000000000001.segment';
const COPY = '/corrupt/000000000001.segment-100';
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

let machine: FakeMachine;
let quarantine: Quarantine;
let log: ReturnType<typeof listening>;

function start(): void {
  log = listening();
  quarantine = createQuarantine(machine.mount(), '/corrupt', log);
}

beforeEach(() => {
  machine = createFakeMachine();
  machine.put(SEGMENT, bytes);
  start();
});

test('what was copied is on stable storage', async () => {
  expect(await quarantine.copy(SEGMENT, 100, 500)).toBe(true);
  machine.crash(() => 0);
  expect([...machine.content(COPY)]).toEqual([...bytes.subarray(100, 600)]);
  expect(machine.paths().sort()).toEqual([SEGMENT, COPY].sort());
});

test('a copy that does not fit is none: it says so and leaves nothing', async () => {
  machine.faults.capacity = 1200;
  expect(await quarantine.copy(SEGMENT, 100, 500)).toBe(false);
  expect(log.lines).toHaveLength(1);
  expect(machine.paths()).toEqual([SEGMENT]);
});

test('nor is one that cannot be synced, or of bytes that are not there', async () => {
  machine.faults.failSyncs = 1;
  expect(await quarantine.copy(SEGMENT, 100, 500)).toBe(false);
  expect(await quarantine.copy(SEGMENT, 900, 200)).toBe(false);
  expect(machine.paths()).toEqual([SEGMENT]);
});

test('a copy of an earlier start counts, unless it is not whole', async () => {
  await quarantine.copy(SEGMENT, 100, 500);
  start();
  const before = machine.syncs();
  expect(await quarantine.copy(SEGMENT, 100, 500)).toBe(true);
  expect(machine.syncs()).toBe(before);
  machine.truncate(COPY, 20);
  expect(await quarantine.copy(SEGMENT, 100, 500)).toBe(true);
  expect(machine.content(COPY)).toHaveLength(500);
  expect(log.lines).toEqual([]);
});

test('a file is moved, beside one of the same name', async () => {
  for (let i = 0; i < 2; i++) {
    machine.put(SEGMENT, bytes);
    expect(await quarantine.move(SEGMENT)).toBe(true);
  }
  expect(machine.paths().sort()).toEqual([`/corrupt${SEGMENT}`, `/corrupt${SEGMENT}.2`]);
  expect(await quarantine.move(SEGMENT)).toBe(false);
  expect(log.lines).toHaveLength(1);
});
