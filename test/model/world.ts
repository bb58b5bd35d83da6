import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
import { batchId } from '../../core/delivery/batch-id.ts';
import { cursorFileName } from '../../core/journal/cursor/file.ts';
import { openDiskJournal } from '../../core/journal/disk/journal.ts';
import type { Journal, Manifest, StoredEvent, Subscription } from '../../core/journal/journal.ts';
import { JournalFailedError, JournalFullError } from '../../core/journal/journal.ts';
import { PositionSet } from '../../core/journal/positions.ts';
import { HEADER_BYTES } from '../../core/journal/segments/codec.ts';
import type { Clock } from '../../core/sdk/contract/clock.ts';
import { alwaysHeld, bodies, entry, fetchAll, silent } from '../unit/core/journal/fixtures.ts';
import type { FakeMachine } from './fake-file-system.ts';
import { createFakeMachine } from './fake-file-system.ts';

export const OUTPUTS = ['a', 'b', 'c'] as const;
export const DIRECTORY = '/journal';
/** What the disk loses at once, and the most frames that can stand in it. */
const SECTOR = 64;
const FRAMES_IN_SECTOR = 3;

/**
 * What happened to an event in the reference model. `doubt`: it may or may not be there, and may go with the next crash
 * of the machine: its append failed, or was not synced yet when the machine crashed.
 */
interface Known {
  readonly body: string;
  readonly outputs: readonly string[];
  state: 'accepted' | 'doubt';
  /** When it was accepted, by the clock of that process; of interest until it is on stable storage. */
  acceptedAt: number;
  /** `never`: the sync that was to bring it there has failed, which the journal said. */
  stable: boolean | 'never';
}

/** A manifest; `owed`: the journal has said that it is durable. */
interface Sealed {
  readonly positions: PositionSet;
  readonly bodies: readonly string[];
  readonly owed: boolean;
}

/** What the reference model knows of an output. */
interface Account {
  /** Acknowledged in this opening or durably, by body; `durable` once a flush has said so; `ever`, whatever came after. */
  readonly acknowledged: Set<string>;
  readonly ever: Set<string>;
  readonly durable: Set<string>;
  /** In a manifest that did not come back: must be settled, or its batch would be cut anew under another id. */
  readonly gone: Set<string>;
  /** Sealed manifests by id: the bodies in them. */
  readonly sealed: Map<string, Sealed>;
  /** Losses that the openings before this one have reported. */
  reported: number;
  /** Handed out in this opening and not acknowledged. */
  outstanding: StoredEvent[];
  /** The last position read in this opening. */
  last: number;
  subscription: Subscription;
}

/** A journal on a fake machine, and a model of what it must remember. */
export interface World {
  readonly machine: FakeMachine;
  append(calls: readonly (readonly [outputs: readonly string[], size: number])[]): Promise<void>;
  read(output: string, events: number): Promise<void>;
  acknowledge(output: string, choose: (index: number) => boolean): Promise<void>;
  seal(output: string, choose: (index: number) => boolean): Promise<void>;
  flush(output: string): Promise<void>;
  advance(milliseconds: number): Promise<void>;
  /** Changes one bit of one file; false when there is none to change. */
  rot(file: number, bit: number): boolean;
  /** Some bytes of one file cannot be read any more; false when there is none. */
  spoil(file: number, sector: number): boolean;
  /**
   * The process dies, and somebody deletes a segment and perhaps its index, or cuts an older one: a newest one that was cut
   * looks as after a write that did not finish.
   */
  remove(file: number, how: 'segment' | 'both' | 'cut'): Promise<void>;
  /** Somebody deletes the cursor file of an output. */
  loseCursor(output: string): void;
  /** `kill`: only the process dies. */
  restart(how: 'clean' | 'kill' | 'crash'): Promise<void>;
  /** Keeps a snapshot of the volume, as it is at the so many-th call from now that changes something. */
  snapshot(calls: number): void;
  /** The last snapshot takes the place of the volume: what came after it is gone, and what it holds is not. */
  restore(): Promise<void>;
  /** A copy of the volume is used by another process beside this one for a while. */
  fork(): Promise<void>;
  /** After trouble: starts again on a sound disk and holds the journal to all it ever promised. */
  verify(): Promise<void>;
}

