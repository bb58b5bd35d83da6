import { type Event, type FieldValue, isMissing } from '../../core/sdk/index.ts';

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

/**
 * What Security Lake takes for the account of a partition: 12 digits, or `external` or `external_{id}` for what
 * is not in AWS (Security Lake user guide, "Collecting data from custom sources").
 */
export const ACCOUNT_PATTERN = '^([0-9]{12}|external(_[A-Za-z0-9._-]{1,64})?)$';

const ACCOUNT = new RegExp(ACCOUNT_PATTERN);

/**
 * The account an event belongs to: that of its field where the field has a value, else the configured one.
 *
 * @param value of the field named by `account_id_from`; undefined when there is none
 * @returns undefined when the field has a value that is no account: a wrong partition could not be undone
 */
export function accountOf(value: FieldValue | undefined, configured: string): string | undefined {
  if (isMissing(value)) return configured;
  const text = String(value);
  return ACCOUNT.test(text) ? text : undefined;
}

/** What is the same in every key of one source. */
export interface KeyPlace {
  /** `ext/{source}` or `ext/{source}/{version}`: neither a leading slash nor one at the end. */
  readonly prefix: string;
  /** Of the lake, not of the event. */
  readonly region: string;
}

/**
 * The folder of a partition as Security Lake wants it; letter case counts, and a slash in front would put its objects outside
 * the source.
 *
 * @example keyFolder({ prefix: 'ext/falco', region: 'eu-west-1' }, { account: '123456789012', day: '20260102' })
 *   // 'ext/falco/region=eu-west-1/accountId=123456789012/eventDay=20260102'
 */
export function keyFolder({ prefix, region }: KeyPlace, { account, day }: Partition): string {
  return `${prefix}/region=${region}/accountId=${account}/eventDay=${day}`;
}

/**
 * The key of an object.
 *
 * @param folder of its partition
 * @param name a batch's id: the same batch has the same key on every attempt and after every crash
 */
export function objectKey(folder: string, name: string): string {
  return `${folder}/${name}.parquet`;
}
