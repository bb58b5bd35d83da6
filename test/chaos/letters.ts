import { systemClock } from '../../core/batching/clock.ts';
import { openDeadLetterStore } from '../../core/delivery/dead-letters/store.ts';
import { openDiskJournal } from '../../core/journal/disk.ts';
import { eventOf, idOf } from './payload.ts';

/**
 * Holds the dead letters against what was to be refused: each such event that was accepted is there once, with its very bytes,
 * and no other event is. Only when the program does not run.
 *
 * @param directory of the dead letters
 * @param refused the output that refuses, and what
 */
export async function verifyLetters(
  seed: number,
  directory: string,
  obligations: ReadonlySet<number>,
  refused: { readonly output: string; readonly poison: (id: number) => boolean },
): Promise<{ readonly count: number; readonly violations: readonly string[] }> {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const journal = await openDiskJournal({ directory, maxBytes: 64 << 20, log: silent });
  const store = await openDeadLetterStore(journal, systemClock);
  const violations: string[] = [];
  const found = new Set<number>();
  let count = 0;
  for await (const { output, cause, reason, raw } of store.list()) {
    count += 1;
    const text = Buffer.from(raw).toString('utf8');
    const id = idOf(text) ?? -1;
    const guilty = output === refused.output && refused.poison(id) && cause === 'rejected';
    if (!guilty) violations.push(`dead letter of ${output}, event ${id}: ${cause}, ${reason}`);
    if (text !== eventOf(seed, id)) violations.push(`dead letter of ${output}: event ${id} was altered`);
    if (found.has(id)) violations.push(`two dead letters of ${output} for event ${id}`);
    found.add(id);
  }
  await store.close();
  await journal.close();
  const lost = [...obligations].filter((id) => refused.poison(id) && !found.has(id));
  if (lost.length) violations.push(`refused, and no dead letter: ${lost.slice(0, 10).join(', ')}`);
  return { count, violations };
}
