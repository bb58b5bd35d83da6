import { setTimeout as sleep } from 'node:timers/promises';
import type { Tiercel } from '../support/process.ts';
import type { Disk } from './disk.ts';
import type { Random } from './random.ts';
import { FAULTS, type Fault } from './targets/fault.ts';
import type { WallClock } from './wall-clock.ts';

/** What can be made to fail. */
export interface Stage {
  readonly tiercel: Tiercel;
  readonly disk: Disk;
  readonly clock: WallClock;
  readonly targets: Readonly<Record<string, { setFault(fault: Fault): void }>>;
  readonly random: Random;
}

/** What happened, for the report: the trouble's name and how often. */
export interface Troubles {
  readonly happened: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
  /** Ends all troubles and leaves everything healthy and running. */
  heal(): Promise<void>;
}

/**
 * Makes trouble until told to heal. The process is killed, stopped politely, or frozen by one hand; disk, clock
 * and destinations are troubled by others at the same time.
 */
export function startTroubles({ tiercel, disk, clock, targets, random }: Stage): Troubles {
  const happened = new Map<string, number>();
  const violations: string[] = [];
  const healed = new AbortController();
  let diskFull = false;

  const note = (trouble: string): void => {
    happened.set(trouble, (happened.get(trouble) ?? 0) + 1);
  };
  const pause = (low: number, high: number): Promise<void> =>
    sleep(random.between(low, high), undefined, { signal: healed.signal }).catch(() => undefined);

  /** As an orchestrator does: again and again. Only a full disk excuses a start that fails. */
  const restart = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const excused = diskFull;
      try {
        await tiercel.start();
        return;
      } catch (error) {
        if (!excused && !diskFull) violations.push(`did not start: ${(error as Error).message.slice(-2000)}`);
        if (attempt === 5) throw error;
        await sleep(1000);
      }
    }
  };

  const processTroubles = {
    'kill -9': async () => {
      await tiercel.kill();
      await restart();
    },
    'stop politely': async () => {
      const { code, signal } = await tiercel.stop(20_000);
      if (code !== 0) violations.push(`SIGTERM ended with code ${code}, signal ${signal}`);
      await restart();
    },
    freeze: async () => {
      tiercel.send('SIGSTOP');
      await pause(200, 2500);
      tiercel.send('SIGCONT');
    },
  };

  const troubleProcess = async (): Promise<void> => {
    while (!healed.signal.aborted) {
      await pause(500, 4000);
      if (healed.signal.aborted) return;
      const name = random.pick(['kill -9', 'kill -9', 'stop politely', 'freeze'] as const);
      note(name);
      await processTroubles[name]();
    }
  };

  const troubleTarget = async (name: string): Promise<void> => {
    const target = targets[name];
    while (!healed.signal.aborted) {
      const fault = random.chance(0.4) ? 'none' : random.pick(FAULTS);
      target?.setFault(fault);
      if (fault !== 'none') note(`${name}: ${fault}`);
      await pause(300, 4000);
    }
    target?.setFault('none');
  };

  const troubleDisk = async (): Promise<void> => {
    while (disk.small && !healed.signal.aborted) {
      await pause(4000, 12_000);
      if (healed.signal.aborted) break;
      note('disk full');
      diskFull = true;
      disk.fill();
      await pause(500, 3000);
      disk.free();
      diskFull = false;
    }
    disk.free();
  };

  const troubleClock = async (): Promise<void> => {
    while (!healed.signal.aborted) {
      await pause(3000, 10_000);
      if (healed.signal.aborted) break;
      note('clock jump');
      clock.jump(random.pick([-86_400, -3600, -30, 30, 3600, 86_400]));
    }
    clock.jump(0);
  };

  const running = [
    troubleProcess(),
    ...Object.keys(targets).map(troubleTarget),
    troubleDisk(),
    troubleClock(),
  ];
  // Told at heal(); until then a trouble-maker that gave up must not end the run as an unhandled rejection.
  for (const trouble of running) trouble.catch(() => undefined);
  return {
    happened,
    violations,
    heal: async () => {
      healed.abort();
      await Promise.all(running);
    },
  };
}
