import type { Clock } from '../../sdk/contract/clock.ts';
import type { Logger } from '../../sdk/contract/logger.ts';
import type { File, FileSystem } from '../files/filesystem.ts';
import { codeOf, isDiskFull, writeAll } from '../files/filesystem.ts';
import type { JournalEntry, Position, StoredEvent } from '../journal.ts';
import { JournalFailedError, JournalFullError } from '../journal.ts';
import type { SegmentHeader } from './codec.ts';
import { createNonce, encodeHeader, FRAME_BYTES, MOST_ROUTES, saltOf, writeFrame } from './codec.ts';
import type { ExtentFile } from './extent.ts';
import type { Routes, Segment } from './segment.ts';
import { createRoutes, createSegment, recordEvent, writeIndex } from './segment.ts';

/** The positions from first to last are wanted by these outputs. */
export interface WantedRun {
  readonly first: Position;
  last: Position;
  readonly outputs: readonly string[];
}

/** The end of the log at which it grows. One call at a time. */
export interface Writer {
  /**
   * Writes a group; with `sync` it is on stable storage when this resolves.
   * @throws JournalFullError when the disk is full: the file is as it was before.
   * @throws JournalFailedError when the storage failed; a fresh segment is used from then on, if one can be had.
   */
  write(entries: readonly JournalEntry[]): Promise<void>;
  /** Brings to stable storage what was written without. */
  sync(): Promise<void>;
  /** Begins a new segment, so that the one before can be removed. @throws JournalFullError @throws JournalFailedError */
  roll(): Promise<void>;
  /** Why nothing can be written any more. */
  failure(): string | undefined;
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly epoch: string;
  /** New segments are added here. */
  readonly segments: Segment[];
  readonly segmentBytes: number;
  /** Sync each group before it counts. */
  readonly durable: boolean;
  /** The next position and the last one in force, the next segment's number. */
  readonly start: { readonly next: Position; readonly previous: Position; readonly number: number };
  readonly clock: Clock;
  readonly log: Logger;
  readonly extent: ExtentFile;
  /** Asked when a group is on stable storage, before it counts. Rejects when this process no longer holds the lock. */
  readonly permit: () => Promise<void> | undefined;
  /** Called once, when writing has failed permanently. */
  readonly onFailed: (reason: string) => void;
  /** Called when a group counts, before the call resolves. */
  readonly written: (events: readonly StoredEvent[], runs: readonly WantedRun[]) => void;
  /** Called after each successful sync of events, with its duration in seconds. */
  readonly onSync?: ((seconds: number) => void) | undefined;
}

/** The segment being written. */
interface Active {
  readonly file: File;
  readonly segment: Segment;
  readonly routes: Routes;
  /**
   * Route ids by the names' JSON, and by the array of names: routing reuses its arrays, so that an event costs no
   * JSON (`bench/cases/bulk.ts`).
   */
  ids: Map<string, number>;
  known: WeakMap<readonly string[], number>;
}

