import type { Fault } from './fault.ts';
import { idleConnections, nestedJson, slowUploads } from './hostile.ts';
import { freeze, kill, stop } from './process.ts';
import { reload } from './reload.ts';
import { replayOnce, replayTwiceAtOnce } from './replay.ts';
import { lockRemoved, lockRemovedAndTaken, longFreeze, secondProcess } from './second-process.ts';
import { foreignSegment, headerDamaged, laterFormat } from './state.ts';
import { clockJump, destinationFaults, fullDisk, startOnFullDisk } from './surroundings.ts';

/** All faults. A new one is one function here, with a weight and a precondition of its own. */
const ALL: readonly Fault[] = [
  kill,
  stop,
  freeze,
  longFreeze,
  secondProcess,
  lockRemoved,
  lockRemovedAndTaken,
  reload,
  replayOnce,
  replayTwiceAtOnce,
  headerDamaged,
  foreignSegment,
  laterFormat,
  fullDisk,
  startOnFullDisk,
  clockJump,
  idleConnections,
  slowUploads,
  nestedJson,
];

interface Switch {
  readonly fault: Fault;
  readonly enabled: boolean;
  readonly reason: string;
}

/** Faults that the program does not survive yet: not made until the defect is fixed. */
export const SWITCHES: readonly Switch[] = [];

/**
 * The faults that are made.
 *
 * @param outputs whose destinations fail
 * @param only those whose names match, also when they are switched off
 */
export function faultsOf(outputs: readonly string[], only?: RegExp): readonly Fault[] {
  const all = [...ALL, ...outputs.flatMap(destinationFaults)];
  if (only !== undefined) return all.filter(({ name }) => only.test(name));
  const off = SWITCHES.filter(({ enabled }) => !enabled).map(({ fault }) => fault);
  return all.filter((fault) => !off.includes(fault));
}
