/** Named cases of damage and trouble, each on a fake machine whose bytes can be looked at and changed. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { cursorFileName } from '../../../../../core/journal/cursor/file.ts';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import type { Journal, Manifest } from '../../../../../core/journal/journal.ts';
import { JournalFailedError, JournalFullError } from '../../../../../core/journal/journal.ts';
import { LockLostError } from '../../../../../core/journal/lock/lock.ts';
import { PositionSet } from '../../../../../core/journal/positions.ts';
import { FRAME_BYTES, HEADER_BYTES } from '../../../../../core/journal/segments/codec.ts';
import type { Clock } from '../../../../../core/sdk/contract/clock.ts';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';
import type { FakeMachine } from '../../../../model/fake-file-system.ts';
import { createFakeMachine } from '../../../../model/fake-file-system.ts';
import {
  alwaysHeld,
  ample,
  bodies,
  drain,
  entry,
  fetchAll,
  listening,
  never,
  positionsOf,
} from '../fixtures.ts';

let machine: FakeMachine;
let log = listening();
let journal: Journal;

const path = (number: number) => `/j/${String(number).padStart(12, '0')}.segment`;
const segments = () =>
  machine.paths().filter((name) => name.endsWith('.segment') && !name.includes('corrupt'));

/** A clock that stands still: what is to happen later does not happen. */
const still: Clock = {
  ...systemClock,
  sleep: (_, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
};

/** A clock that nobody waits for. */
const hurried: Clock = { ...systemClock, sleep: async () => void (await setImmediate()) };

async function open(fresh = false, directory = '/j', clock = still): Promise<Journal> {
  if (fresh) machine = createFakeMachine();
  log = listening();
  journal = await openDiskJournal({
    directory,
    maxBytes: 64 << 10,
    segmentBytes: 4096,
    clock,
    log,
    fileSystem: machine.mount(),
    readTries: { waits: [0, 0, 0], block: 64 },
    lock: alwaysHeld,
  });
  return journal;
}

async function crash(): Promise<void> {
  machine.crash(() => 0.9);
  await open();
}

/** Appends one after another, so that each event is a group of its own. */
async function append(from: number, to: number, size = 500, ...outputs: string[]): Promise<void> {
  for (let i = from; i <= to; i++) {
    await journal.append([entry(`${i} ${'x'.repeat(size)}`, ...(outputs.length > 0 ? outputs : ['a']))]);
  }
}

async function numbers(output = 'a'): Promise<number[]> {
  return bodies(await drain(await journal.subscribe(output))).map((body) => Number.parseInt(body, 10));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function manifest(id: string, positions: PositionSet): Manifest {
  return { id, partition: '', positions, bytes: 1, openedAt: 1, closedAt: 2 };
}

afterEach(() => journal.close());

describe('damage', () => {
  test('a torn tail is cut and counted', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 3);
    const length = machine.content(path(1)).length;
    await crash();
    machine.truncate(path(1), length - 100);
    await crash();
    expect(log.lines).toContain('cut off an incomplete write at the end of the journal');
    expect(await numbers()).toEqual([1, 2]);
    expect(journal.status().recoveredBytes).toBe(FRAME_BYTES + 502 - 100);
    await append(4, 4);
    expect(journal.status().newest).toBe(3);
  });

  test('a torn tail that was cut is not met again', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 3);
    await journal.close();
    machine.truncate(path(1), machine.content(path(1)).length - 100);
    await open();
    await journal.close();
    await open();
    expect([journal.status().recoveredBytes, log.lines]).toEqual([0, []]);
  });

  test('a bad frame in the newest segment costs that one, not those behind it', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 4);
    await crash();
    machine.content(path(1))[HEADER_BYTES + 1000]! ^= 4;
    await crash();
    expect(await numbers()).toEqual([1, 3, 4]);
    expect(journal.status()).toMatchObject({ corruptFrames: 1, recoveredBytes: 0 });
    expect(machine.paths().filter((name) => name.startsWith('/j/corrupt/'))).toHaveLength(1);
  });

  test('a bad frame in an older segment is found when it is read; the output is told how many it missed', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 20);
    expect(segments().length).toBeGreaterThan(2);
    await journal.close();
    machine.content(path(1))[HEADER_BYTES + 700]! ^= 1;
    await open();
    const a = await journal.subscribe('a');
    expect(a.pending()).toBe(20);
    const events = await drain(a);
    expect(events).toHaveLength(19);
    expect([a.pending(), a.lost(), a.accepted()]).toEqual([19, { exact: 1, atMost: 0 }, 20]);
    expect(journal.status().corruptFrames).toBe(1);
    // Another reader meets the same place: it is counted once.
    const positions = PositionSet.fromRuns([[1, 20]]);
    expect(await fetchAll(a, positions)).toHaveLength(19);
    expect(journal.status().corruptFrames).toBe(1);
  });

  test('a read that meets nothing but damage goes on to the next event: an empty answer means the end', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 20);
    await journal.close();
    machine.content(path(1))[HEADER_BYTES + 700]! ^= 1;
    await open();
    const a = await journal.subscribe('a');
    const one = () => a.read({ events: 1, bytes: 1 << 20 }, never);
    const given = [...(await one()), ...(await one())];
    expect(bodies(given).map((body) => Number.parseInt(body, 10))).toEqual([1, 3]);
  });

  test('a bad dictionary entry: who wanted the events is unknown, so every output gets them', async () => {
    await open(true);
    await journal.subscribe('a');
    await journal.subscribe('b');
    await append(1, 2, 100, 'a');
    await crash();
    machine.content(path(1))[HEADER_BYTES + FRAME_BYTES + 2]! ^= 1;
    await crash();
    expect(await numbers('a')).toEqual([1, 2]);
    expect(await numbers('b')).toEqual([1, 2]);
    expect(log.lines).toContain('routing data is corrupt: delivering these events to every output');
  });

  test('a damaged header is replaced and costs nothing, nor do both of its copies', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 20);
    await journal.close();
    machine.content(path(2))[9]! ^= 1;
    await open();
    expect(await numbers()).toEqual(range(1, 20));
    expect(log.lines).toEqual(['the header of a segment was damaged and has been replaced']);
    expect(journal.status().corruptFrames).toBe(1);
    await journal.close();
    for (const at of [9, 9 + 64]) machine.content(path(2))[at]! ^= 1;
    await open();
    expect(await numbers()).toEqual(range(1, 20));
    expect(machine.paths()).toContain('/j/corrupt/000000000002.segment-0');
    expect(log.lines).toEqual(['the header of a segment was damaged and has been replaced']);
    expect(journal.status().corruptFrames).toBe(1);
    await journal.close();
    await open();
    expect([await numbers(), log.lines]).toEqual([range(1, 20), []]);
  });

  test('a header of which both copies are damaged comes back as it was: a dead letter finds its event by it', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 20);
    machine.kill();
    await open();
    await append(21, 21);
    const all = PositionSet.fromRuns([[1, 21]]);
    const identities = (await journal.subscribe('a')).identify(all);
    machine.kill();
    // One that has an index, one that a killed process left without, and the newest.
    for (const name of segments()) machine.content(name).fill(0, 0, HEADER_BYTES);
    await open();
    const a = await journal.subscribe('a');
    expect(a.identify(all)).toBe(identities);
    expect(await drain(a)).toHaveLength(21);
  });

  test('a missing segment is said, and its events are counted as gone where the cursor knew of them', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 20);
    // Acknowledging the newest makes the cursor name the older ones.
    a.acknowledge(PositionSet.of(20));
    await a.flush();
    await journal.close();
    machine.unlink(path(2));
    await open();
    const left = await numbers();
    expect(log.lines).toContain('positions are missing from the journal');
    expect(log.lines).toContain(`${19 - left.length} pending events of output "a" are lost`);
  });

  test('a copied segment, and one of another journal, are set aside', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 10);
    await journal.close();
    machine.copy(path(1), path(90));
    await open(false, '/other');
    await append(1, 1);
    await journal.close();
    machine.copy('/other/000000000001.segment', '/j/000000000000.segment');
    await open();
    // The number in the header gives the copies away.
    expect(log.lines).toContain('a segment was moved to corrupt/: it is a copy of segment 1');
    expect(await numbers()).toEqual(range(1, 10));
    await append(11, 11);
    expect(segments()).not.toContain(path(90));
  });

  test('an index is only a help: without, or with a damaged one, the segment is read', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 20);
    await journal.close();
    const indexes = machine.paths().filter((name) => name.endsWith('.index'));
    machine.unlink(indexes[0]!);
    machine.content(indexes[1]!)[30]! ^= 1;
    await open();
    expect(await numbers()).toEqual(range(1, 20));
    expect(journal.status().corruptFrames).toBe(0);
  });
});

