import { join } from 'node:path';
import type { Clock } from '../../sdk/contract/clock.ts';
import { systemClock } from '../../sdk/contract/clock.ts';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { Ledger } from '../cursor/state.ts';
import {
  addManifest,
  createLedger,
  oldestPending,
  settledByAll,
  unreportedLosses,
  want,
} from '../cursor/state.ts';
import { openSubscription } from '../cursor/subscription.ts';
import { createSaver } from '../cursor/writer.ts';
import type { FileSystem } from '../files/filesystem.ts';
import { createNodeFileSystem, ensureDirectory, guarded } from '../files/filesystem.ts';
import { createGroupCommit } from '../files/group-commit.ts';
import { permissionsFor } from '../files/permissions.ts';
import { createQuarantine } from '../files/quarantine.ts';
import { createReserve } from '../files/reserve.ts';
import { type ReadTries, steady } from '../files/retrying-reads.ts';
import type { Journal, Position, StoredEvent } from '../journal.ts';
import { JournalFailedError, JournalFullError } from '../journal.ts';
import { acquireLock, type Lock } from '../lock/lock.ts';
import { createManifestLog } from '../manifests/log.ts';
import { recover } from '../recovery/recover.ts';
import { saltOf } from '../segments/codec.ts';
import { createDamage } from '../segments/damage.ts';
import { createExtentFile } from '../segments/extent.ts';
import type { Source } from '../segments/reader.ts';
import { createTail } from '../segments/recent-cache.ts';
import { createReclaimer } from '../segments/reclaim.ts';
import type { WantedRun } from '../segments/writer.ts';
import { createWriter } from '../segments/writer.ts';
import { type Append, appendOf, together } from './append.ts';
import { backfill } from './backfill.ts';
import { enterDirectory } from './enter.ts';
import { createBacking } from './read-source.ts';
import { createSpace } from './space.ts';

export interface DiskJournalOptions {
  /** Made when it is not there; one process at a time. */
  readonly directory: string;
  /** Budget for segments, in bytes. Beside it stand indexes (a few percent), cursors, manifests and a reserve of a megabyte. */
  readonly maxBytes: number;
  /** Size at which a new segment is begun, in bytes; an eighth of the budget at most. Default 64 MiB. */
  readonly segmentBytes?: number;
  /**
   * `sync` (default): an append resolves when its events are on stable storage. `{ intervalMs }`: it resolves when
   * the operating system has them, and they are synced that often: a crash of the process loses nothing, a crash of
   * the machine or a power cut loses up to that many milliseconds of events that were acknowledged to their sender.
   */
  readonly durability?: 'sync' | { readonly intervalMs: number };
  /** What is created is 0660 and 2770, for a group that shares the volume; otherwise 0600 and 0700. */
  readonly groupAccess?: boolean;
  readonly clock?: Clock;
  readonly log: Logger;
  /** Told how long each sync of events took, in seconds: what every sender waits for. */
  readonly onSync?: (seconds: number) => void;
  readonly fileSystem?: FileSystem;
  /** How often a read that fails is tried before its bytes are taken for damaged; seconds unless a test says otherwise. */
  readonly readTries?: ReadTries;
  /** How the right to write in the directory is taken; {@link acquireLock} unless a test says otherwise. */
  readonly lock?: (directory: string) => Promise<Lock>;
}

const GROUP_BYTES = 4 << 20;
const TAIL_BYTES = 4 << 20;
const RESERVE_BYTES = 1 << 20;

/**
 * Opens the journal in a directory and recovers what an earlier process left there.
 *
 * @throws JournalLockedError when another process has it.
 * @throws UnknownVersionError when a later release has written a file of it. Damaged data is never a reason to refuse.
 * @throws Error naming the directory when it cannot be made or written, the system's when it cannot be read.
 */
