import { join } from 'node:path';
import type { Clock } from '../../sdk/contract/clock.ts';
import { systemClock } from '../../sdk/contract/clock.ts';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { CursorState } from '../cursor/state.ts';
import { addManifest, oldestPending, settledByAll, unreportedLosses, want } from '../cursor/state.ts';
import { openSubscription } from '../cursor/subscription.ts';
import { createCursorWriter } from '../cursor/writer.ts';
import type { FileSystem } from '../files/filesystem.ts';
import { createNodeFileSystem, ensureDirectory, guarded } from '../files/filesystem.ts';
import { createGroupCommit } from '../files/group-commit.ts';
import { permissionsFor } from '../files/permissions.ts';
import { createQuarantine } from '../files/quarantine.ts';
import { createReserve } from '../files/reserve.ts';
import { type ReadTries, retryingReads } from '../files/retrying-reads.ts';
import type { Journal, JournalEntry, Position, StoredEvent } from '../journal.ts';
import { JournalFailedError, JournalFullError } from '../journal.ts';
import { acquireLock, type Lock, lockDirectory } from '../lock/lock.ts';
import { createManifestLog } from '../manifests/log.ts';
import { recordLosses } from '../recovery/losses.ts';
import { recover } from '../recovery/recover.ts';
import { FRAME_BYTES } from '../segments/codec.ts';
import { createExtentFile } from '../segments/extent.ts';
import { createSegmentReader } from '../segments/reader.ts';
import { createRecentCache } from '../segments/recent-cache.ts';
import { createReclaimer } from '../segments/reclaim.ts';
import type { WantedRun } from '../segments/writer.ts';
import { createWriter } from '../segments/writer.ts';
import { createReadSource } from './read-source.ts';
import { createRegisterOutput } from './register-output.ts';
import { createSpace } from './space.ts';

export interface DiskJournalOptions {
  /** Made when it is not there; one process at a time. */
  readonly directory: string;
  /** Budget for segments, in bytes. Indexes (a few percent), cursors, manifests and a reserve of a megabyte. */
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
  /** How often a read that fails is tried before its bytes count as damaged; for seconds, unless a test says otherwise. */
  readonly readTries?: ReadTries;
  /** Acquires the right to write in the directory; {@link acquireLock} unless a test says otherwise. */
  readonly lock?: (directory: string) => Promise<Lock>;
}

const GROUP_BYTES = 4 << 20;
const RECENT_BYTES = 4 << 20;
const RESERVE_BYTES = 1 << 20;

/** One call of `append` that waits for its group. */
interface Append {
  readonly entries: readonly JournalEntry[];
  /** Its bytes in a segment, without the names of outputs. */
  readonly size: number;
}

