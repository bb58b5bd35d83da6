import type { DeadLetterFilter, DeadLetterStore } from '../dead-letters/store.ts';
import type { Journal } from '../journal/journal.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import {
  type DeadLetterDetails,
  type DeadLetterSummary,
  detailsOf,
  isoTime,
  type JournalReport,
  type ReplayResult,
  summaryOf,
} from './report.ts';

/**
 * What operators do with stored events and dead letters: over HTTP at a running instance, or in the directory of a stopped
 * one.
 */
export interface Operations {
  /** Oldest first. */
  deadLetters(filter: DeadLetterFilter): AsyncIterable<DeadLetterSummary>;
  deadLetter(id: number): Promise<DeadLetterDetails | undefined>;
  /**
   * Appends dead letters to the journal again, for the outputs that rejected them only. Dead letters written after the call
   * are not replayed, so an event that is rejected again is not replayed twice. Replays and drops run one after the other.
   *
   * @throws JournalFullError when there is no room; the dead letters before it were replayed
   */
  replay(filter: DeadLetterFilter): Promise<ReplayResult>;
  /** Deletes dead letters that were there when it was called. @returns how many */
  drop(filter: DeadLetterFilter): Promise<number>;
  journal(): Promise<JournalReport>;
  /**
   * Discards the events of an output that the configuration does not have.
   *
   * @returns the number of events discarded
   * @throws OperationError when there is no such output, or the configuration has it
   */
  forget(output: string): Promise<number>;
}

/** The target of an operation does not exist, or the operation is not allowed. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly kind: 'not_found' | 'conflict';

  constructor(kind: 'not_found' | 'conflict', message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface OperationsDeps {
  readonly journal: Pick<Journal, 'append' | 'orphans' | 'forget' | 'status'>;
  readonly deadLetters: Pick<
    DeadLetterStore,
    'list' | 'show' | 'replay' | 'drop' | 'alone' | 'count' | 'lost' | 'status'
  >;
  /** The outputs of the configuration, the disabled ones among them; `pending` of those that run here. */
  readonly outputs: () => readonly { readonly name: string; readonly pending?: number }[];
  readonly log: Logger;
}

/** Why a replay left dead letters. */
const WHY_LEFT = {
  no_cursor: 'the configuration does not have this output',
  no_bytes: 'their bytes were lost on disk',
} as const;

/** Makes the operations on storage that this process has opened. */
export function createOperations(deps: OperationsDeps): Operations {
  const { journal, deadLetters, log } = deps;

  /** Pending events by output: of those that run, and of every other cursor. */
  async function cursors(): Promise<ReadonlyMap<string, number>> {
    const idle = (await journal.orphans()).map(({ output, pending }) => [output, pending] as const);
    const running = deps
      .outputs()
      .flatMap(({ name, pending }) => (pending === undefined ? [] : [[name, pending] as const]));
    return new Map([...idle, ...running]);
  }

  return {
    async *deadLetters(filter) {
      for await (const letter of deadLetters.list(filter)) yield summaryOf(letter);
    },

    async deadLetter(id) {
      const letter = await deadLetters.show(id);
      return letter && detailsOf(letter);
    },

    async replay(filter) {
      const { replayed, left } = await deadLetters.replay(filter, {
        async outputs() {
          const kept = await cursors();
          const configured = deps.outputs().map(({ name }) => name);
          return new Set(configured.filter((name) => kept.has(name)));
        },
        append: (entries) => journal.append(entries),
      });
      log.info({ filter, replayed }, `${replayed} dead letters were handed back to their outputs`);
      const rest = [...left].map(([output, { letters, why }]) => ({
        output,
        dead_letters: letters,
        reason: WHY_LEFT[why],
      }));
      return { replayed, left: rest };
    },

    async drop(filter) {
      const dropped = await deadLetters.drop(filter);
      log.info({ filter, dropped }, `${dropped} dead letters were deleted`);
      return dropped;
    },

    async journal() {
      const status = journal.status();
      const { state, reason, bytes, maxBytes, oldest, newest } = status;
      const dead = deadLetters.status();
      const { exact, atMost } = deadLetters.lost();
      const configured = deps.outputs().map(({ name }) => name);
      const pending = [...(await cursors())].map(([output, pending]) => ({ output, pending }));
      return {
        state,
        ...(reason !== undefined && { reason }),
        bytes,
        max_bytes: maxBytes,
        ...(oldest !== undefined && { oldest: isoTime(oldest) }),
        newest,
        corrupt_frames: status.corruptFrames + dead.corruptFrames,
        recovered_bytes: status.recoveredBytes + dead.recoveredBytes,
        dead_letters: deadLetters.count(),
        dead_letters_lost: { exact, at_most: atMost },
        configured,
        outputs: pending.filter(({ output }) => configured.includes(output)),
        orphans: pending.filter(({ output }) => !configured.includes(output)),
      };
    },

    async forget(output) {
      if (deps.outputs().some(({ name }) => name === output)) {
        const reason = 'is in the configuration: take it out first, then its events can be discarded';
        throw new OperationError('conflict', `the output ${JSON.stringify(output)} ${reason}`);
      }
      // A replay may be appending events for the same cursor.
      return deadLetters.alone(async () => {
        const pending = (await cursors()).get(output);
        if (pending === undefined)
          throw new OperationError('not_found', `the journal keeps nothing for ${JSON.stringify(output)}`);
        await journal.forget(output);
        log.warn({ output, pending }, `The journal forgot the output "${output}" and ${pending} events`);
        return pending;
      });
    },
  };
}
