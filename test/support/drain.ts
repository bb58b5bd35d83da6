import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from './child.ts';
import { accountOf } from './metrics.ts';
import { createPatience } from './patience.ts';
import type { Tiercel } from './process.ts';

/** How long the program gets to read what lies in its journal before it is stopped again, of the time it had. */
const READING = 3000;

/**
 * Stops the program, and starts and stops it again until nothing of an output with `flush_on_stop` is pending: one
 * stop has a deadline by the wall, which a busy machine may miss.
 *
 * @param patience so many stops in a row may bring nothing; one in which the machine was busy counts by what it left
 * @returns how each stop ended
 * @throws Error when they brought nothing
 */
export async function drain(tiercel: Tiercel, output: string, patience = 5): Promise<Exit[]> {
  const exits = [await tiercel.stop(60_000)];
  let pending = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < patience; ) {
    await tiercel.start();
    const { body } = await tiercel.get('/metrics');
    const left = accountOf(body, output).pending;
    if (left > 0) await leave(tiercel, READING);
    const had = createPatience();
    const began = performance.now();
    exits.push(await tiercel.stop(60_000));
    if (left === 0) return exits;
    if (left < pending) idle = 0;
    else idle += had.elapsed() / (performance.now() - began);
    pending = left;
  }
  throw new Error(
    `${output} still has ${pending} pending events after ${exits.length} stops\n${tiercel.output().slice(-4000)}`,
  );
}

async function leave(tiercel: Tiercel, milliseconds: number): Promise<void> {
  const patience = createPatience(() => tiercel.pid);
  while (patience.elapsed() < milliseconds) await sleep(100);
}
