/** How much of an event's time is in its partition. */
export type PartitionBy = 'hour' | 'day' | 'month' | 'none';

/**
 * The Hive partition of an instant, in UTC, as part of an object's key.
 *
 * @param time epoch milliseconds
 * @returns a rejection for a year that four digits cannot say
 * @example partitionKey(Date.UTC(2026, 0, 2, 3), 'hour') // 'day=2026-01-02/hour=03'
 */
export function partitionKey(time: number, by: PartitionBy): string | { readonly reject: string } {
  const date = new Date(time);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) {
    return { reject: `the year ${date.getUTCFullYear()} has no partition` };
  }
  const text = date.toISOString();
  switch (by) {
    case 'hour':
      return `day=${text.slice(0, 10)}/hour=${text.slice(11, 13)}`;
    case 'day':
      return `day=${text.slice(0, 10)}`;
    case 'month':
      return `month=${text.slice(0, 7)}`;
    case 'none':
      return '';
  }
}