export function createWriter(options: WriterOptions): Writer {
  const { fs, directory, epoch, segments, segmentBytes, durable, clock, log, extent, permit, written } =
    options;
  const salt = saltOf(epoch);
  let { next, previous, number } = options.start;
  let active: Active | undefined;
  let unsynced = false;
  let failed: string | undefined;
  let buffer = new Uint8Array(256 << 10);
  let indexing = Promise.resolve();

  /** Begins a segment: its header and its name are on stable storage before anything in it counts. */
  async function begin(): Promise<Active> {
    const header = {
      number: number++,
      first: next,
      previous,
      epoch,
      createdAt: clock.now(),
      nonce: createNonce(),
    };
    const segment = createSegment(directory, header);
    let file: File | undefined;
    try {
      file = await fs.open(segment.path, durable ? 'create-stable' : 'create');
      await writeAll(file, encodeHeader(header), 0);
      if (!durable) await file.sync();
      await fs.syncDirectory(directory);
    } catch (error) {
      await file?.close().catch(() => {});
      // A file that was there before is not ours.
      if (file === undefined && codeOf(error) === 'EEXIST') return begin();
      if (file !== undefined) await fs.remove(segment.path).catch(() => {});
      throw error;
    }
    segments.push(segment);
    return { file, segment, routes: createRoutes(), ids: new Map(), known: new WeakMap() };
  }

  async function beginOrFail(): Promise<void> {
    try {
      active = await begin();
    } catch (error) {
      refuse(error, 'no new segment can be written');
    }
  }

  /** Before anything was touched. Without disk space or file descriptors the next group tries again; anything else is the end. */
  function refuse(error: unknown, what: string): never {
    if (isDiskFull(error)) throw full(error);
    if (isOutOfFiles(error)) {
      log.warn({ error }, 'no file can be opened: events are refused until there are file descriptors again');
      throw new JournalFailedError(`no file can be opened: ${messageOf(error)}`, { cause: error });
    }
    failed = `${what}: ${messageOf(error)}`;
    log.error({ error }, `the journal has failed: ${what}`);
    options.onFailed(failed);
    throw new JournalFailedError(failed, { cause: error });
  }

  /** Leaves the active segment for good. */
  function leave({ file, segment, routes }: Active): void {
    active = undefined;
    unsynced = false;
    indexing = indexing.then(async () => {
      await file.close().catch(() => {});
      if (!segments.includes(segment)) return;
      await writeIndex(fs, segment, routes).catch((error) =>
        log.debug(
          { error, path: segment.path },
          'no index was written: the next start reads the segment itself',
        ),
      );
    });
  }

  function encode(target: Active, entries: readonly JournalEntry[], size: number) {
    if (buffer.length < size) buffer = new Uint8Array(size);
    const view = new DataView(buffer.buffer);
    const fresh: [id: number, names: readonly string[]][] = [];
    const frames: { position: Position; offset: number; receivedAt: number; route: number }[] = [];
    let at = 0;
    let position = next;
    for (const { raw, receivedAt, outputs } of entries) {
      let route = target.known.get(outputs);
      if (route === undefined) {
        const key = JSON.stringify(outputs);
        route = target.ids.get(key);
        if (route === undefined) {
          route = target.ids.size;
          const payload = new TextEncoder().encode(key);
          const room = at + FRAME_BYTES + payload.length;
          if (room > buffer.length) throw new RangeError('names of outputs are longer than foreseen');
          const entry = { kind: 'route', route, position: position - 1, receivedAt, payload } as const;
          at = writeFrame(buffer, view, at, salt, entry);
          target.ids.set(key, route);
          fresh.push([route, [...outputs]]);
        }
        target.known.set(outputs, route);
      }
      frames.push({ position, offset: target.segment.bytes + at, receivedAt, route });
      at = writeFrame(buffer, view, at, salt, { kind: 'event', route, position, receivedAt, payload: raw });
      position++;
    }
    return { data: buffer.subarray(0, at), frames, fresh };
  }

  /** After a failed write. Says whether the segment can be written on. */
  async function undo(target: Active, error: unknown): Promise<boolean> {
    if (!isDiskFull(error)) return false;
    try {
      await target.file.truncate(target.segment.bytes);
    } catch {
      return false;
    }
    target.ids = new Map([...target.routes.names].map(([id, names]) => [JSON.stringify(names), id]));
    target.known = new WeakMap();
    return true;
  }

  /**
   * The file cannot be trusted with anything more: after a failed sync the kernel may have dropped what it held and
   * would call the next sync a success. What was in force stays readable, and a new segment is used.
   */
  async function abandon(target: Active, error: unknown): Promise<void> {
    log.error({ error, path: target.segment.path }, 'writing the journal failed: a new segment is used');
    leave(target);
    await beginOrFail();
  }

  async function write(entries: readonly JournalEntry[]): Promise<void> {
    if (failed !== undefined) throw new JournalFailedError(failed);
    const size = sizeOf(entries);
    if (active !== undefined && isFull(active, size, segmentBytes)) {
      await sync();
      if (active !== undefined) leave(active);
    }
    if (active === undefined) await beginOrFail();
    const target = active!;
    await cover(target.segment.header, next + entries.length - 1);
    const { data, frames, fresh } = encode(target, entries, size);
    try {
      const write = () => writeAll(target.file, data, target.segment.bytes);
      await (durable ? timed(write) : write());
      await permit();
    } catch (error) {
      // A snapshot of the volume may hold the group: its positions are not used again, or they would have two contents.
      next += entries.length;
      if (!(await undo(target, error))) await abandon(target, error);
      if (isDiskFull(error)) throw full(error);
      throw new JournalFailedError(`the group could not be written: ${messageOf(error)}`, { cause: error });
    }
    unsynced ||= !durable;
    for (const [id, names] of fresh) target.routes.names.set(id, names);
    for (const frame of frames) recordEvent(target.segment, target.routes, frame);
    target.segment.bytes += data.length;
    next += entries.length;
    previous = next - 1;
    written(
      entries.map(({ raw, receivedAt }, i) => ({ position: frames[i]!.position, receivedAt, raw })),
      runsOf(frames, target.routes),
    );
  }

  async function cover(segment: SegmentHeader, position: Position): Promise<void> {
    try {
      await extent.cover(segment, position);
    } catch (error) {
      refuse(error, 'its extent cannot be written');
    }
  }

  async function timed(sync: () => Promise<void>): Promise<void> {
    const before = clock.monotonic();
    await sync();
    options.onSync?.((clock.monotonic() - before) / 1000);
  }

  async function sync(): Promise<void> {
    if (!unsynced || active === undefined) return;
    unsynced = false;
    try {
      await timed(active.file.sync);
    } catch (error) {
      log.error('what was accepted since the last sync may be lost if the machine fails now');
      await abandon(active, error);
    }
  }

  return {
    write,
    sync,
    async roll() {
      if (failed !== undefined) throw new JournalFailedError(failed);
      await sync();
      if (active !== undefined) leave(active);
      await beginOrFail();
    },
    failure: () => failed,
    async close() {
      await sync().catch(() => {});
      if (active !== undefined) leave(active);
      failed ??= 'the journal is closed';
      await indexing;
    },
  };
}

