import { aborted } from '../delivery/abort.ts';
import { type Journal, type JournalEntry, JournalFailedError, JournalFullError } from '../journal/journal.ts';
import { eachTurn } from '../turn.ts';
import { packAppends } from './appends.ts';
import type { Channel } from './channel.ts';
import type { AppendFault, PrimaryQuestions } from './protocol.ts';

interface Call {
  readonly entries: readonly JournalEntry[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * What a worker's ingest has in the place of the journal, which the primary keeps. The calls of one turn of the event loop
 * cross together, and none waits for those before it: the journal puts what comes in during a sync into the next one.
 */
export function createJournalLink(
  channel: Pick<Channel<PrimaryQuestions>, 'ask'>,
): Pick<Journal, 'append' | 'waitForRoom'> {
  let room: Promise<void> | undefined;

  async function send(calls: readonly Call[]): Promise<void> {
    try {
      const faults = await channel.ask('append', packAppends(calls.map(({ entries }) => entries)));
      for (const [index, { resolve, reject }] of calls.entries()) {
        const fault = faults[index];
        if (fault === undefined) resolve();
        else reject(errorOf(fault));
      }
    } catch (error) {
      for (const { reject } of calls) reject(error as Error);
    }
  }

  const add = eachTurn<Call>((calls) => void send(calls));

  return {
    append: (entries) => new Promise((resolve, reject) => add({ entries, resolve, reject })),
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