export async function openDiskJournal(options: DiskJournalOptions): Promise<Journal> {
  const { directory, maxBytes, durability = 'sync', groupAccess = false, clock = systemClock, log } = options;
  let isRefused = false;
  const onRefused = (error: unknown) => {
    if (!isRefused)
      log.warn({ error, directory }, 'journal.group_access: the file system does not let the mode be set');
    isRefused = true;
  };
  const bare = options.fileSystem ?? createNodeFileSystem({ groupAccess, onRefused });
  const segmentBytes = Math.min(options.segmentBytes ?? 64 << 20, Math.floor(maxBytes / 8));
  const takeLock =
    options.lock ?? ((path) => acquireLock(path, { permissions: permissionsFor({ groupAccess }) }));
  const lock = await enterDirectory(directory, bare, takeLock);
  try {
    return await openLocked();
  } catch (error) {
    await lock.release();
    throw error;
  }

  async function openLocked(): Promise<Journal> {
    const failed = new AbortController();
    lock.lost.addEventListener('abort', () => {
      const error = lock.lost.reason as Error;
      log.error({ directory }, `the journal has failed: ${error.message}`);
      failed.abort(error);
    });
    const writable = guarded(bare, lock.confirm);
    const fs = steady(writable, {
      directory,
      clock,
      onFailure: (error, path) => log.warn({ error, path }, 'the disk cannot read: it is asked again'),
      onLost: (place) => log.error(place, 'the disk has lost bytes: they are taken for damaged'),
      tries: options.readTries,
    });
    const cursorDirectory = join(directory, 'cursors');
    await ensureDirectory(fs, cursorDirectory);
    // Of a cursor that the process before renamed and did not sync, an older one must not come back: segments go by it.
    await fs.syncDirectory(cursorDirectory);

    const quarantine = createQuarantine(fs, join(directory, 'corrupt'), log);
    const recovered = await recover({ fs, directory, cursorDirectory, quarantine, log });
    const { epoch, segments, ledgers, recoveredBytes } = recovered;
    const reserve = createReserve(fs, directory, Math.min(RESERVE_BYTES, Math.floor(segmentBytes / 4)));
    const space = createSpace({
      maxBytes,
      reserve,
      makeRoom: () => groups.submit(appendOf([])).catch(() => {}),
      clock,
      log,
    });
    const tail = createTail(TAIL_BYTES);
    const stop = new AbortController();
    let newest: Position = recovered.start.next - 1;
    let syncing: Promise<void> | undefined;
    let closed = false;

    /** Ledgers whose first cursor file is not written yet. */
    const isNew = new Set<Ledger>();

    const count = () => space.set(segments.reduce((sum, { bytes }) => sum + bytes, 0));

    const saver = createSaver({
      fs,
      directory: cursorDirectory,
      epoch,
      clock,
      log,
      makeRoom: space.release,
      onSaved: reclaim,
    });
    for (const ledger of ledgers.values()) saver.adopt(ledger);

    const manifests = createManifestLog({
      fs,
      directory,
      makeRoom: space.release,
      live: () =>
        [...ledgers.values()].flatMap((ledger) =>
          [...ledger.settling, ...ledger.manifests].map((manifest) => ({ output: ledger.output, manifest })),
        ),
      sealed(group) {
        for (const { output, manifest } of group) {
          const ledger = ledgers.get(output);
          if (ledger !== undefined) addManifest(ledger, manifest);
        }
      },
    });

    const extent = createExtentFile({ fs, directory, clock, found: recovered.extent });
    const writer = createWriter({
      fs,
      directory,
      epoch,
      segments,
      segmentBytes,
      durable: durability === 'sync',
      start: recovered.start,
      clock,
      log,
      extent,
      permit: lock.confirm,
      onFailed: (reason) => failed.abort(new JournalFailedError(reason)),
      written,
      onSync: options.onSync,
    });

    /** Books a group that counts from now on, and wakes those who wait for it. */
    function written(events: readonly StoredEvent[], runs: readonly WantedRun[]): void {
      const touched = new Set<Ledger>();
      for (const { first, last, outputs } of runs) {
        for (const output of outputs) {
          const ledger = ledgers.get(output);
          if (ledger === undefined) continue;
          want(ledger, first, last);
          saver.wanted(ledger, first);
          touched.add(ledger);
        }
      }
      for (const event of events) tail.push(event);
      newest = events.at(-1)!.position;
      count();
      for (const ledger of touched) ledger.changes.wake();
    }

    const groups = createGroupCommit<Append>(
      async (calls) => {
        const { entries, size } = together(calls);
        try {
          await (entries.length === 0 ? tidy() : writer.write(entries));
        } catch (error) {
          if (error instanceof JournalFullError) space.diskFull(error.cause ?? error);
          throw error;
        } finally {
          space.settle(size);
          count();
        }
        if (durability !== 'sync' && entries.length > 0) syncSoon(durability.intervalMs);
      },
      { weigh: ({ size }) => size, most: GROUP_BYTES },
    );

    /** What an empty group is for: time to sync, or to make room on a full disk. */
    async function tidy(): Promise<void> {
      await writer.sync();
      const last = segments.at(-1);
      const isSettled = last !== undefined && last.last >= last.header.first && last.last < needed();
      if (!space.isDiskFull() || !isSettled) return;
      // Nothing else is left to unlink, and the newest segment stays: so it must be another one.
      await writer.roll().catch(async (error) => {
        if (!(error instanceof JournalFullError) || !(await reserve.release())) throw error;
        await writer.roll();
      });
      reclaim();
    }

    function syncSoon(wait: number): void {
      syncing ??= clock.sleep(wait, stop.signal).then(async () => {
        syncing = undefined;
        await groups.submit(appendOf([])).catch(() => {});
      });
    }

    /**
     * Brings the losses that were found to the cursors, and only then removes what told of them: a start that dies in between
     * finds them again. Each is reported by the first subscription of its output, in whichever process that is.
     */
    async function recordLosses(): Promise<void> {
      if (recovered.isIncomplete) {
        for (const ledger of ledgers.values()) saver.changed(ledger);
        try {
          // First: a cursor that no longer has them pending would make a manifest with them a batch of settled events.
          await manifests.compact();
          for (const ledger of ledgers.values()) await saver.save(ledger);
        } catch {
          // They are tried again. Until they are written, the next start finds the same losses.
          return;
        }
      }
      if (recovered.endsMissing)
        await extent.startAt(recovered.extent.firstSegment, recovered.extent.firstPosition);
      await recovered.settle();
    }

    /** Unlinks the segments that no output can ask for again, whatever happens now. */
    function reclaim(): void {
      if (reclaimer.unlinkBefore(needed())) count();
    }

    /** The oldest position that an output may still ask for, after a crash too. */
    function needed(): Position {
      let oldest = Number.POSITIVE_INFINITY;
      for (const ledger of ledgers.values()) oldest = Math.min(oldest, saver.oldestNeeded(ledger));
      return oldest;
    }

    const reclaimer = createReclaimer({ fs, segments, extent, log, onFreed: space.freed });
    const damage = createDamage({ known: recovered.damaged, quarantine, log });
    const source: Source = { fs, salt: saltOf(epoch), segments, damaged: damage.met };
    const backing = createBacking({ source, tail, saver, manifests });

    count();
    if (!(await reserve.establish())) space.diskFull('no room for the reserve');
    await recordLosses();
    reclaim();
    log.debug(
      { directory, epoch, segments: segments.length, bytes: space.used(), newest },
      'the journal is open',
    );

    /** Why nothing can be written any more. */
    const failure = () =>
      closed ? 'the journal is closed' : (failed.signal.reason as Error | undefined)?.message;

    return {
      epoch,
      failed: failed.signal,
      append(entries) {
        try {
          const why = failure();
          if (why !== undefined) throw new JournalFailedError(why);
          if (entries.length === 0) return Promise.resolve();
          const call = appendOf(entries);
          space.take(call.size);
          return groups.submit(call);
        } catch (error) {
          return Promise.reject(error);
        }
      },
      async subscribe(output, { start = 'now', wants } = {}) {
        let ledger = ledgers.get(output);
        if (ledger === undefined) {
          // From here on events are kept for it, whatever fails below.
          ledger = createLedger(output, newest);
          const oldest = segments[0]?.header.first ?? newest + 1;
          if (start === 'oldest' && oldest <= newest) {
            ledger.pending.addRun(oldest, newest);
            ledger.backfillThrough = newest;
          }
          ledgers.set(output, ledger);
          saver.adopt(ledger);
          isNew.add(ledger);
        }
        if (ledger.backfillThrough > 0) await backfill(source, ledger, wants ?? (() => true));
        if (isNew.delete(ledger)) {
          saver.changed(ledger);
          // A cursor that cannot be written now is written later: until then a crash costs redelivery, not events.
          await saver.save(ledger).catch(() => {});
          log.debug({ output, start, pending: ledger.pending.count }, 'created the cursor of a new output');
        }
        const { exact, atMost } = unreportedLosses(ledger);
        const subscription = openSubscription(ledger, backing);
        if (exact + atMost > 0) saver.changed(ledger);
        return subscription;
      },
      waitForRoom: space.wait,
      async orphans() {
        return [...ledgers.values()]
          .filter((ledger) => !ledger.subscribed)
          .map(({ output, pending }) => ({ output, pending: pending.count }));
      },
      async forget(output) {
        const ledger = ledgers.get(output);
        if (ledger === undefined) return;
        if (ledger.subscribed) throw new Error(`output ${JSON.stringify(output)} is in use`);
        await saver.forget(ledger, newest);
        ledgers.delete(output);
        await manifests.compact();
        reclaim();
      },
      status() {
        const why = failure();
        const reason = why ?? space.shortage();
        const first = oldestPending(ledgers.values());
        const oldest = first === undefined ? undefined : backing.receivedAt(first);
        const state = why !== undefined ? 'failed' : reason !== undefined ? 'full' : 'ok';
        return {
          state,
          ...(reason !== undefined && { reason }),
          bytes: space.used(),
          maxBytes,
          ...(oldest !== undefined && { oldest }),
          newest,
          settled: settledByAll(ledgers.values()),
          corruptFrames: recovered.corruptFrames + damage.count(),
          quarantinedFiles: recovered.quarantinedFiles,
          recoveredBytes,
        };
      },
      async close() {
        if (closed) return;
        closed = true;
        await groups.idle();
        stop.abort();
        await Promise.all([space.close(), syncing]);
        await saver.close();
        await manifests.close();
        await writer.close();
        await reclaimer.idle();
        await lock.release();
      },
    };
  }
}