/** Would the group be better off in a new segment? A segment holds one group at least, whatever its size. */
function isFull({ segment, ids }: Active, size: number, segmentBytes: number): boolean {
  if (segment.last < segment.header.first) return false;
  return segment.bytes + size > segmentBytes || ids.size > MOST_ROUTES / 2;
}

/** An upper bound of the bytes of a group: as if every array of names were new to the segment. */
function sizeOf(entries: readonly JournalEntry[]): number {
  const seen = new Set<readonly string[]>();
  let size = 0;
  for (const { raw, outputs } of entries) {
    size += FRAME_BYTES + raw.length;
    if (seen.has(outputs)) continue;
    seen.add(outputs);
    // In JSON a UTF-16 unit takes six bytes at most.
    size += FRAME_BYTES + 2 + outputs.reduce((sum, name) => sum + 6 * name.length + 3, 0);
  }
  return size;
}

function runsOf(
  frames: readonly { readonly position: Position; readonly route: number }[],
  { names }: Routes,
): WantedRun[] {
  const runs: WantedRun[] = [];
  let route = -1;
  for (const frame of frames) {
    if (frame.route === route) runs.at(-1)!.last = frame.position;
    else runs.push({ first: frame.position, last: frame.position, outputs: names.get(frame.route)! });
    route = frame.route;
  }
  return runs;
}

function full(cause: unknown): JournalFullError {
  return new JournalFullError('the disk is full', { cause });
}

/** The process or the machine has as many files open as it may. */
function isOutOfFiles(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