/** What a world is continued from: a volume, and what the model knows of it. */
interface Origin {
  readonly machine: FakeMachine;
  readonly events: ReadonlyMap<string, Known>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly serial: { next: number };
  readonly names: Map<string, string>;
  readonly rotten: number;
  readonly cursorsLost: boolean;
  readonly extentLost: boolean;
}

/**
 * @param random decides what of the unsynced survives a crash
 * @param durability of the journal: with an interval, what was accepted that recently may go with the machine
 * @param origin a copy of another world; a new volume when left out
 */
export async function createWorld(
  random: () => number,
  durability: 'sync' | { readonly intervalMs: number } = 'sync',
  origin?: Origin,
): Promise<World> {
  const machine = origin?.machine ?? createFakeMachine();
  let events = new Map<string, Known>(origin?.events);
  let accounts = new Map<string, Account>(origin?.accounts);
  /** The contents that batch ids stand for, in this world and in all its copies. */
  const names = origin?.names ?? new Map<string, string>();
  const serial = origin?.serial ?? { next: 0 };
  let kept: Origin | undefined;
  let journal: Journal;
  let clock = createClock();
  /** Bits that rotted: each may cost one event, one manifest or one cursor. */
  let rotten = origin?.rotten ?? 0;
  /** A cursor was lost: what was settled may come again. What was not must come all the same. */
  let cursorsLost = origin?.cursorsLost ?? false;
  /** The file that knows what the journal consists of was damaged: a missing segment at either end is not noticed. */
  let extentLost = origin?.extentLost ?? false;

  /** The volume as another process sees it now, and what the model knows at this moment. */
  function copy(): Origin {
    return {
      machine: machine.copyMachine(),
      events: cloneEvents(events),
      accounts: cloneAccounts(accounts),
      serial,
      names,
      rotten,
      cursorsLost,
      extentLost,
    };
  }

  const isDown = () => machine.down() !== false;

  async function boot(): Promise<void> {
    clock = createClock();
    journal = await openDiskJournal({
      directory: DIRECTORY,
      maxBytes: 1 << 20,
      segmentBytes: 2048,
      durability,
      clock,
      log: silent,
      fileSystem: machine.mount(),
      readTries: { waits: [0, 0, 0, 0], block: SECTOR },
      lock: alwaysHeld,
    });
    for (const output of OUTPUTS) {
      const subscription = await journal.subscribe(output);
      const before = accounts.get(output);
      const account: Account = before ?? {
        acknowledged: new Set(),
        ever: new Set(),
        durable: new Set(),
        gone: new Set(),
        sealed: new Map(),
        reported: 0,
        outstanding: [],
        last: 0,
        subscription,
      };
      if (before !== undefined) account.reported += lostBy(before);
      account.subscription = subscription;
      account.outstanding = [];
      account.last = 0;
      accounts.set(output, account);
      await checkOpening(output, account);
    }
  }

  let failedSyncs = 0;

  /** Everything accepted this long ago is on stable storage by now, or the journal has said that it may not be. */
  function stabilize(age: number): void {
    const failed = machine.failedSyncs() > failedSyncs;
    failedSyncs = machine.failedSyncs();
    for (const known of events.values()) {
      if (known.state !== 'accepted' || known.stable !== false) continue;
      if (failed) known.stable = 'never';
      else if (clock.monotonic() - known.acceptedAt >= age) known.stable = true;
    }
  }

  /** What of these the journal must still have. */
  const certain = (bodies: readonly string[]) => bodies.filter((body) => events.get(body)?.state !== 'doubt');

  /** What a restart owes to the manifests: those not durably settled are given back, whole. */
  async function checkOpening(output: string, account: Account): Promise<void> {
    const { subscription, sealed, acknowledged, durable, ever } = account;
    const given = new Map(subscription.unsettled.map((manifest) => [manifest.id, manifest]));
    for (const [id, manifest] of sealed) {
      const found = given.get(id);
      if (found === undefined) {
        if (!manifest.owed) continue;
        const settled = certain(manifest.bodies).every((body) => ever.has(body));
        expect(settled || rotten > 0, `manifest ${id} of ${output} is gone`).toBe(true);
        for (const body of manifest.bodies) account.gone.add(body);
        continue;
      }
      if (rotten === 0 && certain(manifest.bodies).length === manifest.bodies.length)
        expect([...found.positions.runs()]).toEqual([...manifest.positions.runs()]);
      const settledForGood = manifest.bodies.every((body) => durable.has(body));
      expect(settledForGood && rotten === 0 && !cursorsLost, `manifest ${id} of ${output} came back`).toBe(
        false,
      );
      const there = bodies(await fetchAll(subscription, found.positions));
      if (rotten === 0) expect(certain(there)).toEqual(certain(manifest.bodies));
      expect(manifest.bodies).toEqual(expect.arrayContaining(there));
    }
    // What was acknowledged and is pending again will be acknowledged again.
    if (cursorsLost) durable.clear();
    for (const body of [...acknowledged]) if (!durable.has(body)) acknowledged.delete(body);
    const found = new Map<string, Sealed>();
    for (const manifest of subscription.unsettled) {
      const there = await fetchAll(subscription, manifest.positions);
      account.outstanding.push(...there);
      // The delivery of a batch reports what is missing in it.
      account.reported += manifest.positions.count - there.length;
      // The process before may have died between writing it and syncing it: it is sealed again before it is relied on.
      const owed = await trySeal(subscription, manifest);
      found.set(manifest.id, { positions: manifest.positions, bodies: bodies(there), owed });
    }
    sealed.clear();
    for (const [id, manifest] of found) sealed.set(id, manifest);
  }

  async function trySeal(subscription: Subscription, manifest: Manifest): Promise<boolean> {
    try {
      await subscription.seal(manifest);
      return true;
    } catch (error) {
      if (isDown() || (error as Error).name !== 'JournalFailedError') throw error;
      return false;
    }
  }

  /** Runs an action; a crash that it runs into is followed by a restart. */
  async function survive(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!isDown()) throw error;
    }
    if (isDown()) await restart('crash');
  }

  /** What died is started again; when nothing has, the machine crashes. */
  function die(): void {
    if (machine.down() === 'process') machine.kill();
    else {
      for (const known of events.values()) if (known.stable !== true) known.state = 'doubt';
      machine.crash(random);
    }
  }

  async function restart(how: 'clean' | 'kill' | 'crash'): Promise<void> {
    if (how === 'clean' && !isDown()) {
      const { capacity, failSyncs } = machine.faults;
      await journal.close();
      // What was acknowledged before a clean end is durable, if the disk let it.
      if (!isDown() && capacity === Number.POSITIVE_INFINITY && failSyncs === 0) {
        for (const { acknowledged, durable } of accounts.values()) {
          for (const body of acknowledged) durable.add(body);
        }
      }
      if (isDown()) die();
      else machine.kill();
    } else if (how === 'kill' && !isDown()) machine.kill();
    else die();
    await bootUntilUp();
  }

  async function bootUntilUp(): Promise<void> {
    while (true) {
      try {
        // A start brings to stable storage what the process before it had only written.
        await boot();
        if (!isDown()) return stabilize(Number.NEGATIVE_INFINITY);
        // It goes on without what it need not write, and has not noticed yet.
        die();
      } catch (error) {
        if (isDown()) die();
        // A new cursor (its file had rotted or gone) that cannot be written is refused, until it can.
        else if ((rotten > 0 || cursorsLost) && error instanceof JournalFailedError) {
          await journal?.close();
          machine.kill();
          machine.faults.capacity = Number.POSITIVE_INFINITY;
        } else if (isSick(error)) {
          machine.kill();
        } else throw error;
      }
    }
  }

  /** Bytes could not be read while the disk could not write either: nobody can tell damage from a disk that is away. */
  function isSick(error: unknown): boolean {
    return rotten > 0 && (error as { code?: string }).code === 'EIO';
  }

  function receive(output: string, account: Account, given: readonly StoredEvent[]): void {
    for (const event of given) {
      const [body] = bodies([event]) as [string];
      const known = events.get(body);
      expect(known, `invented: ${body}`).toBeDefined();
      // Of an event in doubt, who wanted it may be what the crash took.
      if (rotten === 0 && known!.state === 'accepted') expect(known!.outputs).toContain(output);
      expect(event.position).toBeGreaterThan(account.last);
      expect(account.durable.has(body) && !cursorsLost, `${output} was given ${body} again`).toBe(false);
      // With its cursor an output may lose that a manifest was settled: its events come again.
      if (rotten === 0 && !cursorsLost)
        expect(account.gone.has(body), `${output}: the manifest of ${body} is gone`).toBe(false);
      account.last = event.position;
      account.outstanding.push(event);
    }
  }

  async function readSome(output: string, limit: number): Promise<number> {
    const account = accounts.get(output)!;
    const { subscription } = account;
    if (subscription.caughtUp()) return 0;
    const stop = new AbortController();
    const reading = subscription.read({ events: limit, bytes: 1 << 20 }, stop.signal);
    let settled = false;
    const done = () => {
      settled = true;
    };
    reading.then(done, done);
    // All that was left may turn out damaged: then the read goes on waiting.
    for (let turns = 0; !settled; turns++) {
      await setImmediate();
      if (turns > 50 && subscription.caughtUp()) stop.abort();
    }
    const given = await reading.catch((error) => {
      if (isSick(error)) return [];
      throw error;
    });
    receive(output, account, given);
    return given.length;
  }

  function identity({ subscription, acknowledged }: Account): void {
    const { exact, atMost } = subscription.lost();
    expect(subscription.pending() + exact + atMost).toBeLessThanOrEqual(subscription.accepted());
    const uncertain = [...events.values()].filter(({ state }) => state === 'doubt').length;
    if (rotten === 0) expect(exact).toBeLessThanOrEqual(uncertain);
    expect(acknowledged.size).toBeGreaterThanOrEqual(0);
  }

  /** A file that has bytes, and that is going to have fewer. */
  function rottable(file: number): string | undefined {
    const paths = machine.paths().filter((path) => !path.includes('/corrupt/'));
    const path = paths[file % Math.max(paths.length, 1)];
    if (path === undefined || machine.content(path).length === 0) return undefined;
    if (path.includes('/cursors/')) cursorsLost = true;
    if (path.endsWith('/extent')) extentLost = true;
    return path;
  }

  await bootUntilUp();
  return {
    machine,
    append: (calls) =>
      survive(async () => {
        const outcomes = calls.map(async ([outputs, size]) => {
          const body = `${serial.next++} ${'x'.repeat(size)}`;
          const known: Known = {
            body,
            outputs,
            state: 'doubt',
            acceptedAt: clock.monotonic(),
            stable: false,
          };
          events.set(body, known);
          try {
            await journal.append([entry(body, ...outputs)]);
            known.state = 'accepted';
            known.stable = durability === 'sync';
          } catch (error) {
            if (isDown() || error instanceof JournalFullError) return;
            expect((error as Error).name).toBe('JournalFailedError');
          }
        });
        await Promise.all(outcomes);
      }),
    read: (output, limit) =>
      survive(async () => {
        await readSome(output, limit);
      }),
    acknowledge: (output, choose) =>
      survive(async () => {
        const account = accounts.get(output)!;
        const chosen = account.outstanding
          .filter((_, index) => choose(index))
          .sort((x, y) => x.position - y.position);
        account.outstanding = account.outstanding.filter((event) => !chosen.includes(event));
        const before = account.subscription.pending();
        account.subscription.acknowledge(PositionSet.of(...chosen.map(({ position }) => position)));
        // A manifest is given back whole: some of it may have been settled before.
        const left = account.subscription.pending();
        if (account.sealed.size === 0) expect(left).toBe(before - chosen.length);
        else expect(left).toBeGreaterThanOrEqual(before - chosen.length);
        for (const body of bodies(chosen)) {
          account.acknowledged.add(body);
          account.ever.add(body);
        }
        identity(account);
      }),
    seal: (output, choose) =>
      survive(async () => {
        const account = accounts.get(output)!;
        const held = new Set([...account.sealed.values()].flatMap(({ positions }) => [...positions]));
        const chosen = account.outstanding
          .filter(({ position }, index) => choose(index) && !held.has(position))
          .sort((x, y) => x.position - y.position);
        if (chosen.length === 0) return;
        const positions = PositionSet.of(...chosen.map(({ position }) => position));
        const segments = account.subscription.identify(positions);
        const id = batchId({ output, partition: 'p', positions, segments });
        const content = bodies(chosen).join('\0');
        expect(names.get(id) ?? content, `${id} stands for two contents`).toBe(content);
        names.set(id, content);
        const manifest = { id, partition: 'p', positions, bytes: 1, openedAt: 1, closedAt: 2 };
        if (await trySeal(account.subscription, manifest))
          account.sealed.set(id, { positions, bodies: bodies(chosen), owed: true });
      }),
    flush: (output) =>
      survive(async () => {
        const account = accounts.get(output)!;
        const so = [...account.acknowledged];
        try {
          await account.subscription.flush();
          for (const body of so) account.durable.add(body);
        } catch (error) {
          if (!isDown()) expect((error as Error).name).toBe('JournalFailedError');
        }
      }),
    advance: (milliseconds) =>
      survive(async () => {
        await clock.advance(milliseconds);
        if (durability !== 'sync' && !isDown()) stabilize(durability.intervalMs);
      }),
    rot(file, bit) {
      const path = rottable(file);
      if (path === undefined) return false;
      const content = machine.content(path);
      content[(bit >>> 3) % content.length]! ^= 1 << (bit & 7);
      rotten++;
      return true;
    },
    spoil(file, sector) {
      const path = rottable(file);
      if (path === undefined) return false;
      const sectors = Math.ceil(machine.content(path).length / SECTOR);
      machine.spoil(path, (sector % sectors) * SECTOR, SECTOR);
      rotten += FRAMES_IN_SECTOR;
      return true;
    },
    async remove(file, how) {
      const paths = machine
        .paths()
        .filter((path) => path.endsWith('.segment') && !path.includes('/corrupt/'));
      const path = paths[file % Math.max(how === 'cut' ? paths.length - 1 : paths.length, 1)];
      if (path === undefined || isDown()) return;
      // A start removes a newest file that is no more than a header: the one before is the newest then.
      const isLater = (other: string) => other > path && machine.content(other).length > HEADER_BYTES;
      if (how === 'cut' && !paths.some(isLater)) return;
      machine.kill();
      const size = machine.content(path).length;
      if (how === 'cut') machine.truncate(path, Math.floor(size * 0.7));
      else machine.unlink(path);
      if (how === 'both') machine.unlink(path.replace(/segment$/, 'index'));
      rotten += Math.ceil(size / 40);
      await bootUntilUp();
    },
    loseCursor(output) {
      machine.unlink(`${DIRECTORY}/cursors/${cursorFileName(output)}`);
      cursorsLost = true;
    },
    restart,
    snapshot(calls) {
      machine.faults.snapshotIn = calls;
      machine.onSnapshot = () => {
        kept = copy();
      };
    },
    async restore() {
      if (kept === undefined) return;
      await journal.close().catch(() => {});
      machine.restore(kept.machine);
      const { events: known, accounts: before } = kept;
      // The snapshot may be restored again.
      events = cloneEvents(known);
      accounts = cloneAccounts(before);
      await bootUntilUp();
    },
    async fork() {
      const other = await createWorld(random, durability, copy());
      for (let round = 0; round < 2; round++) {
        await other.append([
          [OUTPUTS, 20],
          [OUTPUTS, 200],
        ]);
        for (const output of OUTPUTS) {
          await other.read(output, 3);
          await other.seal(output, (index) => index % 2 === 0);
        }
        await other.restart('kill');
      }
      await other.verify();
    },
    async verify() {
      machine.faults.capacity = Number.POSITIVE_INFINITY;
      Object.assign(machine.faults, { failSyncs: 0, failReads: 0, shortWrites: 0 });
      machine.faults.crashIn = machine.faults.killIn = Number.POSITIVE_INFINITY;
      await restart('clean');
      let allLost = 0;
      for (const [output, account] of accounts) {
        const { subscription } = account;
        while ((await readSome(output, 1000)) > 0) {}
        const there = new Set(bodies(account.outstanding));
        let lost = 0;
        for (const { body, outputs, state } of events.values()) {
          if (state === 'doubt' || !outputs.includes(output)) continue;
          if (!there.has(body) && !account.ever.has(body)) lost++;
        }
        // What a damaged cursor's output wanted of damaged events is not known.
        if (!extentLost && !cursorsLost)
          expect(lost, `lost of ${output}, and not reported`).toBeLessThanOrEqual(
            account.reported + lostBy(account),
          );
        allLost += lost;
        if (rotten === 0 && account.sealed.size === 0)
          expect(subscription.pending(), `pending of ${output}`).toBe(account.outstanding.length);
        // What rotted in a manifest is settled with it.
        const held = [...account.sealed.values()].flatMap(({ positions }) => [...positions]);
        const all = new Set([...held, ...account.outstanding.map(({ position }) => position)]);
        subscription.acknowledge(PositionSet.of(...[...all].sort((x, y) => x - y)));
        expect(subscription.pending()).toBe(0);
        await subscription.flush();
      }
      expect(allLost, 'accepted events that are gone').toBeLessThanOrEqual(rotten * OUTPUTS.length);
      expect(machine.syncsAfterFailure()).toBe(0);
      await journal.append([entry('fresh', ...OUTPUTS)]);
      for (const { subscription } of accounts.values()) {
        expect(
          bodies(await subscription.read({ events: 9, bytes: 999 }, new AbortController().signal)),
        ).toEqual(['fresh']);
      }
      await setImmediate();
      const segments = machine
        .paths()
        .filter((path) => path.endsWith('.segment') && !path.includes('corrupt'));
      expect(segments.length, 'settled segments are unlinked').toBeLessThanOrEqual(2);
      await journal.close();
    },
  };
}

