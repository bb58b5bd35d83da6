import type { Event } from '../../core/sdk/index.ts';
import { accountOf } from './account.ts';

export interface PartitionOptions {
  readonly account_id: string;
  /** Name of the field that holds the account of an event. */
  readonly account_id_from?: string;
  /** How far the clock of an event may be ahead of ours, milliseconds. */
  readonly max_future: number;
}

/** A partition of the lake, taken apart again. */
export interface Partition {
  readonly account: string;
  /** UTC, `YYYYMMDD`. */
  readonly day: string;
}

const DAY = 86_400_000;

/**
 * The partition of an event: its account and the UTC day of its own time, however late it comes. What is from the
 * future is set aside, for its day would be wrong for good.
 *
 * @returns `{account}/{YYYYMMDD}`, the `partition` of a batch
 */
export function partitionOf(event: Event, options: PartitionOptions): string | { readonly reject: string } {
  if (event.time - event.receivedAt > options.max_future) {
    const ahead = Math.round((event.time - event.receivedAt) / 1000);
    return {
      reject: `time ${event.timeText} is ${ahead} s ahead of its arrival, more than max_future: see to the clock of ${event.hostname || 'the sender'}`,
    };
  }
  const day = utcDay(event.time);
  if (day === undefined) return { reject: `time ${event.timeText} is before the year 1` };
  const field = options.account_id_from;
  const account = accountOf(field === undefined ? undefined : event.fields[field], options.account_id);
  if (account === undefined) {
    return {
      reject: `${field} is ${JSON.stringify(String(event.fields[field!]))}: not 12 digits, external or external_{id}`,
    };
  }
  return `${account}/${day}`;
}

/** Takes apart what {@link partitionOf} made. */
export function parsePartition(partition: string): Partition {
  const cut = partition.lastIndexOf('/');
  return { account: partition.slice(0, cut), day: partition.slice(cut + 1) };
}

/** How many whole days the day of a partition lies before an instant; 0 for the same day. */
export function daysLate(day: string, now: number): number {
  const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`);
  return Math.max(0, Math.floor((now - start) / DAY));
}

/** `YYYYMMDD`; undefined outside the years 1 to 9999, which eight characters cannot say. */
function utcDay(time: number): string | undefined {
  const date = new Date(time);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date.toISOString().slice(0, 10).replaceAll('-', '') : undefined;
}
