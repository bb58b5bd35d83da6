import type { Partition } from './partition.ts';

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
