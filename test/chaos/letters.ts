import { openDeadLetterStore } from '../../core/dead-letters/store.ts';
import { openDiskJournal } from '../../core/journal/disk/journal.ts';
import { systemClock } from '../../core/sdk/contract/clock.ts';
import type { Findings } from './findings.ts';
import type { Oracle } from './oracle.ts';
import { eventOf, idOf } from './payload.ts';
import type { Place } from './place.ts';
import { createTally } from './tally.ts';

export interface LettersOptions {
  readonly seed: number;
  /** Of the dead letters. */
  readonly directory: string;
  readonly oracle: Pick<Oracle, 'issued' | 'accepted' | 'missing'>;
  readonly findings: Pick<Findings, 'add'>;
  /** The destination of the output that refuses, and what it refuses. */
  readonly refused: { readonly place: Place; readonly poison: (id: number) => boolean };
}

/**
 * Checks the dead letters one by one: each accepted event that is refused has one, with its bytes, unless the output
 * delivered it after a replay. No other event has one. Only while the program does not run.
 *
 * @returns their number, and how many of their events were delivered as well
 */
export async function checkLetters(options: LettersOptions): Promise<{ count: number; delivered: number }> {
  const { seed, directory, oracle, findings, refused } = options;
  const { place, poison } = refused;
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const journal = await openDiskJournal({ directory, maxBytes: 64 << 20, log: silent });
  const store = await openDeadLetterStore(journal, systemClock);
  const found = createTally();
  let count = 0;
  let delivered = 0;
  try {
    for await (const { id: letter, output, cause, reason, raw } of store.list()) {
      count += 1;
      const text = Buffer.from(raw).toString('utf8');
      const id = idOf(text);
      const where = `dead letter ${letter} of ${output}: ${cause}, ${reason.slice(0, 200)}`;
      if (id === undefined || id >= oracle.issued) {
        findings.add('dead letters: an event that was never sent', where);
        continue;
      }
      const expected = output === place.name && poison(id) && cause === 'rejected';
      if (!expected) findings.add('dead letters: an event that must not have one', where, id);
      if (text !== eventOf(seed, id)) findings.add('dead letters: an event was altered', where, id);
      if (found.add(id) > 0) findings.add('dead letters: an event has two', where, id);
      if (place.arrived.count(id) > 0) delivered += 1;
    }
  } finally {
    await store.close();
    await journal.close();
  }
  const { count: lost, first } = oracle.missing(found, (id) => !poison(id) || place.arrived.count(id) > 0);
  for (const [index, id] of first.entries()) {
    const times = index === first.length - 1 ? lost - index : 1;
    findings.add(`${place.name}: a refused event has no dead letter`, '', id, times);
  }
  return { count, delivered };
}
