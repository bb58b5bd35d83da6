import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from './child.ts';
import { accountOf } from './metrics.ts';
import type { Tiercel } from './process.ts';

/** How long the program gets to read what lies in its journal before it is stopped again. */
const READING = 3000;

/**
 * Stops the program, and starts and stops it again until nothing of an output with `flush_on_stop` is pending: one
 * stop has a deadline, which a busy machine may miss.
 *
 * @returns how each stop ended
 * @throws Error when after so many rounds there still is something pending
 */
export async function drain(tiercel: Tiercel, output: string, rounds = 8): Promise<Exit[]> {
  const exits = [await tiercel.stop(60_000)];
  let pending = Number.NaN;
  for (let round = 0; round < rounds; round += 1) {
    await tiercel.start();
    const { body } = await tiercel.get('/metrics');
    pending = accountOf(body, output).pending;
    if (pending > 0) await sleep(READING);
    exits.push(await tiercel.stop(60_000));
    if (pending === 0) return exits;
  }
  throw new Error(`${output} still has ${pending} pending events after ${rounds} stops`);
}