describe('a disk that cannot read', () => {
  /** Twenty events in several segments, all of them pending after a clean start. */
  async function twenty(): Promise<void> {
    await open(true);
    await journal.subscribe('a');
    await append(1, 20);
    await journal.close();
  }

  /** The cursorRecovery of an output, in words. */
  const identity = async (output = 'a') => {
    const subscription = await journal.subscribe(output);
    const events = await drain(subscription);
    const given = bodies(events).map((body) => Number.parseInt(body, 10));
    subscription.acknowledge(positionsOf(events));
    expect(subscription.pending()).toBe(0);
    const { exact, atMost } = subscription.lost();
    expect(subscription.accepted()).toBe(given.length + exact + atMost);
    return { given, lost: exact, atMost };
  };

  test('for a moment: nothing is lost, neither at the start nor later, and it is said', async () => {
    await twenty();
    // CursorFiles, headers and manifests are read now.
    for (let calls = 1; calls <= 3; calls++) {
      machine.faults.failReads = calls;
      await open();
      expect(machine.faults.failReads).toBe(0);
      expect(log.lines).toContain('the disk cannot read: it is asked again');
      await journal.close();
    }
    await open();
    machine.faults.failReads = 3;
    expect(await identity()).toEqual({ given: range(1, 20), lost: 0, atMost: 0 });
    expect(machine.faults.failReads).toBe(0);
    expect(journal.status().corruptFrames).toBe(0);
    expect(machine.paths().filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  test('one sector: what stands in it is damaged, the output goes on with what is around it', async () => {
    await twenty();
    machine.spoil(path(1), HEADER_BYTES + 704, 64);
    await open();
    expect(await identity()).toEqual({ given: [1, ...range(3, 20)], lost: 1, atMost: 0 });
    expect(journal.status().corruptFrames).toBe(1);
    expect(log.lines).toContain('the disk has lost bytes: they are taken for damaged');
    expect(log.lines).toContain('found corrupt bytes in the journal; they were copied to corrupt/');
    expect(machine.paths()).not.toContain('/j/probe');
  });

  test('one sector of a segment that a start has to read', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 5);
    machine.spoil(path(1), HEADER_BYTES + 704, 64);
    machine.kill();
    await open();
    expect((await identity()).given).toEqual([1, 3, 4, 5]);
    expect(journal.status().corruptFrames).toBe(1);
  });

  test('a whole segment, and a whole cursor: the start does not fail, the others are delivered', async () => {
    await twenty();
    machine.spoil(path(2), 0, 1 << 20);
    machine.spoil(`/j/cursors/${cursorFileName('a')}`, 0, 1 << 20);
    await open();
    const { given } = await identity();
    expect(given).toEqual(range(1, 20).filter((n) => given.includes(n)));
    expect(given.length).toBeGreaterThan(10);
    expect(log.lines).toContain(
      'a segment was moved to corrupt/: its header is damaged and it holds no sound event',
    );
  });

  test('the end of what was written last: it is not taken for torn, and not cut off', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 5);
    const size = machine.content(path(1)).length;
    machine.spoil(path(1), size - 64, 64);
    machine.kill();
    await open();
    expect((await identity()).given).toEqual(range(1, 4));
    expect(journal.status()).toMatchObject({ corruptFrames: 1, recoveredBytes: 0 });
    expect(log.lines).toContain(
      'the end of the journal cannot be read: the events accepted last may be lost',
    );
    expect(machine.content(path(1)).length).toBe(size);
  });

  test('nor write: that is no damage; the reader is told, and gets everything when the disk is back', async () => {
    await twenty();
    await open();
    const a = await journal.subscribe('a');
    Object.assign(machine.faults, { failReads: 1e9, failSyncs: 1e9 });
    await expect(a.read(ample, never)).rejects.toThrow('EIO');
    await expect(a.read(ample, never)).rejects.toThrow('EIO');
    expect([a.pending(), a.lost().exact, journal.status().corruptFrames]).toEqual([20, 0, 0]);
    Object.assign(machine.faults, { failReads: 0, failSyncs: 0 });
    expect(await drain(a)).toHaveLength(20);
  });
});

