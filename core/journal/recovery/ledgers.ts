import { join } from 'node:path';
import type { SegmentHeader } from '../codec.ts';
import type { Cursors } from '../cursor.ts';
import { cursorFile } from '../cursor.ts';
import type { Position } from '../journal.ts';
import type { Ledger } from '../ledger.ts';
import { createLedger } from '../ledger.ts';
import type { Routes, Segment } from '../segment.ts';
import type { RecoverOptions } from './options.ts';

/** Fills the ledgers from the cursors and then, segment by segment, from the log. */
export interface Books {
  readonly ledgers: Map<string, Ledger>;
  /** Outputs of which nobody knows what they had settled. */
  readonly lost: ReadonlySet<string>;
  /** Says so when positions are missing between two segments. */
  checkStart(header: SegmentHeader, before: Segment | undefined): void;
  enter(routes: Routes): void;
  /** All segments are entered, up to the newest position. */
  close(newest: Position): void;
}

export async function openBooks(
  { cursorDirectory, quarantine, log }: Pick<RecoverOptions, 'cursorDirectory' | 'quarantine' | 'log'>,
  epoch: string,
  { cursors, forgotten, unreadable }: Cursors,
): Promise<Books> {
  const ledgers = new Map<string, Ledger>();
  const lost = new Set<string>();
  /** Of forgotten outputs: theirs is only what came after. */
  const forgottenLedgers = new Map(
    forgotten
      .filter((cursor) => cursor.epoch === epoch)
      .map(({ output, through }) => [output, createLedger(output, through)]),
  );
  for (const cursor of cursors) {
    const ledger = createLedger(cursor.output, 0);
    ledgers.set(cursor.output, ledger);
    if (cursor.epoch === epoch) {
      ledger.through = cursor.through;
      for (const [first, last] of cursor.pending) ledger.pending.addRun(first, last);
    } else {
      log.error(
        { output: cursor.output },
        'the cursor belongs to another journal: starting at the oldest event kept',
      );
    }
  }
  for (const name of unreadable) {
    log.error(
      { file: name },
      'a cursor is unreadable and was set aside: its output starts at the oldest event kept that names it',
    );
    await quarantine.move(join(cursorDirectory, name));
  }

  /** The end of what was entered so far. */
  let entered: Position = 0;

  /** Nothing stands between what was entered and this position: who waited for something there waits in vain. */
  function skip(first: Position): void {
    if (first <= entered + 1) return;
    for (const ledger of ledgers.values()) {
      const { pending, gone } = ledger;
      for (let at = pending.next(entered + 1); at !== undefined && at < first; at = pending.next(at + 1)) {
        gone.addRun(at);
      }
      pending.deleteRun(entered + 1, first - 1);
    }
  }

  /**
   * An output has a cursor before any event names it, so one that is named and has none has lost it: what names it is
   * given to it (again), because nobody knows what of it was settled.
   */
  function lose(ledger: Ledger): Ledger {
    const { output } = ledger;
    ledgers.set(output, ledger);
    lost.add(output);
    if (!unreadable.includes(cursorFile(output))) {
      log.error(
        { output },
        `the cursor of output "${output}" is gone: it starts at the oldest event kept that names it`,
      );
    }
    return ledger;
  }

  const ledgerOf = (output: string): Ledger =>
    ledgers.get(output) ?? forgottenLedgers.get(output) ?? lose(createLedger(output, 0));

  return {
    ledgers,
    lost,
    checkStart(header, before) {
      if (before === undefined || before.last >= header.previous) return;
      const missing = { from: before.last + 1, to: header.previous };
      log.error(missing, 'positions are missing from the journal: a segment is gone or damaged');
    },
    enter({ names, runs }) {
      const wanting = new Map<number, readonly Ledger[]>();
      for (let i = 0; i < runs.length; i += 3) {
        const first = runs[i]!;
        const last = runs[i + 1]!;
        const route = runs[i + 2]!;
        skip(first);
        let takers = wanting.get(route);
        if (takers === undefined) {
          const outputs = names.get(route);
          if (outputs === undefined)
            log.error({ first }, 'who wanted some events is damaged: every output gets them');
          takers = outputs?.map(ledgerOf) ?? [...ledgers.values()];
          wanting.set(route, takers);
        }
        for (const { pending, through } of takers) {
          if (last > through) pending.addRun(Math.max(first, through + 1), last);
        }
        entered = last;
      }
    },
    close(newest) {
      for (const ledger of forgottenLedgers.values()) if (ledger.pending.count > 0) lose(ledger);
      skip(Number.MAX_SAFE_INTEGER);
      for (const { output, through } of ledgers.values()) {
        if (through > newest) {
          const ahead = through - newest;
          log.error({ output, ahead }, 'the cursor is ahead of the journal: it goes on with what comes next');
        }
      }
    },
  };
}