function lostBy({ subscription }: Account): number {
  const { exact, atMost } = subscription.lost();
  return exact + atMost;
}

function cloneEvents(events: ReadonlyMap<string, Known>): Map<string, Known> {
  return new Map([...events].map(([body, known]) => [body, { ...known }]));
}

function cloneAccounts(accounts: ReadonlyMap<string, Account>): Map<string, Account> {
  return new Map(
    [...accounts].map(([output, account]) => [
      output,
      {
        ...account,
        acknowledged: new Set(account.acknowledged),
        ever: new Set(account.ever),
        durable: new Set(account.durable),
        gone: new Set(account.gone),
        sealed: new Map(account.sealed),
      },
    ]),
  );
}

/** A clock that stands until it is moved. */
function createClock(): Clock & { advance(milliseconds: number): Promise<void> } {
  let time = 0;
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    now: () => 1_700_000_000_000 + time,
    monotonic: () => time,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        const sleeper = { until: time + milliseconds, wake: resolve };
        if (signal?.aborted) return resolve();
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          resolve();
        });
      }),
    async advance(milliseconds) {
      time += milliseconds;
      for (const sleeper of [...sleepers]) {
        if (sleeper.until > time) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      for (let turn = 0; turn < 30; turn++) await setImmediate();
    },
  };
}
