import { aborted } from '../delivery/abort.ts';
import { createGroupCommit } from '../journal/group-commit.ts';
import { type Journal, type JournalEntry, JournalFailedError, JournalFullError } from '../journal/journal.ts';
import { packAppends } from './appends.ts';
import type { Channel } from './channel.ts';
import type { AppendFault, PrimaryQuestions } from './protocol.ts';

/** Bytes of events that cross to the primary at once; a single request may be larger. */
const MOST_BYTES = 1 << 20;

/** What a worker's ingest has in the place of the journal, which the primary keeps. */
export function createJournalLink(
  channel: Pick<Channel<PrimaryQuestions>, 'ask'>,
): Pick<Journal, 'append' | 'waitForRoom'> {
  let room: Promise<void> | undefined;

  const groups = createGroupCommit<{ entries: readonly JournalEntry[]; fault: AppendFault | undefined }>(
    async (calls) => {
      const faults = await channel.ask('append', packAppends(calls.map(({ entries }) => entries)));
      for (const [index, call] of calls.entries()) call.fault = faults[index];
    },
    { weigh: ({ entries }) => entries.reduce((sum, { raw }) => sum + raw.length, 0), most: MOST_BYTES },
  );

  return {
    async append(entries) {
      const call = { entries, fault: undefined };
      await groups.submit(call);
      const { fault } = call as { readonly fault: AppendFault | undefined };
      if (fault !== undefined) throw errorOf(fault);
    },
    async waitForRoom(signal) {
      // One question for all who wait: those who gave up leave nothing behind.
      room ??= channel.ask('room', null).finally(() => {
        room = undefined;
      });
      await Promise.race([room, aborted(signal)]);
    },
  };
}

/** What an append of the journal throws, for the way to the worker. */
export function faultOf(error: unknown): AppendFault {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) };
}

function errorOf({ name, message }: AppendFault): Error {
  if (name === 'JournalFullError') return new JournalFullError(message);
  if (name === 'RangeError') return new RangeError(message);
  return new JournalFailedError(message);
}
