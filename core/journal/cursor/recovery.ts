import { join } from 'node:path';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { DamageCounts, Quarantine } from '../files/quarantine.ts';
import type { Position } from '../journal.ts';
import type { Routes, SegmentIndex } from '../segments/segment.ts';
import type { CursorFiles } from './file.ts';
import { cursorFileName } from './file.ts';
import type { CursorState } from './state.ts';
import { createCursorState } from './state.ts';

/** Restores the cursors of a journal: from their files and then, segment by segment, from the events. */
export interface CursorRecovery {
  readonly cursors: Map<string, CursorState>;
  /** Outputs whose cursor is lost: what they had settled is not known. */
  readonly lost: ReadonlySet<string>;
  /** Adds the events of the next segment. */
  addEvents(routes: Routes): void;
  /** The events at these positions are gone. */
  addHole(first: Position, last: Position): void;
  /** The end of the last hole, 0 when there is none. */
  holesEnd(): Position;
  /** An index whose segment does not hold, or not all of, what it says. */
  addIndex(index: SegmentIndex): void;
  /** How many events may be missing at the end of the log, at most. */
  addDoubtful(events: number): void;
  /** Call it when all segments and holes are added: what is missing is counted. */
  close(): void;
}

export async function startCursorRecovery(
  {
    cursorDirectory,
    quarantine,
    log,
  }: { readonly cursorDirectory: string; readonly quarantine: Quarantine; readonly log: Logger },
  epoch: string,
  { cursors: files, forgotten, unreadable }: CursorFiles,
  counts: DamageCounts,
): Promise<CursorRecovery> {
  const cursors = new Map<string, CursorState>();
  const lost = new Set<string>();
  /** Of forgotten outputs: only what came after belongs to them. */
  const forgottenCursors = new Map(
    forgotten
      .filter((file) => file.epoch === epoch)
      .map(({ output, through }) => [output, createCursorState(output, through)]),
  );
  for (const file of files) {
    const cursor = createCursorState(file.output, 0);
    cursors.set(file.output, cursor);
    if (file.epoch === epoch) {
      cursor.through = file.through;
      cursor.unreported = file.lost ?? cursor.unreported;
      for (const [first, last] of file.pending) cursor.pending.addRun(first, last);
    } else {
      log.error(
        { output: file.output },
        'the cursor belongs to another journal: starting at the oldest event kept',
      );
    }
  }
  for (const name of unreadable) {
    log.error(
      { file: name },
      'a cursor is corrupt: its output starts at the oldest event kept that names it',
    );
    counts.quarantinedFiles++;
    await quarantine.move(join(cursorDirectory, name));
  }

  /** The last position of the events added so far. */
  let added: Position = 0;
  const holes: (readonly [first: Position, last: Position])[] = [];
  const indexes: SegmentIndex[] = [];
  let doubtfulEvents = 0;

  /** No event exists between the last one added and this position: what is pending there is gone. */
  function skip(first: Position): void {
    if (first <= added + 1) return;
    for (const cursor of cursors.values()) {
      const { pending, gone } = cursor;
      for (let at = pending.next(added + 1); at !== undefined && at < first; at = pending.next(at + 1)) {
        gone.addRun(at);
      }
      pending.deleteRun(added + 1, first - 1);
    }
  }

  /**
   * An output has a cursor before an event names it, so one that is named and has none has lost it: it is given every event
   * that names it again, because what it had settled is not known.
   */
  function lose(cursor: CursorState): CursorState {
    const { output } = cursor;
    cursors.set(output, cursor);
    lost.add(output);
    if (!unreadable.includes(cursorFileName(output))) {
      log.error(
        { output },
        `the cursor of output "${output}" is gone: it starts at the oldest event kept that names it`,
      );
    }
    return cursor;
  }

  const cursorOf = (output: string): CursorState =>
    cursors.get(output) ?? forgottenCursors.get(output) ?? lose(createCursorState(output, 0));

  /**
   * Counts what is missing. A cursor says what its output wanted up to its end, and {@link skip} has counted that. Beyond
   * it the index of the segment says it, if there is one; else each output may have wanted all of it.
   */
  function countHole(first: Position, last: Position): void {
    for (const { through, doubtful } of cursors.values()) {
      if (last > through) doubtful.addRun(Math.max(first, through + 1), last);
    }
    for (const { last: indexed, marks, routes } of indexes) {
      const from = Math.max(first, marks[0]!);
      const to = Math.min(last, indexed);
      if (from > to) continue;
      for (const { doubtful } of cursors.values()) doubtful.deleteRun(from, to);
      for (const { names, first: start, last: end } of runsOf(routes)) {
        if (end < from || start > to) continue;
        for (const name of names ?? cursors.keys()) {
          const cursor = cursors.get(name);
          const after = Math.max(start, from, (cursor?.through ?? 0) + 1);
          if (cursor === undefined || after > Math.min(end, to)) continue;
          // Without its cursor nothing says whether it had settled them.
          const missing = lost.has(name) ? cursor.doubtful : cursor.gone;
          missing.addRun(after, Math.min(end, to));
        }
      }
    }
  }

  return {
    cursors,
    lost,
    addEvents(routes) {
      const byRoute = new Map<number, readonly CursorState[]>();
      for (const { first, last, route, names } of runsOf(routes)) {
        skip(first);
        let wanting = byRoute.get(route);
        if (wanting === undefined) {
          if (names === undefined)
            log.error({ first }, 'routing data is corrupt: delivering these events to every output');
          wanting = names?.map(cursorOf) ?? [...cursors.values()];
          byRoute.set(route, wanting);
        }
        for (const { pending, through } of wanting) {
          if (last > through) pending.addRun(Math.max(first, through + 1), last);
        }
        added = last;
      }
    },
    addHole(first, last) {
      if (last < first) return;
      log.error({ from: first, to: last }, 'positions are missing from the journal');
      holes.push([first, last]);
    },
    holesEnd: () => Math.max(0, ...holes.map(([, last]) => last)),
    addIndex: (index) => void indexes.push(index),
    addDoubtful(events) {
      doubtfulEvents += events;
    },
    close() {
      for (const cursor of forgottenCursors.values()) if (cursor.pending.count > 0) lose(cursor);
      skip(Number.MAX_SAFE_INTEGER);
      for (const [first, last] of holes) countHole(first, last);
      for (const cursor of cursors.values()) cursor.doubtfulEvents = doubtfulEvents;
    },
  };
}

/** The runs of a segment's events with the outputs that wanted them; undefined where the dictionary is damaged. */
function* runsOf({ names, runs }: Routes) {
  for (let i = 0; i < runs.length; i += 3) {
    const route = runs[i + 2]!;
    yield { first: runs[i]!, last: runs[i + 1]!, route, names: names.get(route) };
  }
}
