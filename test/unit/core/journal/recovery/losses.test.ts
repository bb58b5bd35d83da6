/** What damage took is counted once, by the first subscription after it, whatever becomes of the processes in between. */
import { describe, expect, test } from 'vitest';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import type { Journal, Lost } from '../../../../../core/journal/journal.ts';
import { PositionSet } from '../../../../../core/journal/positions.ts';
import { HEADER_BYTES } from '../../../../../core/journal/segments/codec.ts';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';
import { createFakeMachine, type FakeMachine } from '../../../../model/fake-file-system.ts';
import { alwaysHeld, bodies, drain, entry, fetchAll, silent } from '../fixtures.ts';

const EVENTS = 20;
const NOTHING: Lost = { exact: 0, atMost: 0 };

const path = (number: number) => `/j/${String(number).padStart(12, '0')}.segment`;

function open(machine: FakeMachine): Promise<Journal> {
  return openDiskJournal({
    directory: '/j',
    maxBytes: 64 << 10,
    segmentBytes: 4096,
    clock: {
      ...systemClock,
      sleep: (_, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
    },
    log: silent,
    fileSystem: machine.mount(),
    readTries: { waits: [0, 0, 0], block: 64 },
    lock: alwaysHeld,
  });
}

/** Of `known` the cursor says what it wants, and half is in a sealed batch; `unknown` has an old one. The newest segment has no index. */
async function written(): Promise<FakeMachine> {
  const machine = createFakeMachine();
  const journal = await open(machine);
  const known = await journal.subscribe('known');
  await journal.subscribe('unknown');
  for (let n = 1; n <= EVENTS; n++)
    await journal.append([entry(`${n} ${'x'.repeat(500)}`, 'known', 'unknown')]);
  const positions = PositionSet.fromRuns([[2, EVENTS - 6]]);
  await known.seal({ id: 'batch', partition: '', positions, bytes: 1, openedAt: 1, closedAt: 2 });
  known.acknowledge(PositionSet.of(EVENTS - 3));
  await known.flush();
  await new Promise(setImmediate);
  machine.kill();
  return machine.copyMachine();
}

interface Found {
  readonly left: readonly string[];
  readonly lost: Lost;
}

/** What the outputs are told after a start. */
async function look(machine: FakeMachine): Promise<Record<'known' | 'unknown', Found>> {
  const journal = await open(machine);
  const found = async (output: string) => {
    const subscription = await journal.subscribe(output);
    const left = bodies(await drain(subscription));
    for (const { positions } of subscription.unsettled) {
      const sealed = await fetchAll(subscription, positions);
      expect(sealed).toHaveLength(positions.count);
      left.push(...bodies(sealed));
    }
    const lost = subscription.lost();
    expect(subscription.accepted()).toBe(left.length + lost.exact + lost.atMost);
    return { left: left.map((body) => body.split(' ')[0]!), lost };
  };
  const both = { known: await found('known'), unknown: await found('unknown') };
  await journal.close();
  return both;
}

const segments = (machine: FakeMachine) =>
  machine.paths().filter((name) => name.endsWith('.segment') && !name.includes('corrupt'));
const newest = (machine: FakeMachine) => segments(machine).at(-1)!;

const DAMAGES: Record<string, (machine: FakeMachine) => void> = {
  'the first segment is missing': (machine) => machine.unlink(path(1)),
  'a segment in the middle is missing': (machine) => machine.unlink(path(2)),
  'the newest segment is missing': (machine) => machine.unlink(newest(machine)),
  'all segments are missing': (machine) => segments(machine).forEach(machine.unlink),
  'a frame of the newest segment is corrupt': (machine) => {
    machine.content(newest(machine))[HEADER_BYTES + 200]! ^= 1;
  },
  'the end of the newest segment is corrupt': (machine) => {
    machine.content(newest(machine)).fill(0xee, -700);
  },
  'the end of the newest segment is cut': (machine) => {
    machine.truncate(newest(machine), machine.content(newest(machine)).length - 100);
  },
  'the header of the newest segment and its first frames are corrupt': (machine) => {
    machine.content(newest(machine)).fill(0, 0, HEADER_BYTES + 700);
  },
};

test('no more is counted at a corrupt end than there were positions', async () => {
  const machine = await written();
  const before = await look(machine.copyMachine());
  const end = machine.content(newest(machine));
  machine.put(newest(machine), Buffer.concat([end, new Uint8Array(1 << 20).fill(0xee)]));
  const { known } = await look(machine);
  expect(known.left).toEqual(before.known.left);
  expect(known.lost.exact).toBe(0);
  expect(known.lost.atMost).toBeGreaterThan(0);
  expect(known.lost.atMost).toBeLessThanOrEqual(2 * 64 + EVENTS);
});

describe.each(Object.entries(DAMAGES))('%s', (_, damage) => {
  async function damaged(): Promise<FakeMachine> {
    const machine = await written();
    damage(machine);
    return machine;
  }

  test('the first subscription reports it, and no later one', async () => {
    const machine = await damaged();
    const first = await look(machine);
    for (const { lost, left } of Object.values(first)) {
      expect(lost.exact + lost.atMost).toBeGreaterThan(0);
      expect(lost.exact + lost.atMost).toBeGreaterThanOrEqual(EVENTS - 1 - left.length);
      expect(lost.exact).toBeLessThanOrEqual(EVENTS - left.length);
    }
    const again = await look(machine);
    expect(again.known).toEqual({ left: first.known.left, lost: NOTHING });
    expect(again.unknown).toEqual({ left: first.unknown.left, lost: NOTHING });
  });

  test('also when the journal was opened before without one', async () => {
    const control = await look(await damaged());
    const machine = await damaged();
    for (let i = 0; i < 2; i++) await (await open(machine)).close();
    expect(await look(machine)).toEqual(control);
  });

  test.each(['killIn', 'crashIn'] as const)(
    'also after a start that ends in the middle: %s',
    async (fault) => {
      const control = await look(await damaged());
      for (let call = 1; ; call++) {
        const machine = await damaged();
        machine.faults[fault] = call;
        const journal = await open(machine).catch(() => undefined);
        const isOver = machine.down() === false;
        if (isOver) await journal?.close();
        else if (fault === 'killIn') machine.kill();
        else machine.crash(() => (call % 3) / 3);
        machine.faults[fault] = Number.POSITIVE_INFINITY;
        const found = await look(machine);
        for (const output of ['known', 'unknown'] as const) {
          const { left, lost } = found[output];
          expect(left, `${output}, call ${call}`).toEqual(control[output].left);
          expect(lost.exact + lost.atMost, `${output}, call ${call}`).toBeGreaterThanOrEqual(
            control[output].lost.exact + control[output].lost.atMost,
          );
          expect(lost.exact, `${output}, call ${call}`).toBeLessThanOrEqual(EVENTS - left.length);
        }
        if (isOver) break;
      }
    },
  );
});
