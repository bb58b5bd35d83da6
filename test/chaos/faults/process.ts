import { type Fault, restart } from './fault.ts';

export const kill: Fault = {
  name: 'kill -9',
  needs: ['process'],
  weight: 12,
  async act(stage) {
    await stage.tiercel.kill();
    await restart(stage);
  },
};

export const stop: Fault = {
  name: 'SIGTERM',
  needs: ['process'],
  weight: 6,
  async act(stage) {
    const { code, signal } = await stage.tiercel.stop(20_000);
    if (code !== 0) stage.findings.add('SIGTERM does not end with 0', `code ${code}, signal ${signal}`);
    await restart(stage);
  },
};

/** Shorter than the lease of the state directory. */
export const freeze: Fault = {
  name: 'SIGSTOP for less than the lease',
  needs: ['process'],
  weight: 4,
  async act({ tiercel, pause }, random) {
    tiercel.send('SIGSTOP');
    await pause(200, 2500, random);
    tiercel.send('SIGCONT');
  },
};