test('a read that is limited in bytes hands out the rest later: nothing passes for damaged', async () => {
  await open(true);
  await journal.subscribe('a');
  await append(1, 30, 100);
  await journal.close();
  await open();
  const a = await journal.subscribe('a');
  const events = await drain(a, { events: 1000, bytes: 250 });
  expect(bodies(events).map((body) => Number.parseInt(body, 10))).toEqual(range(1, 30));
  expect([a.pending(), a.lost().exact]).toEqual([30, 0]);
});

describe('cursors', () => {
  test('an unreadable one starts at the oldest event kept, and says so', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 5);
    a.acknowledge(PositionSet.of(1, 2, 3));
    await a.flush();
    await journal.close();
    machine.content(`/j/cursors/${cursorFileName('a')}`)[20]! ^= 1;
    await open();
    expect(log.lines).toContain(
      'a cursor is corrupt: its output starts at the oldest event kept that names it',
    );
    expect(await numbers()).toEqual(range(1, 5));
  });

  test('one that is gone starts at the oldest event that names its output, and says so', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await journal.subscribe('b');
    await append(1, 3, 500, 'b');
    await append(4, 12, 500, 'a', 'b');
    a.acknowledge(PositionSet.of(4, 5));
    await a.seal(manifest('m', PositionSet.of(6, 7)));
    await journal.close();
    machine.unlink(`/j/cursors/${cursorFileName('a')}`);
    await open();
    expect(log.lines).toContain(
      'the cursor of output "a" is gone: it starts at the oldest event kept that names it',
    );
    const again = await journal.subscribe('a');
    expect([again.pending(), again.accepted()]).toEqual([9, 9]);
    expect(again.unsettled.map(({ id }) => id)).toEqual(['m']);
    expect(bodies(await drain(again)).map((body) => Number.parseInt(body, 10))).toEqual([
      4,
      5,
      ...range(8, 12),
    ]);
    again.acknowledge(PositionSet.fromRuns([[4, 12]]));
    await journal.close();
    await open();
    expect(log.lines).toEqual([]);
    expect(await numbers()).toEqual([]);
  });

  test('one that is gone, and a batch of which not all is left: the cursorRecovery balance', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 4);
    await a.seal(manifest('m', PositionSet.fromRuns([[1, 4]])));
    await journal.close();
    machine.unlink(`/j/cursors/${cursorFileName('a')}`);
    machine.truncate(path(1), machine.content(path(1)).length - 100);
    await open();
    const again = await journal.subscribe('a');
    expect(again.unsettled.map(({ positions }) => [...positions])).toEqual([[1, 2, 3]]);
    expect([again.accepted(), again.pending(), again.lost()]).toEqual([4, 3, { exact: 0, atMost: 1 }]);
  });

  test('one that was renamed and not synced frees nothing before it cannot come back', async () => {
    for (let call = 1; ; call++) {
      await open(true);
      const a = await journal.subscribe('a');
      await append(1, 20);
      a.acknowledge(PositionSet.of(20));
      await a.flush();
      a.acknowledge(PositionSet.fromRuns([[1, 19]]));
      machine.faults.killIn = call;
      await a.flush().catch(() => {});
      if (machine.down() === false) break;
      machine.kill();
      await open();
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      // The segments that it unlinked stay unlinked; of the folder `cursors` nothing survives that was not synced.
      const unlinked = machine.lost().filter((name) => name.endsWith('.segment'));
      machine.crash(() => 0.9);
      for (const name of unlinked) machine.unlink(name);
      await open();
      expect(log.lines, `after a kill at call ${call}`).toEqual([]);
      await journal.close();
    }
  });

  test('a new output has none, and passes over what does not name it', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 5);
    await journal.close();
    await open();
    expect(await numbers('new')).toEqual([]);
    expect(log.lines).toEqual([]);
  });

  test('a forgotten output does not come back, though events kept still name it', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await (await journal.subscribe('gone')).close();
    await append(1, 5, 500, 'a', 'gone');
    await journal.forget('gone');
    await crash();
    expect((await journal.orphans()).map(({ output }) => output)).toEqual(['a']);
    expect(await numbers('gone')).toEqual([]);
    await append(6, 7, 500, 'a', 'gone');
    await crash();
    expect(await numbers('gone')).toEqual([6, 7]);
    expect(await numbers()).toEqual(range(1, 7));
    expect(a.output).toBe('a');
  });

  test('what remembers a forgotten output goes when no event kept can name it', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await (await journal.subscribe('gone')).close();
    await append(1, 20, 500, 'a', 'gone');
    await journal.forget('gone');
    const mark = `/j/cursors/${cursorFileName('gone')}`;
    expect(machine.paths()).toContain(mark);
    a.acknowledge(PositionSet.fromRuns([[1, 20]]));
    await journal.close();
    await open();
    await journal.subscribe('a');
    await append(21, 21);
    // The last segment with events from before goes at one start, the mark at the next.
    for (let start = 0; start < 2; start++) {
      await journal.close();
      await open();
    }
    expect(machine.paths()).not.toContain(mark);
    expect(await numbers()).toEqual([21]);
  });

  test('one ahead of the journal (a restored backup) is said, and it goes on with what comes next', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 3);
    await journal.close();
    const backup = machine.content(path(1)).slice();
    await open();
    const again = await journal.subscribe('a');
    await append(4, 6);
    again.acknowledge(PositionSet.fromRuns([[1, 6]]));
    await again.flush();
    await journal.close();
    for (const name of machine.paths()) if (/segment|index/.test(name)) machine.unlink(name);
    machine.put(path(1), backup);
    await open();
    expect(log.lines).toContain('positions are missing from the journal');
    expect(a.output).toBe('a');
    await append(7, 7);
    const last = await journal.subscribe('a');
    const [event] = await drain(last);
    expect(event?.position).toBeGreaterThan(6);
    expect([bodies([event!])[0]!.slice(0, 2), last.pending()]).toEqual(['7 ', 1]);
  });

  test('segments stay until the cursor that frees them is durable', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 20);
    const before = segments().length;
    const events = await drain(a);
    a.acknowledge(positionsOf(events));
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(segments()).toHaveLength(before);
    await a.flush();
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(segments()).toHaveLength(1);
    expect(journal.status().newest).toBe(20);
  });

  test('nor does a cursor free anything that cannot be written', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 20);
    const before = segments().length;
    a.acknowledge(PositionSet.fromRuns([[1, 20]]));
    machine.faults.failSyncs = 1;
    await expect(a.flush()).rejects.toThrow(JournalFailedError);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(segments()).toHaveLength(before);
    await a.flush();
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(segments()).toHaveLength(1);
  });

  test('nor does another output free what a crash would bring back', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    const b = await journal.subscribe('b');
    await append(1, 20, 500, 'a', 'b');
    a.acknowledge(PositionSet.of(1));
    await a.flush();
    const all = PositionSet.fromRuns([[1, 20]]);
    b.acknowledge(all);
    const saving = b.flush();
    // While b's cursor is under way, and so not saved together with it:
    while (!machine.paths().some((name) => name.endsWith('.new'))) await Promise.resolve();
    a.acknowledge(all);
    await saving;
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    const left = segments().length;
    machine.crash(() => 0.9);
    await open();
    expect(left).toBeGreaterThan(1);
    expect(await numbers()).toEqual(range(2, 20));
  });

  test('an output that wants nothing holds nothing; an orphan holds what it wanted, until it is forgotten', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await journal.subscribe('idle');
    await (await journal.subscribe('orphan')).close();
    await append(1, 20, 500, 'a', 'orphan');
    a.acknowledge(PositionSet.fromRuns([[1, 20]]));
    await a.flush();
    expect(segments().length).toBeGreaterThan(1);
    await journal.forget('orphan');
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(segments()).toHaveLength(1);
    await crash();
    expect((await journal.orphans()).map(({ output }) => output).sort()).toEqual(['a', 'idle']);
  });
});

