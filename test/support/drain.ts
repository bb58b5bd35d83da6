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
 * @throws Error when so many stops in a row bring nothing
 */
export async function drain(tiercel: Tiercel, output: string, patience = 5): Promise<Exit[]> {
  const exits = [await tiercel.stop(60_000)];
  let pending = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < patience; idle++) {
    await tiercel.start();
    const { body } = await tiercel.get('/metrics');
    const left = accountOf(body, output).pending;
    if (left > 0) await sleep(READING);
    exits.push(await tiercel.stop(60_000));
    if (left === 0) return exits;
    if (left < pending) idle = -1;
    pending = left;
  }
  throw new Error(`${output} still has ${pending} pending events after ${exits.length} stops`);
}
