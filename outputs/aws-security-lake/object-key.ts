import type { Partition } from './partition.ts';

/** What is the same in every key of one source. */
export interface KeyPlace {
  /** `ext/{source}` or `ext/{source}/{version}`: neither a leading slash nor one at the end. */
  readonly prefix: string;
  /** Of the lake, not of the event. */
  readonly region: string;
}

/**
 * The key of an object as Security Lake's partitions want it; letter case counts, and a slash in front would put the
 * object outside the source.
 *
 * @param name a batch's id: the same batch has the same key on every attempt and after every crash
 * @example objectKey({ prefix: 'ext/falco', region: 'eu-west-1' }, { account: '123456789012', day: '20260102' }, 'b1')
 *   // 'ext/falco/region=eu-west-1/accountId=123456789012/eventDay=20260102/b1.parquet'
 */
export function objectKey({ prefix, region }: KeyPlace, { account, day }: Partition, name: string): string {
  return `${prefix}/region=${region}/accountId=${account}/eventDay=${day}/${name}.parquet`;
}
