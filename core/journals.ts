import { join } from 'node:path';
import type { ConfigSections } from './config/schema/sections.ts';
import { type DeadLetterStore, openDeadLetterStore } from './dead-letters/store.ts';
import { type DiskJournalOptions, openDiskJournal } from './journal/disk/journal.ts';
import { withOwner } from './journal/files/owner.ts';
import type { Journal } from './journal/journal.ts';
import { createMemoryJournal } from './journal/memory/journal.ts';
import type { Clock } from './sdk/contract/clock.ts';
import type { Logger } from './sdk/contract/logger.ts';

/** The storage of the process: the journal of the events, and the dead letters in a journal with a separate budget. */
export interface Journals {
  readonly journal: Journal;
  readonly deadLetters: DeadLetterStore;
  /** Aborted when one of the journals has failed permanently or was taken over by another process. */
  readonly failed: AbortSignal;
  close(): Promise<void>;
}

/**
 * Opens both journals under `journal.path`.
 *
 * @throws Error in one line when another process holds them
 */
export async function openJournals(
  config: Pick<ConfigSections, 'journal' | 'dead_letters'>,
  {
    clock,
    log,
    onSync,
  }: {
    readonly clock: Clock;
    readonly log: Logger;
    /** Called with the seconds that each sync of accepted events took. */
    readonly onSync?: (seconds: number) => void;
  },
): Promise<Journals> {
  const { type, path, segment_size, durability, group_access: groupAccess } = config.journal;
  const open = async (
    name: string,
    maxBytes: number,
    more: Pick<DiskJournalOptions, 'onSync'> = {},
  ): Promise<Journal> => {
    if (type === 'memory') return createMemoryJournal({ maxBytes });
    return openDiskJournal({
      directory: join(path, name),
      maxBytes,
      segmentBytes: segment_size,
      durability: durability === 'sync' ? 'sync' : { intervalMs: durability },
      groupAccess,
      clock,
      log,
      ...more,
    }).catch(async (error) => {
      throw await withOwner(error);
    });
  };
  const opened: Journal[] = [];
  const closeAll = async () => {
    for (const journal of opened) await journal.close();
  };
  try {
    const journal = await open('journal', config.journal.max_size, onSync && { onSync });
    opened.unshift(journal);
    const deadJournal = await open('dead-letters', config.dead_letters.max_size);
    opened.unshift(deadJournal);
    const deadLetters = await openDeadLetterStore(deadJournal, clock, {
      onUnreadable: () =>
        log.warn(
          'there are dead letters of a later version: they are kept, but only that version can show or replay them',
        ),
      onLost({ exact, atMost }) {
        const why = 'files of dead-letters/ were damaged or removed';
        if (exact > 0) log.error({ lost: exact }, `${exact} dead letters are lost: ${why}`);
        if (atMost > 0) log.error({ at_most: atMost }, `up to ${atMost} dead letters may be lost: ${why}`);
      },
    });
    return {
      journal,
      deadLetters,
      failed: AbortSignal.any([journal.failed, deadJournal.failed]),
      close: async () => {
        await deadLetters.close();
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
