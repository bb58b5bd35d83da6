import { readFileSync } from 'node:fs';

/** Time as a program had it: what it, or these tests, spent waiting for a processor does not count. */
export interface Patience {
  /** Milliseconds since the beginning, or since {@link renew}. */
  elapsed(): number;
  renew(): void;
  /** The same in words, with what was left out. */
  describe(): string;
}

/** However busy the machine: so many times as long as it should take, something counts as never. */
const MOST = 20;

/**
 * Tells a program that hangs from one that the machine has no time for. One that hangs waits for something else than a
 * processor, or uses one up: both count. Where the system does not tell, all of the time counts.
 *
 * @param pid the program; may become another one
 */
export function createPatience(pid: () => number = () => process.pid): Patience {
  let began = read(pid());

  const elapsed = () => {
    const now = read(pid());
    const wall = now.wall - began.wall;
    // Of another process nothing is known from before.
    const theirs = now.pid === began.pid ? now.theirs - began.theirs : now.theirs;
    const starved = Math.max(0, theirs, now.ours - began.ours);
    return { wall, starved, counted: Math.max(wall - starved, wall / MOST) };
  };

  return {
    elapsed: () => elapsed().counted,
    renew() {
      began = read(pid());
    },
    describe() {
      const { wall, starved } = elapsed();
      return `${Math.round(wall)} ms, of which ${Math.round(starved)} ms for a processor`;
    },
  };
}

function read(pid: number) {
  return { pid, wall: performance.now(), theirs: starvedFor(pid), ours: starvedFor(process.pid) };
}

/** Milliseconds that the main thread of a process has waited for a processor (proc(5), schedstat). */
function starvedFor(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
