import { type Journal, JournalFullError, type Position } from '../journal/journal.ts';
import { PositionSet } from '../journal/positions.ts';
import type { Clock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import { addTo, isNotice, noticeEvent, type Report, reportOf } from './notice.ts';
import type { DeadLetterFeed, DeadLetterStore, StoredDeadLetter } from './store.ts';

/** By output, the output that is told of its dead letters. */
export type NoticeTargets = ReadonlyMap<string, string>;

/**
 * Tells outputs of the dead letters of others (`on_dead_letter`).
 *
 * A notice is an event in the journal that only its target gets, whatever its conditions: from there on it is delivered like any
 * other. It tells of all dead letters of one output since the last notice. The dead letters are read from their store by a cursor,
 * which moves on when the notice is in the journal: a crash repeats a notice, and none is missing. While the journal is full the
 * cursor moves on without, because the space of dead letters may be what the journal waits for; a notice that waits for room
 * is then in memory only.
 */
export interface DeadLetterNotices {
  /**
   * Prepares for new targets, before outputs are started or stopped for them: dead letters written from now on are kept for notices,
   * and no notice is written until {@link apply}.
   */
  prepare(targets: NoticeTargets): Promise<void>;
  /** Writes notices for the targets of the last {@link prepare}, whose outputs have cursors by now. */
  apply(): Promise<void>;
  /** What is not told is told after the next start. */
  stop(): Promise<void>;
}

export interface DeadLetterNoticesOptions {
  readonly store: Pick<DeadLetterStore, 'follow' | 'unfollow'>;
  readonly journal: Pick<Journal, 'append' | 'waitForRoom'>;
  readonly clock: Clock;
  readonly hostname: string;
  readonly log: Logger;
  /** Called when a notice is in the journal. */
  readonly onNotice?: (output: string, target: string) => void;
}

/** The time between two notices of one output, milliseconds. */
const INTERVAL = 60_000;
/** How long the first notice waits for more of what makes it: a rejected batch makes many dead letters. Milliseconds. */
const GATHER = 1000;
/** How long to wait after an error of the storage, milliseconds. */
const PAUSE = 5000;

export function createDeadLetterNotices(options: DeadLetterNoticesOptions): DeadLetterNotices {
  const { store, log } = options;
  let targets: NoticeTargets = new Map();
  let feed: DeadLetterFeed | undefined;
  /** A cursor may be left from the process before. */
  let mayHaveCursor = true;
  /** Survives a reload. */
  const reports = createReports(options);
  let running: { readonly ended: Promise<void>; readonly stopping: AbortController } | undefined;

  async function run(feed: DeadLetterFeed, stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      try {
        await reports.send(targets, feed);
        reports.add(await readUntil(feed, reports.due, stopping), targets, feed);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ reason }, 'notices of dead letters cannot be written; retrying');
        await options.clock.sleep(PAUSE, stopping);
      }
    }
  }

  async function halt(): Promise<void> {
    running?.stopping.abort();
    await running?.ended;
    running = undefined;
  }

  async function close(): Promise<void> {
    await halt();
    await feed?.close();
    feed = undefined;
  }

  return {
    async prepare(next) {
      await halt();
      targets = next;
      if (targets.size > 0) feed ??= await store.follow();
    },
    async apply() {
      if (feed !== undefined && targets.size > 0) {
        const stopping = new AbortController();
        running = { stopping, ended: run(feed, stopping.signal) };
      } else if (feed !== undefined || mayHaveCursor) {
        await close();
        await store.unfollow();
      }
      mayHaveCursor = feed !== undefined;
    },
    async stop() {
      await close();
      reports.warnOfUnwritten();
    },
  };
}

/** The next dead letters; none when something is due before, or at the abort of `stopping`. */
async function readUntil(
  feed: DeadLetterFeed,
  due: (signal: AbortSignal) => Promise<void>,
  stopping: AbortSignal,
): Promise<readonly StoredDeadLetter[]> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (stopping.aborted) return [];
  stopping.addEventListener('abort', abort, { once: true });
  due(controller.signal).then(abort, abort);
  try {
    return await feed.read(controller.signal);
  } finally {
    stopping.removeEventListener('abort', abort);
    abort();
  }
}

/** What has to be told, by output, and when. */
interface Reports {
  add(letters: readonly StoredDeadLetter[], targets: NoticeTargets, feed: DeadLetterFeed): void;
  /** Writes the notices that are due. */
  send(targets: NoticeTargets, feed: DeadLetterFeed): Promise<void>;
  /** Resolves when a notice can be written, at the abort of the signal at the latest. */
  readonly due: (signal: AbortSignal) => Promise<void>;
  /** Logs the notices that are only in memory. */
  warnOfUnwritten(): void;
}

function createReports({ journal, clock, hostname, log, onNotice }: DeadLetterNoticesOptions): Reports {
  const reports = new Map<string, Report>();
  /** By output, when the next notice may be written, by the monotonic clock. */
  const nextAt = new Map<string, number>();
  /** What the journal has no room for, bytes. */
  let lacks: number | undefined;

  /** From now on these are in memory only. */
  function release(feed: DeadLetterFeed): void {
    for (const report of reports.values()) {
      if (report.ids.count > 0) feed.acknowledge(report.ids);
      report.ids = new PositionSet();
    }
  }

  /** @returns false when the journal is full */
  async function write(report: Report, target: string): Promise<boolean> {
    const now = clock.now();
    try {
      const raw = noticeEvent(report, { now, hostname });
      await journal.append([{ raw, receivedAt: now, outputs: [target] }]);
      lacks = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof JournalFullError)) throw error;
      lacks = error.bytes;
      return false;
    }
  }

  return {
    add(letters, targets, feed) {
      const untold: Position[] = [];
      for (const letter of letters) {
        const { output, id } = letter;
        const report = reports.get(output);
        if (!targets.has(output) || isNotice(letter)) untold.push(id);
        else if (report !== undefined) addTo(report, letter);
        else {
          reports.set(output, reportOf(letter));
          const earliest = clock.monotonic() + GATHER;
          nextAt.set(output, Math.max(earliest, nextAt.get(output) ?? earliest));
        }
      }
      if (untold.length > 0) feed.acknowledge(PositionSet.of(...untold));
    },

    async send(targets, feed) {
      for (const [output, report] of reports) {
        if (clock.monotonic() < nextAt.get(output)!) continue;
        const target = targets.get(output);
        if (target !== undefined && !(await write(report, target))) return release(feed);
        if (report.ids.count > 0) feed.acknowledge(report.ids);
        reports.delete(output);
        if (target === undefined) continue;
        nextAt.set(output, clock.monotonic() + INTERVAL);
        log.info(
          { output, target, dead_letters: report.count },
          `Told the output "${target}" of ${report.count} dead letters of "${output}"`,
        );
        onNotice?.(output, target);
        // At once: a crash before would repeat the notice.
        await feed.flush();
      }
    },

    async due(signal) {
      if (lacks !== undefined) return journal.waitForRoom(signal, lacks);
      const first = Math.min(...[...reports.keys()].map((output) => nextAt.get(output)!));
      // Without reports, only the signal ends it.
      return clock.sleep(Math.max(0, first - clock.monotonic()), signal);
    },

    warnOfUnwritten() {
      for (const { output, count, ids } of reports.values()) {
        const unwritten = count - ids.count;
        if (unwritten > 0)
          log.warn(
            { output, dead_letters: unwritten },
            `The journal is full: no output is told of ${unwritten} dead letters of "${output}"; they are stored: tiercel dlq list --output ${output}`,
          );
      }
    },
  };
}
