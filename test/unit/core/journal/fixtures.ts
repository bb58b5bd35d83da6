import type { JournalEntry, StoredEvent, Subscription } from '../../../../core/journal/journal.ts';
import type { Lock } from '../../../../core/journal/lock/lock.ts';
import { PositionSet } from '../../../../core/journal/positions.ts';
import type { Logger } from '../../../../core/sdk/contract/logger.ts';

/** A logger that says nothing. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A logger that keeps its sentences. */
export function listening(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (details: object | string, message?: string) => {
    lines.push(message ?? String(details));
  };
  return { lines, debug() {}, info: keep, warn: keep, error: keep };
}

/** A lock that is always held, for journals on a fake machine. */
export async function alwaysHeld(): Promise<Lock> {
  return { lost: new AbortController().signal, confirm: () => undefined, async release() {} };
}

export const never = new AbortController().signal;
export const ample = { events: 1_000_000, bytes: 1 << 30 };

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() };

export function entry(body: string, ...outputs: string[]): JournalEntry {
  return { raw: text.encoder.encode(body), receivedAt: 1_700_000_000_000, outputs };
}

export function bodies(events: readonly StoredEvent[]): string[] {
  return events.map(({ raw }) => text.decoder.decode(raw));
}

export function positionsOf(events: readonly StoredEvent[]): PositionSet {
  return PositionSet.of(...events.map(({ position }) => position));
}

/** Reads until the output is caught up. */
export async function drain(subscription: Subscription, limits = ample): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  while (!subscription.caughtUp()) events.push(...(await subscription.read(limits, never)));
  return events;
}

export async function fetchAll(subscription: Subscription, positions: PositionSet): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const chunk of subscription.fetch(positions)) events.push(...chunk);
  return events;
}
