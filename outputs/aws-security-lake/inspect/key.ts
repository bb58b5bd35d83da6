import { ACCOUNT_PATTERN } from '../partition.ts';
import type { Violation } from './rules.ts';

/** What the key of an object says. */
export interface Key {
  /** `ext/{source}` or `ext/{source}/{version}`: files below it share a table. */
  readonly source: string;
  readonly region: string;
  readonly account: string;
  readonly day: string;
}

const LAYOUT =
  /^(?<source>ext\/(?<name>[^/=]+)(?:\/(?<version>[^/=]+))?)\/region=(?<region>[^/]*)\/accountId=(?<account>[^/]*)\/eventDay=(?<day>[^/]*)\/(?<file>[^/]+)$/;

const PARTS: readonly (readonly [part: string, pattern: RegExp, must: string])[] = [
  ['name', /^[\w:.-]{1,20}$/, 'the source has 1 to 20 letters, digits, _, -, : and .'],
  ['version', /^[\w.-]{1,32}$/, 'the version has 1 to 32 letters, digits, _, - and .'],
  ['region', /^[a-z]{2}(-[a-z]+)+-\d$/, 'region is that of the lake'],
  ['account', new RegExp(ACCOUNT_PATTERN), 'accountId has 12 digits, or is external or external_{id}'],
  ['day', /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/, 'eventDay is YYYYMMDD'],
  ['file', /^[^_.].*\.parquet$/, 'a name that begins with _ or . is hidden from Athena'],
];

/**
 * Reads a key.
 *
 * @param key of a bucket, or a path: what is before the first `ext/` of a path is the place of the lake
 * @returns undefined with no violation for a file that lies outside of any lake: there is no key to judge
 */
export function readKey(key: string): { readonly key?: Key; readonly violations: readonly Violation[] } {
  const lake = key.startsWith('/') ? key.slice(Math.max(key.lastIndexOf('/ext/'), 0) + 1) : key;
  const groups = LAYOUT.exec(lake)?.groups;
  if (groups === undefined) {
    const isLoose = key.startsWith('/') && !/\/(ext\/|[^/]+=)/.test(key);
    return { violations: isLoose ? [] : [{ rule: 'key', detail: reasonOf(lake) }] };
  }
  const violations = PARTS.filter(([part, pattern]) => !pattern.test(groups[part] ?? '1')).map(
    ([part, , must]): Violation => ({ rule: 'key', detail: `${JSON.stringify(groups[part])}: ${must}` }),
  );
  const { source = '', region = '', account = '', day = '' } = groups;
  return { key: { source, region, account, day }, violations };
}

/** What is most often wrong with a key, in a few words. */
function reasonOf(key: string): string {
  const partitions = ['region', 'accountId', 'eventDay'];
  const found = [...key.matchAll(/([^/=]+)=[^/]*\//g)].map(([, name]) => name!);
  const wrongCase = found.find(
    (name) =>
      !partitions.includes(name) && partitions.some((each) => each.toLowerCase() === name.toLowerCase()),
  );
  if (wrongCase !== undefined) return `${wrongCase}= is spelt wrong: letter case counts`;
  const missing = partitions.filter((name) => !found.includes(name));
  if (missing.length > 0) return `${key} has no ${missing.map((name) => `${name}=`).join(', no ')}`;
  return `${key} is not laid out so`;
}