describe('manifests', () => {
  test('one that was settled is kept until its cursor is durable: a replay carries the same id', async () => {
    await open(true);
    let a = await journal.subscribe('a');
    await append(1, 4);
    await a.seal(manifest('first', PositionSet.of(1, 2)));
    await journal.close();
    await open();
    a = await journal.subscribe('a');
    a.acknowledge(PositionSet.of(1, 2));
    // The first seal after a start writes the file anew.
    await a.seal(manifest('second', PositionSet.of(3)));
    await crash();
    a = await journal.subscribe('a');
    expect(a.unsettled.map(({ id }) => id)).toEqual(['first', 'second']);
    expect(bodies(await drain(a)).map((body) => Number.parseInt(body, 10))).toEqual([4]);
  });

  test('one that is settled while a cursor is written is kept until the next is', async () => {
    await open(true);
    let a = await journal.subscribe('a');
    await append(1, 4);
    await a.seal(manifest('first', PositionSet.of(1, 2)));
    await a.seal(manifest('second', PositionSet.of(3)));
    await journal.close();
    await open();
    a = await journal.subscribe('a');
    a.acknowledge(PositionSet.of(1, 2));
    const flushed = a.flush();
    // What the cursor is going to say is settled by now, and not yet written.
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
    a.acknowledge(PositionSet.of(3));
    await flushed;
    // The file is written anew, without what is settled for good.
    await a.seal(manifest('third', PositionSet.of(4)));
    await crash();
    a = await journal.subscribe('a');
    expect(a.unsettled.map(({ id }) => id)).toEqual(['second', 'third']);
  });

  test('many settled ones do not pile up in the file', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await journal.append(range(1, 600).map((i) => entry(`${i}`, 'a')));
    for (let i = 1; i <= 600; i++) {
      await a.seal({ ...manifest(`m${i}`, PositionSet.of(i)), partition: 'x'.repeat(1000) });
      a.acknowledge(PositionSet.of(i));
      if (i % 50 === 0) await a.flush();
    }
    expect(machine.content('/j/manifests').length).toBeLessThan(300 << 10);
  });

  test('damage in the file costs the manifests it hits, not those behind it', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 3);
    for (const position of [1, 2, 3]) await a.seal(manifest(`m${position}`, PositionSet.of(position)));
    await journal.close();
    const content = machine.content('/j/manifests');
    content[content.length >> 1]! ^= 1;
    await open();
    const again = await journal.subscribe('a');
    expect(again.unsettled.map(({ id }) => id)).toEqual(['m1', 'm3']);
    expect(bodies(await drain(again)).map((body) => Number.parseInt(body, 10))).toEqual([2]);
    expect(log.lines).toContain('part of the manifests is corrupt: their events are batched again');
  });
});

