import { FAULTS, type Fault as Mode } from '../targets/fault.ts';
import { type Fault, restart, type Stage } from './fault.ts';

const isSmall = ({ disk }: Stage): boolean => disk.small;

export const fullDisk: Fault = {
  name: 'disk full',
  needs: ['disk'],
  weight: 1,
  ready: isSmall,
  async act({ disk, pause }, random) {
    disk.fill();
    await pause(500, 3000, random);
    disk.free();
  },
};

/** The volume is full when the program starts: it starts at the latest when there is space again. */
export const startOnFullDisk: Fault = {
  name: 'restart on a full disk',
  needs: ['process', 'disk'],
  weight: 1,
  ready: isSmall,
  async act(stage, random) {
    const { tiercel, disk, pause } = stage;
    disk.fill();
    if (random.chance(0.5)) await tiercel.kill();
    else await tiercel.stop(20_000);
    const starting = restart(stage);
    starting.catch(() => undefined);
    await pause(1500, 5000, random);
    disk.free();
    await starting;
  },
};

export const clockJump: Fault = {
  name: 'clock jump',
  needs: ['clock'],
  weight: 1,
  async act({ clock, pause }, random) {
    clock.jump(random.pick([-86_400, -3600, -30, 30, 3600, 86_400]));
    await pause(3000, 10_000, random);
    clock.jump(0);
  },
};

/** Every way in which one destination fails. */
export function destinationFaults(output: string): Fault[] {
  const faultOf = (mode: Mode): Fault => ({
    name: `${output}: ${mode}`,
    needs: [`target:${output}`],
    weight: 1,
    async act({ targets, pause }, random) {
      targets[output]!.setFault(mode);
      await pause(300, 4000, random);
      targets[output]!.setFault('none');
    },
  });
  return FAULTS.filter((mode) => mode !== 'none').map(faultOf);
}
