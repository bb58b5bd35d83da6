/**
 * The journal against a model, on a machine that breaks. `RUNS=700` plays 100,000 lives;
 * a failure prints the seed and the path that fast-check needs to repeat it.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../support/runs.ts';
import type { World } from './world.ts';
import { createWorld, OUTPUTS } from './world.ts';

type Fault = 'crashIn' | 'killIn' | 'shortWrites' | 'failSyncs' | 'failReads';

type Step =
  | { readonly do: 'append'; readonly calls: readonly (readonly [routes: number, size: number])[] }
  | { readonly do: 'read'; readonly output: number; readonly events: number }
  | { readonly do: 'acknowledge' | 'seal'; readonly output: number; readonly bits: number }
  | { readonly do: 'flush'; readonly output: number }
  | { readonly do: 'advance'; readonly milliseconds: number }
  | { readonly do: 'restart'; readonly how: 'clean' | 'kill' | 'crash' }
  | { readonly do: 'fault'; readonly fault: Fault; readonly count: number }
  | { readonly do: 'full'; readonly left: number }
  | { readonly do: 'empty' }
  | { readonly do: 'snapshot'; readonly calls: number }
  | { readonly do: 'restore' }
  | { readonly do: 'fork' }
  | { readonly do: 'lose cursor'; readonly output: number }
  | { readonly do: 'remove'; readonly file: number; readonly how: 'segment' | 'both' | 'cut' }
  | { readonly do: 'rot'; readonly file: number; readonly bit: number }
  | { readonly do: 'spoil'; readonly file: number; readonly sector: number };

const output = fc.nat({ max: OUTPUTS.length - 1 });
const work: fc.Arbitrary<Step>[] = [
  fc.record({
    do: fc.constant('append' as const),
    calls: fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 600 })), { minLength: 1, maxLength: 6 }),
  }),
  fc.record({ do: fc.constant('read' as const), output, events: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ do: fc.constantFrom('acknowledge' as const, 'seal' as const), output, bits: fc.nat() }),
  fc.record({ do: fc.constant('flush' as const), output }),
  fc.record({ do: fc.constant('advance' as const), milliseconds: fc.constantFrom(50, 150, 1100) }),
  fc.record({
    do: fc.constant('restart' as const),
    how: fc.constantFrom('clean' as const, 'kill' as const, 'crash' as const),
  }),
];
const fault = (name: Fault, max: number): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant('fault' as const),
    fault: fc.constant(name),
    count: fc.integer({ min: 1, max }),
  });
const trouble: fc.Arbitrary<Step>[] = [
  fault('crashIn', 40),
  fault('killIn', 40),
  fault('shortWrites', 5),
  fault('failSyncs', 3),
  // Fewer than a read is tried: nothing may be lost by them.
  fault('failReads', 4),
  fc.record({ do: fc.constant('full' as const), left: fc.nat({ max: 3000 }) }),
  fc.record({ do: fc.constant('empty' as const) }),
];
const copies: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('snapshot' as const), calls: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ do: fc.constant('restore' as const) }),
  fc.record({ do: fc.constant('fork' as const) }),
];
const loss: fc.Arbitrary<Step> = fc.record({ do: fc.constant('lose cursor' as const), output });
const removal: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('remove' as const),
  file: fc.nat(),
  how: fc.constantFrom('segment' as const, 'both' as const, 'cut' as const),
});
const rot: fc.Arbitrary<Step> = fc.record({ do: fc.constant('rot' as const), file: fc.nat(), bit: fc.nat() });
const spoil: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('spoil' as const),
  file: fc.nat(),
  sector: fc.nat(),
});

function routes(bits: number): string[] {
  return OUTPUTS.filter((_, index) => bits & (1 << index));
}

async function perform(world: World, step: Step): Promise<void> {
  const { machine } = world;
  switch (step.do) {
    case 'append':
      return world.append(step.calls.map(([bits, size]) => [routes(bits), size]));
    case 'read':
      return world.read(OUTPUTS[step.output]!, step.events);
    case 'acknowledge':
    case 'seal':
      return world[step.do](OUTPUTS[step.output]!, (index) => (step.bits & (1 << (index % 30))) !== 0);
    case 'flush':
      return world.flush(OUTPUTS[step.output]!);
    case 'advance':
      return world.advance(step.milliseconds);
    case 'restart':
      return world.restart(step.how);
    case 'fault':
      machine.faults[step.fault] = step.count;
      return;
    case 'full':
      machine.faults.capacity = machine.used() + step.left;
      return;
    case 'empty':
      machine.faults.capacity = Number.POSITIVE_INFINITY;
      return;
    case 'snapshot':
      return world.snapshot(step.calls);
    case 'restore':
      return world.restore();
    case 'fork':
      return world.fork();
    case 'lose cursor':
      return world.loseCursor(OUTPUTS[step.output]!);
    case 'remove':
      return world.remove(step.file, step.how);
    case 'rot':
      world.rot(step.file, step.bit);
      return;
    case 'spoil':
      world.spoil(step.file, step.sector);
  }
}

/** mulberry32: what of the unsynced survives a crash must be repeatable. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Durability = Parameters<typeof createWorld>[1];

/** Plays random lives; every promise is checked on the way and at the end. */
async function check(steps: readonly fc.Arbitrary<Step>[], durability?: Durability): Promise<void> {
  const life = fc.array(fc.oneof(...work, ...work, ...steps), { maxLength: 60, size: 'max' });
  const play = async (steps: readonly Step[], seed: number) => {
    const world = await createWorld(randomFrom(seed), durability);
    for (const step of steps) await perform(world, step);
    await world.verify();
  };
  await fc.assert(fc.asyncProperty(life, fc.nat(), play), {
    numRuns: runs(150),
    timeout: 10_000,
    endOnFailure: runs(1) > 1,
  });
}

