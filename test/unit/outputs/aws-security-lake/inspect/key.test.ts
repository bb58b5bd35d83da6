import { describe, expect, it } from 'vitest';
import { readKey } from '../../../../../outputs/aws-security-lake/inspect/key.ts';

const PARTS = {
  source: 'falco/1.0',
  region: 'eu-west-1',
  account: '123456789012',
  day: '20260102',
  file: 'a.parquet',
};
const keyOf = (parts: Partial<typeof PARTS> = {}) => {
  const { source, region, account, day, file } = { ...PARTS, ...parts };
  return `ext/${source}/region=${region}/accountId=${account}/eventDay=${day}/${file}`;
};

describe('readKey', () => {
  it.each(['', '/data/lake/', '/data/ext/old/'])('reads the parts of a key, also below %j', (before) => {
    expect(readKey(before + keyOf())).toEqual({
      key: { source: 'ext/falco/1.0', region: 'eu-west-1', account: '123456789012', day: '20260102' },
      violations: [],
    });
    expect(readKey(before + keyOf({ source: 'falco' })).key?.source).toBe('ext/falco');
  });

  it.each<[Partial<typeof PARTS>, string?]>([
    [{ source: 'x'.repeat(20) }],
    [{ source: 'a_B-1:.' }],
    [
      { source: 'x'.repeat(21) },
      `"${'x'.repeat(21)}": the source has 1 to 20 letters, digits, _, -, : and .`,
    ],
    [{ source: 'a b' }, '"a b": the source has 1 to 20 letters, digits, _, -, : and .'],
    [{ source: `a/${'1'.repeat(32)}` }],
    [
      { source: `a/${'1'.repeat(33)}` },
      `"${'1'.repeat(33)}": the version has 1 to 32 letters, digits, _, - and .`,
    ],
    [{ source: 'a/1:0' }, '"1:0": the version has 1 to 32 letters, digits, _, - and .'],
    [{ region: 'us-gov-west-1' }],
    [{ region: 'EU-west-1' }, '"EU-west-1": region is that of the lake'],
    [{ region: 'eu-west' }, '"eu-west": region is that of the lake'],
    [{ region: '' }, '"": region is that of the lake'],
    [{ account: 'external' }],
    [{ account: 'external_on-prem.1' }],
    [{ account: '12345678901' }, '"12345678901": accountId has 12 digits, or is external or external_{id}'],
    [
      { account: '1234567890123' },
      '"1234567890123": accountId has 12 digits, or is external or external_{id}',
    ],
    ...['20260131', '20261001', '20261231', '20260229'].map((day): [{ day: string }] => [{ day }]),
    ...['20260100', '20260132', '20260001', '20261301', '2026010', '202601021', '2026-1-2'].map(
      (day): [{ day: string }, string] => [{ day }, `${JSON.stringify(day)}: eventDay is YYYYMMDD`],
    ),
    [{ file: 'a.b.parquet' }],
    ...['_a.parquet', '.a.parquet', '.parquet', 'a.parquet.tmp', 'aparquet'].map(
      (file): [{ file: string }, string] => [
        { file },
        `${JSON.stringify(file)}: a name that begins with _ or . is hidden from Athena`,
      ],
    ),
  ])('judges each part: %j', (parts, detail) => {
    const { key, violations } = readKey(keyOf(parts));
    expect(key).toBeDefined();
    expect(violations).toEqual(detail === undefined ? [] : [{ rule: 'key', detail }]);
  });

  it('names every part that is wrong', () => {
    expect(readKey(keyOf({ region: 'x', day: 'y', file: '_a.parquet' })).violations).toHaveLength(3);
  });

  it.each([
    ['/tmp/copy.parquet', undefined],
    ['/a/b/c.parquet', undefined],
    ['copy.parquet', 'copy.parquet has no region=, no accountId=, no eventDay='],
    ['20260102/a.parquet', '20260102/a.parquet has no region=, no accountId=, no eventDay='],
    [`/${keyOf().replace('ext/', '')}`, `${keyOf().replace('ext/', '')} is not laid out so`],
    [
      `/lake/${keyOf().replace('/region=eu-west-1', '')}`,
      `${keyOf().replace('/region=eu-west-1', '')} has no region=`,
    ],
    [keyOf().replace('accountId', 'accountid'), 'accountid= is spelt wrong: letter case counts'],
    [keyOf().replace('eventDay', 'EVENTDAY'), 'EVENTDAY= is spelt wrong: letter case counts'],
    [keyOf({ file: 'deeper/a.parquet' }), `${keyOf({ file: 'deeper/a.parquet' })} is not laid out so`],
    [`falco/${keyOf()}`, `falco/${keyOf()} is not laid out so`],
    [keyOf({ source: 'a/b/c' }), `${keyOf({ source: 'a/b/c' })} is not laid out so`],
    ['/lake/ext/a.parquet', 'ext/a.parquet has no region=, no accountId=, no eventDay='],
    ['/lake/x=1/a.parquet', 'lake/x=1/a.parquet has no region=, no accountId=, no eventDay='],
  ])('says what is wrong with the layout of %s', (key, detail) => {
    expect(readKey(key)).toEqual({ violations: detail === undefined ? [] : [{ rule: 'key', detail }] });
  });
});
