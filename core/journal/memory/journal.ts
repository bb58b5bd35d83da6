import { randomUUID } from 'node:crypto';
import type { Ledger } from '../cursor/state.ts';
import { addManifest, createLedger, oldestPending, settledByAll, want } from '../cursor/state.ts';
import type { Backing } from '../cursor/subscription.ts';
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
  const ledgers = new Map<string, Ledger>();
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
    const through = Math.min(settledByAll(ledgers.values()), newest);
    for (; oldest <= through; oldest++) {
      bytes -= sizeOf(events.get(oldest)!.raw);
      events.delete(oldest);
    }
    if (bytes < before) room.wake();
  }

  function assertOpen(): void {
    if (closed) throw new JournalFailedError('the journal is closed');
  }

  const backing: Backing = {
    async load(_ledger, positions, maxBytes) {
      const taken: StoredEvent[] = [];
      let through = 0;
      let size = 0;
      for (const position of positions) {
        const event = events.get(position);
        if (event !== undefined) {
          size += event.raw.length;
          if (taken.length > 0 && size > maxBytes) break;
          taken.push(event);
        }
        through = position;
      }
      return { events: taken, through };
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
    async seal(ledger, manifest) {
      assertOpen();
      addManifest(ledger, manifest);
    },
    async unsealed() {},
    settled(ledger) {
      ledger.settling = [];
      trim();
    },
    async flush() {},
    receivedAt: (position) => events.get(position)?.receivedAt,
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
      const touched = new Set<Ledger>();
      for (const { raw, receivedAt, outputs } of entries) {
        const position = ++newest;
        // A view of a larger buffer would keep all of that in memory.
        const own = raw.length < raw.buffer.byteLength ? raw.slice() : raw;
        events.set(position, { position, receivedAt, raw: own });
        for (const output of outputs) {
          const ledger = ledgers.get(output);
          if (ledger === undefined) continue;
          want(ledger, position, position);
          touched.add(ledger);
        }
      }
      for (const ledger of touched) ledger.changes.wake();
      trim();
    },
    async subscribe(output, { start = 'now', wants = () => true } = {}) {
      assertOpen();
      let ledger = ledgers.get(output);
      if (ledger === undefined) {
        ledger = createLedger(output, newest);
        if (start === 'oldest') {
          for (const event of events.values())
            if (wants(event)) ledger.pending.addRun(event.position, event.position);
        }
        ledgers.set(output, ledger);
      }
      return openSubscription(ledger, backing);
    },
    async waitForRoom(signal, needed = 0) {
      while (lacks(Math.max(needed, small)) && !closed && !signal.aborted) await room.wait(signal);
    },
    async orphans() {
      return [...ledgers.values()]
        .filter((ledger) => !ledger.subscribed)
        .map(({ output, pending }) => ({ output, pending: pending.count }));
    },
    async forget(output) {
      if (ledgers.get(output)?.subscribed) throw new Error(`output ${JSON.stringify(output)} is in use`);
      ledgers.delete(output);
      trim();
    },
    status() {
      const first = oldestPending(ledgers.values());
      const oldestEvent = first === undefined ? undefined : events.get(first);
      return {
        state: closed ? 'failed' : lacks(small) ? 'full' : 'ok',
        ...(lacks(small) && { reason: `the journal holds ${bytes} of ${maxBytes} bytes` }),
        ...(closed && { reason: 'the journal is closed' }),
        bytes,
        maxBytes,
        ...(oldestEvent !== undefined && { oldest: oldestEvent.receivedAt }),
        newest,
        settled: settledByAll(ledgers.values()),
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
