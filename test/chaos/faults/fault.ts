import type { Tiercel } from '../../support/process.ts';
import type { Disk } from '../disk.ts';
import type { Findings } from '../findings.ts';
import type { Oracle } from '../oracle.ts';
import type { ProgramLog } from '../program-log.ts';
import type { Random } from '../random.ts';
import type { Fault as Mode } from '../targets/fault.ts';
import type { Webhook } from '../targets/webhook.ts';
import type { WallClock } from '../wall-clock.ts';

/** What can be made to fail, and where it is reported. */
export interface Stage {
  readonly tiercel: Tiercel;
  readonly log: ProgramLog;
  readonly disk: Disk;
  readonly clock: WallClock;
  /** All destinations by the name of their output. */
  readonly targets: Readonly<Record<string, { setFault(mode: Mode): void }>>;
  /** The webhook that refuses some events for their content. */
  readonly picky: Webhook;
  /** The program's state directory (`journal.path`). */
  readonly state: string;
  readonly seed: number;
  readonly oracle: Oracle;
  readonly findings: Pick<Findings, 'add'>;
  /** Waits, or until the run ends. */
  pause(low: number, high: number, random: Random): Promise<void>;
  /** The run ends: a fault that is active ends early. */
  readonly healing: AbortSignal;
}

/** Something that only one fault at a time may touch. */
export type Resource = 'process' | 'disk' | 'clock' | 'client' | `target:${string}`;

/** One way in which the program or its surroundings fail. To add one, write it and put it in `list.ts`. */
export interface Fault {
  /** Named in the report and in the timeline. */
  readonly name: string;
  /** What it needs for itself while it is active. The first one says in which loop it takes its turn. */
  readonly needs: readonly [Resource, ...Resource[]];
  /** How often it is chosen, relative to the other faults of its loop. */
  readonly weight: number;
  /** It is left out while this is false. */
  readonly ready?: (stage: Stage) => boolean;
  /**
   * Makes the fault and ends it: afterwards the program runs, and all is as it was. Reports what must not happen.
   *
   * @param random the choices of its loop
   */
  act(stage: Stage, random: Random): Promise<void>;
}

const ATTEMPTS = 5;

/** Starts the program as an orchestrator does: again and again. Only a full disk excuses a start that fails. */
export async function restart({ tiercel, disk, findings }: Stage): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const wasFull = disk.full;
    try {
      await tiercel.start();
      return;
    } catch (error) {
      if (!wasFull && !disk.full) findings.add('the program does not start', (error as Error).message);
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