/** A life with everything in it, four times. */
function longLife(): Step[] {
  const all = 2 ** 30 - 1;
  const life: Step[] = [];
  for (let round = 0; round < 4; round++) {
    life.push(
      {
        do: 'append',
        calls: [
          [7, 300],
          [1, 500],
          [2, 900],
        ],
      },
      { do: 'append', calls: [[5, 200]] },
      { do: 'read', output: 0, events: 2 },
      { do: 'seal', output: 0, bits: 1 },
      { do: 'read', output: 1, events: 9 },
      { do: 'seal', output: 1, bits: all },
      { do: 'acknowledge', output: 0, bits: 2 },
      { do: 'flush', output: 0 },
      { do: 'read', output: 2, events: 3 },
      { do: 'acknowledge', output: 1, bits: all },
      { do: 'acknowledge', output: 2, bits: all },
      { do: 'advance', milliseconds: 150 },
      { do: 'restart', how: 'clean' },
    );
  }
  return life;
}

describe('the journal against a model', () => {
  const timeout = 3_600_000;

  test('whatever happens to the process, the disk and the machine', { timeout }, () => check(trouble));

  test(
    'synced at intervals: what was accepted before the last one is there after a crash of the machine, all of it after one of the process',
    {
      timeout,
    },
    () => check(trouble, { intervalMs: 150 }),
  );

  test(
    'and while snapshots are restored and copies run beside: no batch id has two contents',
    {
      timeout,
    },
    () => check([...trouble, ...copies]),
  );

  test('and while cursors are deleted: no event is lost', { timeout }, () => check([...trouble, loss]));

  test('and while segments are removed or cut: what is lost is counted', { timeout }, () =>
    check([...trouble, removal]),
  );

  test('and while bits rot', { timeout }, () => check([...trouble, rot]));

  test('and while the disk loses sectors', { timeout }, () => check([...trouble, rot, spoil]));

  test('a crash of the machine, or of the process, at every call that changes something, of a life with everything in it', {
    timeout,
  }, async () => {
    const life = longLife();
    let deaths = 0;
    for (const fault of ['crashIn', 'killIn'] as const) {
      for (let call = 1; ; call++) {
        const world = await createWorld(randomFrom(call));
        world.machine.faults[fault] = call;
        for (const step of life) await perform(world, step);
        const survived = world.machine.faults[fault] < Number.POSITIVE_INFINITY;
        await world.verify();
        if (survived) break;
        deaths++;
      }
    }
    expect(deaths).toBeGreaterThan(200);
  });

  test('a snapshot before every call that changes something, restored at the end, and a copy that runs beside: no batch id has two contents', {
    timeout,
  }, async () => {
    const life = longLife();
    let snapshots = 0;
    for (let call = 1; ; call++) {
      const world = await createWorld(randomFrom(call));
      world.snapshot(call);
      for (const step of life) await perform(world, step);
      if (world.machine.faults.snapshotIn > 0) break;
      snapshots++;
      await world.restore();
      // Other events than those that it forgot, at the same positions, and the same steps.
      for (const step of life.slice(0, life.length / 4)) await perform(world, step);
      await world.fork();
      await world.verify();
    }
    expect(snapshots).toBeGreaterThan(100);
  });
});
