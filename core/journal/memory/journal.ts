import { randomUUID } from 'node:crypto';
import type { CursorState } from '../cursor/state.ts';
import { addManifest, createCursorState, oldestPending, settledByAll, want } from '../cursor/state.ts';
import type { CursorStorage, ReadSource } from '../cursor/subscription.ts';
import { openSubscription } from '../cursor/subscription.ts';
import type { Journal, JournalEntry, Position, StoredEvent } from '../journal.ts';
import { JournalFailedError, JournalFullError, smallAppend } from '../journal.ts';
import { createWaiters } from '../waiters.ts';

/** Bytes counted for an event beyond its own: what the process pays to hold one. */
const OVERHEAD = 100;
const CHUNK_BYTES = 1 << 20;

/**
 * A journal in memory: for tests, and for those who ask for it and accept that what is pending is gone with the
 * process. It obeys the same contract as the one on disk, its budget included.
 *
 * @param options.maxBytes budget in bytes, 256 MiB when absent.
 */
export function createMemoryJournal(options: { maxBytes?: number } = {}): Journal {
  const { maxBytes = 256 << 20 } = options;
  const events = new Map<Position, StoredEvent>();
  const cursors = new Map<string, CursorState>();
  const room = createWaiters();
  const epoch = randomUUID();
  const small = smallAppend(maxBytes);
  let newest = 0;
  let oldest = 1;
  let bytes = 0;
  let closed = false;

  const lacks = (needed: number) => bytes + needed > maxBytes;
  const sizeOf = (raw: Uint8Array) => raw.length + OVERHEAD;

  /** Frees what no output can ask for again. */
  function trim(): void {
    const before = bytes;
    const through = Math.min(settledByAll(cursors.values()), newest);
    for (; oldest <= through; oldest++) {
      bytes -= sizeOf(events.get(oldest)!.raw);
      events.delete(oldest);
    }
    if (bytes < before) room.wake();
  }

  function assertOpen(): void {
    if (closed) throw new JournalFailedError('the journal is closed');
  }

  const source: ReadSource = {
    async load(positions, maxBytes) {
      const loaded: StoredEvent[] = [];
      let through = 0;
      let size = 0;
      for (const position of positions) {
        const event = events.get(position);
        if (event !== undefined) {
          size += event.raw.length;
          if (loaded.length > 0 && size > maxBytes) break;
          loaded.push(event);
        }
        through = position;
      }
      return { events: loaded, through };
    },
    async *stream(positions, signal) {
      let chunk: StoredEvent[] = [];
      let size = 0;
      for (const position of positions) {
        if (signal?.aborted) return;
        const event = events.get(position);
        if (event === undefined) continue;
        chunk.push(event);
        size += event.raw.length;
        if (size < CHUNK_BYTES) continue;
        yield chunk;
        chunk = [];
        size = 0;
      }
      if (chunk.length > 0) yield chunk;
    },
    identify: () => epoch,
    receivedAt: (position) => events.get(position)?.receivedAt,
  };

  const storage: CursorStorage = {
    async seal(cursor, manifest) {
      assertOpen();
      addManifest(cursor, manifest);
    },
    async unsealed() {},
    changed(cursor) {
      cursor.settling = [];
      trim();
    },
    async flush() {},
  };

  return {
    epoch,
    failed: new AbortController().signal,
    async append(entries: readonly JournalEntry[]) {
      assertOpen();
      const size = entries.reduce((sum, { raw }) => sum + sizeOf(raw), 0);
      if (size > maxBytes) throw new RangeError(`${size} bytes can never fit a journal of ${maxBytes} bytes`);
      if (lacks(size)) {
        throw new JournalFullError(`the journal holds ${bytes} of ${maxBytes} bytes`, { bytes: size });
      }
      bytes += size;
      const touched = new Set<CursorState>();
      for (const { raw, receivedAt, outputs } of entries) {
        const position = ++newest;
        // A view of a larger buffer would keep all of that in memory.
        const own = raw.length < raw.buffer.byteLength ? raw.slice() : raw;
        events.set(position, { position, receivedAt, raw: own });
        for (const output of outputs) {
          const cursor = cursors.get(output);
          if (cursor === undefined) continue;
          want(cursor, position, position);
          touched.add(cursor);
        }
      }
      for (const cursor of touched) cursor.changes.wake();
      trim();
    },
    async subscribe(output, { start = 'now', wants = () => true } = {}) {
      assertOpen();
      let cursor = cursors.get(output);
      if (cursor === undefined) {
        cursor = createCursorState(output, newest);
        if (start === 'oldest') {
          for (const event of events.values())
            if (wants(event)) cursor.pending.addRun(event.position, event.position);
        }
        cursors.set(output, cursor);
      }
      return openSubscription(cursor, source, storage);
    },
    async waitForRoom(signal, needed = 0) {
      while (lacks(Math.max(needed, small)) && !closed && !signal.aborted) await room.wait(signal);
    },
    async orphans() {
      return [...cursors.values()]
        .filter((cursor) => !cursor.subscribed)
        .map(({ output, pending }) => ({ output, pending: pending.count }));
    },
    async forget(output) {
      if (cursors.get(output)?.subscribed) throw new Error(`output ${JSON.stringify(output)} is in use`);
      cursors.delete(output);
      trim();
    },
    status() {
      const first = oldestPending(cursors.values());
      const oldestEvent = first === undefined ? undefined : events.get(first);
      return {
        state: closed ? 'failed' : lacks(small) ? 'full' : 'ok',
        ...(lacks(small) && { reason: `the journal holds ${bytes} of ${maxBytes} bytes` }),
        ...(closed && { reason: 'the journal is closed' }),
        bytes,
        maxBytes,
        ...(oldestEvent !== undefined && { oldest: oldestEvent.receivedAt }),
        newest,
        settled: settledByAll(cursors.values()),
        corruptFrames: 0,
        quarantinedFiles: 0,
        recoveredBytes: 0,
      };
    },
    async close() {
      closed = true;
      room.wake();
    },
  };
}