/** An append of nothing: time to sync, or to make room on a full disk, while nothing else is written. */
const MAINTENANCE: Append = { entries: [], size: 0 };

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
  const acquire =
    options.lock ?? ((path) => acquireLock(path, { permissions: permissionsFor({ groupAccess }) }));
  const lock = await lockDirectory(directory, bare, acquire);
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
    const fs = retryingReads(writable, {
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
    const { epoch, segments, cursors } = recovered;
    const reserve = createReserve(fs, directory, Math.min(RESERVE_BYTES, Math.floor(segmentBytes / 4)));
    const space = createSpace({
      maxBytes,
      reserve,
      makeRoom: () => groups.submit(MAINTENANCE).catch(() => {}),
      clock,
      log,
    });
    const recent = createRecentCache(RECENT_BYTES);
    const stop = new AbortController();
    let newest: Position = recovered.start.next - 1;
    let syncing: Promise<void> | undefined;
    let closed = false;

    const countBytes = () => space.setUsed(segments.reduce((sum, { bytes }) => sum + bytes, 0));

    const cursorWriter = createCursorWriter({
      fs,
      directory: cursorDirectory,
      epoch,
      clock,
      log,
      makeRoom: space.release,
      onSaved: () => reclaimer.reclaim(),
    });
    for (const cursor of cursors.values()) cursorWriter.adopt(cursor);

    const manifests = createManifestLog({
      fs,
      directory,
      makeRoom: space.release,
      live: () =>
        [...cursors.values()].flatMap((cursor) =>
          [...cursor.settling, ...cursor.manifests].map((manifest) => ({ output: cursor.output, manifest })),
        ),
      sealed(group) {
        for (const { output, manifest } of group) {
          const cursor = cursors.get(output);
          if (cursor !== undefined) addManifest(cursor, manifest);
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

    /** Adds a group that counts from now on to the cursors that want it, and wakes those who wait for it. */
    function written(events: readonly StoredEvent[], runs: readonly WantedRun[]): void {
      const touched = new Set<CursorState>();
      for (const { first, last, outputs } of runs) {
        for (const output of outputs) {
          const cursor = cursors.get(output);
          if (cursor === undefined) continue;
          want(cursor, first, last);
          cursorWriter.wanted(cursor, first);
          touched.add(cursor);
        }
      }
      for (const event of events) recent.push(event);
      newest = events.at(-1)!.position;
      countBytes();
      for (const cursor of touched) cursor.changes.wake();
    }

    const groups = createGroupCommit<Append>(
      async (calls) => {
        const entries = calls.flatMap((call) => call.entries);
        try {
          await (entries.length === 0 ? maintain() : writer.write(entries));
        } catch (error) {
          if (error instanceof JournalFullError) space.diskFull(error.cause ?? error);
          throw error;
        } finally {
          space.finish(calls.reduce((sum, { size }) => sum + size, 0));
          countBytes();
        }
        if (durability !== 'sync' && entries.length > 0) syncSoon(durability.intervalMs);
      },
      { weigh: ({ size }) => size, most: GROUP_BYTES },
    );

    async function maintain(): Promise<void> {
      await writer.sync();
      if (space.isDiskFull()) await reclaimer.reclaimNewest();
    }

    function syncSoon(wait: number): void {
      syncing ??= clock.sleep(wait, stop.signal).then(async () => {
        syncing = undefined;
        await groups.submit(MAINTENANCE).catch(() => {});
      });
    }

    const reclaimer = createReclaimer({
      fs,
      segments,
      extent,
      oldestNeeded: cursorWriter.oldestNeeded,
      roll: () =>
        writer.roll().catch(async (error) => {
          if (!(error instanceof JournalFullError) || !(await reserve.release())) throw error;
          await writer.roll();
        }),
      log,
      onReclaimed: countBytes,
      onFreed: space.freed,
    });
    const { damaged } = recovered;
    const reader = createSegmentReader({ fs, epoch, segments, damaged, quarantine, log });
    const source = createReadSource(reader, recent);
    const registerOutput = createRegisterOutput({
      cursors,
      cursorWriter,
      reader,
      newest: () => newest,
      log,
    });

    countBytes();
    if (!(await reserve.establish())) space.diskFull('no room for the reserve');
    await recordLosses(recovered, { cursorWriter, manifests, extentFile: extent });
    reclaimer.reclaim();
    log.debug(
      { directory, epoch, segments: segments.length, bytes: space.used(), newest },
      'the journal is open',
    );

    /** Why nothing can be written any more. */
    const failure = () =>
      closed ? 'the journal is closed' : (failed.signal.reason as Error | undefined)?.message;

    return {
      epoch,
      isAfterCrash: lock.isAfterCrash === true,
      failed: failed.signal,
      append(entries) {
        try {
          const why = failure();
          if (why !== undefined) throw new JournalFailedError(why);
          if (entries.length === 0) return Promise.resolve();
          const size = entries.reduce((sum, { raw }) => sum + FRAME_BYTES + raw.length, 0);
          space.admit(size);
          return groups.submit({ entries, size });
        } catch (error) {
          return Promise.reject(error);
        }
      },
      async subscribe(output, options = {}) {
        const cursor = await registerOutput(output, options);
        const { exact, atMost } = unreportedLosses(cursor);
        const subscription = openSubscription(cursor, source, {
          seal: ({ output }, manifest) => manifests.seal({ output, manifest }),
          unsealed: manifests.compact,
          changed: cursorWriter.changed,
          flush: cursorWriter.save,
        });
        if (exact + atMost > 0) cursorWriter.changed(cursor);
        return subscription;
      },
      waitForRoom: space.wait,
      async orphans() {
        return [...cursors.values()]
          .filter((cursor) => !cursor.subscribed)
          .map(({ output, pending }) => ({ output, pending: pending.count }));
      },
      async forget(output) {
        const cursor = cursors.get(output);
        if (cursor === undefined) return;
        if (cursor.subscribed) throw new Error(`output ${JSON.stringify(output)} is in use`);
        await cursorWriter.forget(cursor, newest);
        cursors.delete(output);
        await manifests.compact();
        reclaimer.reclaim();
      },
      status() {
        const why = failure();
        const reason = why ?? space.shortage();
        const first = oldestPending(cursors.values());
        const oldest = first === undefined ? undefined : source.receivedAt(first);
        const state = why !== undefined ? 'failed' : reason !== undefined ? 'full' : 'ok';
        return {
          state,
          ...(reason !== undefined && { reason }),
          bytes: space.used(),
          maxBytes,
          ...(oldest !== undefined && { oldest }),
          newest,
          settled: settledByAll(cursors.values()),
          corruptFrames: recovered.corruptFrames + reader.damagedFrames(),
          quarantinedFiles: recovered.quarantinedFiles,
          recoveredBytes: recovered.recoveredBytes,
        };
      },
      async close() {
        if (closed) return;
        closed = true;
        await groups.idle();
        stop.abort();
        await Promise.all([space.close(), syncing]);
        await cursorWriter.close();
        await manifests.close();
        await writer.close();
        await reclaimer.idle();
        await lock.release();
      },
    };
  }
}