describe('trouble', () => {
  test('one sync a group, however many outputs', async () => {
    await open(true);
    const outputs = range(1, 9).map(String);
    for (const output of outputs) await journal.subscribe(output);
    await append(0, 0, 1, ...outputs);
    const before = machine.syncs();
    await Promise.all(range(1, 50).map((i) => journal.append([entry(`${i}`, ...outputs)])));
    // The header of a new segment, the extent that covers it, and the group.
    expect(machine.syncs() - before).toBeLessThanOrEqual(3);
  });

  test('a full disk: refused, drained by the reserve, resumed', async () => {
    await open(true, '/j', hurried);
    const a = await journal.subscribe('a');
    await append(1, 8);
    machine.faults.capacity = machine.used();
    await expect(append(9, 9)).rejects.toThrow(JournalFullError);
    await expect(append(9, 9)).rejects.toThrow('the disk is full');
    expect(journal.status()).toMatchObject({ state: 'full', reason: 'the disk is full' });
    const events = await drain(a);
    expect(events).toHaveLength(8);
    // Neither of these finds a byte free but what the reserve gives up.
    await a.seal(manifest('m', positionsOf(events)));
    a.acknowledge(positionsOf(events));
    await a.flush();
    machine.faults.capacity = Number.POSITIVE_INFINITY;
    await journal.waitForRoom(never);
    expect(journal.status().state).toBe('ok');
    await append(9, 9);
    await crash();
    const again = await journal.subscribe('a');
    expect(again.unsettled).toEqual([]);
    expect(bodies(await drain(again)).map((body) => Number.parseInt(body, 10))).toEqual([9]);
  });

  test.each(['at once', 'after a restart'])(
    'a disk that one settled segment fills is full no longer: %s',
    async (when) => {
      await open(true, '/j', hurried);
      let a = await journal.subscribe('a');
      machine.faults.capacity = machine.used() + 2000;
      await expect(append(1, 9)).rejects.toThrow(JournalFullError);
      if (when === 'after a restart') {
        await journal.close();
        await open(false, '/j', hurried);
        a = await journal.subscribe('a');
      }
      expect(journal.status()).toMatchObject({ state: 'full', reason: 'the disk is full' });
      const events = await drain(a);
      a.acknowledge(positionsOf(events));
      await a.flush();
      await journal.waitForRoom(never);
      await append(10, 10);
      expect(bodies(await drain(a))[0]!.slice(0, 2)).toBe('10');
      expect(segments()).toHaveLength(1);
      await crash();
      expect([await numbers(), log.lines]).toEqual([[10], []]);
    },
  );

  test('a cursor that cannot be opened refuses the start: it is not damaged, and its events were delivered', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 3);
    a.acknowledge(PositionSet.of(1, 2));
    await journal.close();
    machine.faults.failOpens = { path: /\.cursor$/, code: 'EMFILE' };
    await expect(open()).rejects.toMatchObject({ code: 'EMFILE' });
    machine.faults.failOpens = undefined;
    await open();
    expect([await numbers(), log.lines]).toEqual([[3], []]);
  });

  test('an output that cannot be forgotten is still there, and can be forgotten later', async () => {
    await open(true);
    await (await journal.subscribe('a')).close();
    await append(1, 1);
    machine.faults.failOpens = { path: /\.cursor/, code: 'EIO' };
    await expect(journal.forget('a')).rejects.toThrow('EIO');
    expect(await journal.orphans()).toEqual([{ output: 'a', pending: 1 }]);
    machine.faults.failOpens = undefined;
    await journal.forget('a');
    expect(await journal.orphans()).toEqual([]);
  });

  test('without file descriptors events are refused, and a file that is there is not removed', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    machine.put(path(1), new Uint8Array([1, 2, 3]));
    machine.faults.failOpens = { path: /segment$/, code: 'EMFILE' };
    await expect(append(1, 1)).rejects.toThrow('no file can be opened');
    machine.faults.failOpens = undefined;
    await append(1, 1);
    expect([...machine.content(path(1))]).toEqual([1, 2, 3]);
    expect(journal.failed.aborted).toBe(false);
    expect(await drain(a)).toHaveLength(1);
  });

  test.each([/extent/, /segment$/])(
    'a file system that became read-only ends the journal: %s',
    async (file) => {
      await open(true);
      await journal.subscribe('a');
      machine.faults.failOpens = { path: file, code: 'EROFS' };
      await expect(append(1, 1)).rejects.toThrow(JournalFailedError);
      expect(journal.failed.aborted).toBe(true);
      expect(journal.status()).toMatchObject({ state: 'failed', reason: expect.stringContaining('EROFS') });
    },
  );

  test('segments that were removed while the extent could not be written are not taken for lost', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await (await journal.subscribe('b')).close();
    await append(1, 20);
    machine.faults.failOpens = { path: /extent/, code: 'ENOSPC' };
    a.acknowledge(PositionSet.fromRuns([[1, 20]]));
    await a.flush();
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(segments()).toHaveLength(1);
    machine.faults.failOpens = undefined;
    await append(21, 40);
    await crash();
    expect(log.lines).toEqual([]);
    expect((await journal.subscribe('b')).lost()).toEqual({ exact: 0, atMost: 0 });
  });

  test('the index of another segment of the same number is not used', async () => {
    await open(true);
    await journal.subscribe('a');
    const fork = machine.copyMachine();
    await append(1, 2, 500, 'a');
    await journal.close();
    const here = machine;
    machine = fork;
    await open();
    await journal.subscribe('b');
    await append(1, 2, 500, 'b');
    await journal.close();
    here.put(path(1).replace('segment', 'index'), machine.content(path(1).replace('segment', 'index')));
    machine = here;
    await open();
    expect([await numbers('a'), log.lines]).toEqual([[1, 2], []]);
  });

  test('an append that fails leaves its room to one that waits', async () => {
    await open(true);
    await journal.subscribe('a');
    const large = () => journal.append([entry('x'.repeat(30_000), 'a')]);
    const first = large();
    await append(1, 1);
    await first;
    machine.faults.failSyncs = 1;
    const failing = large();
    const refusal = await journal.append([entry('x'.repeat(20_000), 'a')]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(JournalFullError);
    const waiting = journal.waitForRoom(never, (refusal as JournalFullError).bytes);
    await expect(failing).rejects.toThrow(JournalFailedError);
    await waiting;
  });

  test('of a group that a full disk refused nothing comes back, wherever it was cut', async () => {
    for (let left = 600; left < 1600; left += 50) {
      await open(true, '/j', hurried);
      await journal.subscribe('a');
      await append(1, 1);
      machine.faults.capacity = machine.used() + left;
      const group = [2, 3, 4].map((n) => entry(`${n} ${'x'.repeat(500)}`, 'a'));
      await expect(journal.append(group)).rejects.toThrow(JournalFullError);
      machine.faults.capacity = Number.POSITIVE_INFINITY;
      await journal.waitForRoom(never);
      await append(5, 5);
      await journal.close();
      await open();
      expect(await numbers()).toEqual([1, 5]);
      await journal.close();
    }
  });

  test('a failed sync: that group fails, a fresh segment takes over, the file is never synced again', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 2);
    machine.faults.failSyncs = 1;
    await expect(append(3, 3)).rejects.toThrow(JournalFailedError);
    await append(4, 5);
    expect(segments()).toHaveLength(2);
    expect(journal.status().state).toBe('ok');
    await crash();
    expect(await numbers()).toEqual([1, 2, 4, 5]);
    expect(machine.syncsAfterFailure()).toBe(0);
  });

  test('what a failed sync refused does not come back, though it is read in the file', async () => {
    await open(true);
    await journal.subscribe('a');
    await append(1, 2);
    machine.faults.failSyncs = 1;
    await expect(append(3, 3)).rejects.toThrow(JournalFailedError);
    await append(4, 5);
    await journal.close();
    machine.unlink(path(1).replace('segment', 'index'));
    await open();
    expect(await numbers()).toEqual([1, 2, 4, 5]);
  });

  test('when a fresh segment cannot be had either, the journal has failed and goes on delivering', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 2);
    machine.faults.failSyncs = 2;
    await expect(append(3, 3)).rejects.toThrow(JournalFailedError);
    expect(journal.status().state).toBe('failed');
    await expect(append(4, 4)).rejects.toThrow('no new segment can be written');
    const events = await a.read(ample, never);
    a.acknowledge(positionsOf(events));
    await a.flush();
    expect(a.pending()).toBe(0);
  });

  test('a lock that was lost: nothing is written any more', async () => {
    machine = createFakeMachine();
    const lost = new AbortController();
    journal = await openDiskJournal({
      directory: '/j',
      maxBytes: 1 << 20,
      log: listening(),
      fileSystem: machine.mount(),
      lock: async () => ({
        lost: lost.signal,
        confirm: () => (lost.signal.aborted ? Promise.reject(lost.signal.reason) : undefined),
        async release() {},
      }),
    });
    const a = await journal.subscribe('a');
    await append(1, 1);
    lost.abort(new LockLostError('process 9 took it'));
    expect((journal.failed.reason as Error).message).toBe('process 9 took it');
    const before = machine.paths();
    await expect(append(2, 2)).rejects.toThrow('process 9 took it');
    a.acknowledge(PositionSet.of(1));
    await expect(a.flush()).rejects.toThrow(JournalFailedError);
    expect(machine.paths()).toEqual(before);
  });

  test('a holder that was paused: what it wrote after another one took over is not acknowledged, and said', async () => {
    machine = createFakeMachine();
    /** So many more times the lock is confirmed. */
    let confirms = Number.POSITIVE_INFINITY;
    const openWith = (confirm: () => Promise<void> | undefined) =>
      openDiskJournal({
        directory: '/j',
        maxBytes: 1 << 20,
        log: listening(),
        fileSystem: machine.mount(),
        lock: async () => ({ lost: never, confirm, async release() {} }),
      });
    const paused = await openWith(() =>
      confirms-- > 0 ? undefined : Promise.reject(new LockLostError('lost')),
    );
    await paused.subscribe('a');
    await paused.append([entry('1', 'a'), entry('2', 'a')]);

    journal = await openWith(() => undefined);
    await journal.subscribe('a');
    // It wakes in the middle of a write: the group is on storage before it asks.
    confirms = 1;
    await expect(paused.append([entry('late', 'a')])).rejects.toThrow(JournalFailedError);
    await journal.append([entry('3', 'a')]);
    await journal.close();
    machine.unlink(path(1).replace('segment', 'index'));

    await open();
    expect(log.lines.join()).toMatch(/1 events at the end of a segment are ignored: they were written after/);
    const again = await journal.subscribe('a');
    expect(bodies(await drain(again))).toEqual(['1', '2', '3']);
    expect(again.lost()).toEqual({ exact: 0, atMost: 0 });
  });

  test('positions of a group that did not fit are not used again', async () => {
    await open(true, '/j', hurried);
    const a = await journal.subscribe('a');
    await append(1, 1);
    machine.faults.capacity = machine.used() + 100;
    await expect(append(2, 2)).rejects.toThrow(JournalFullError);
    machine.faults.capacity = Number.POSITIVE_INFINITY;
    await journal.waitForRoom(never);
    await append(3, 3);
    expect((await drain(a)).map(({ position }) => position)).toEqual([1, 3]);
    expect(a.lost()).toEqual({ exact: 0, atMost: 0 });
  });

  test('an event larger than a segment, and route sets without number', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 1, 20_000);
    for (let i = 0; i < 100; i++) await journal.append([entry(`${i}`, 'a', `other ${i}`)]);
    expect(await fetchAll(a, PositionSet.fromRuns([[1, 101]]))).toHaveLength(101);
    await journal.close();
    await open();
    expect(await numbers()).toEqual([1, ...range(0, 99)]);
  });

  test('what is new is read again from memory, and the rest from the disk', async () => {
    await open(true);
    const a = await journal.subscribe('a');
    await append(1, 5, 100);
    machine.spoil(path(1), 0, 4096);
    const all = PositionSet.fromRuns([[2, 4]]);
    expect(bodies(await fetchAll(a, all)).map((body) => body[0])).toEqual(['2', '3', '4']);
    expect(log.lines).toEqual([]);
    await journal.close();
    await open();
    expect(await fetchAll(await journal.subscribe('a'), all)).toEqual([]);
  });

  test('what is read from memory comes in chunks too, up to the newest, until the signal aborts', async () => {
    machine = createFakeMachine();
    log = listening();
    journal = await openDiskJournal({
      directory: '/j',
      maxBytes: 64 << 20,
      log,
      fileSystem: machine.mount(),
      lock: alwaysHeld,
    });
    const a = await journal.subscribe('a');
    await journal.append(range(1, 30).map((i) => entry(`${i} ${'x'.repeat(100_000)}`, 'a')));
    const chunks: number[] = [];
    const stop = new AbortController();
    const all = PositionSet.fromRuns([[1, 40]]);
    for await (const chunk of a.fetch(all)) chunks.push(chunk.length);
    expect(chunks).toEqual([10, 10, 10]);
    for await (const chunk of a.fetch(all, stop.signal)) {
      chunks.push(chunk.length);
      stop.abort();
    }
    expect(chunks).toEqual([10, 10, 10, 10]);
  });
});
