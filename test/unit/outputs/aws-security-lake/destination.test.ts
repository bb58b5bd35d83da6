import { describe, expect, it } from 'vitest';
import { destinationOf } from '../../../../outputs/aws-security-lake/destination.ts';

const region = 'eu-west-1';
const LAKE = 'aws-security-data-lake-eu-west-1-abc123';

describe('destinationOf', () => {
  it('takes a location as CreateCustomLogSource returns it', () => {
    for (const [location, prefix] of [
      [`s3://${LAKE}/ext/falco/`, 'ext/falco'],
      [`s3://${LAKE}/ext/falco`, 'ext/falco'],
      [`s3://${LAKE}/ext/falco/1.0/`, 'ext/falco/1.0'],
    ] as const) {
      expect(destinationOf({ location, region }, '/etc')).toEqual({ bucket: LAKE, prefix, region });
    }
  });

  it('takes a bucket by name, ARN or address, with source and version', () => {
    for (const bucket of [
      LAKE,
      `arn:aws:s3:::${LAKE}`,
      `arn:aws-us-gov:s3:::${LAKE}`,
      `s3://${LAKE}`,
      `s3://${LAKE}/`,
    ]) {
      expect(destinationOf({ bucket, source: 'falco', region }, '/etc')).toEqual({
        bucket: LAKE,
        prefix: 'ext/falco',
        region,
      });
    }
    expect(
      destinationOf({ bucket: LAKE, source: 'falco', source_version: '2.0', region }, '/etc').prefix,
    ).toBe('ext/falco/2.0');
  });

  it('takes a directory, relative to the configuration', () => {
    expect(destinationOf({ directory: 'lake', source: 'falco', region }, '/etc')).toEqual({
      directory: '/etc/lake',
      prefix: 'ext/falco',
      region,
    });
  });

  it.each([
    [{}, /exactly one/],
    [{ bucket: LAKE, directory: 'lake', source: 'falco' }, /exactly one/],
    [{ bucket: LAKE }, /source is missing/],
    [{ bucket: `${LAKE}/ext/falco`, source: 'falco' }, /a whole path is a location/],
    [{ bucket: LAKE, source: 'Falco-Prod' }, /at most 20/],
    [{ bucket: LAKE, source: 'a'.repeat(21) }, /at most 20/],
    [{ location: `s3://${LAKE}/falco/` }, /CreateCustomLogSource/],
    [{ location: `s3://${LAKE}/ext/` }, /CreateCustomLogSource/],
    [{ location: `s3://${LAKE}/ext/falco/1.0/region=eu-west-1/` }, /CreateCustomLogSource/],
    [{ location: `https://${LAKE}.s3.amazonaws.com/ext/falco/` }, /CreateCustomLogSource/],
    [{ location: `s3://${LAKE}/ext/falco/`, source: 'other' }, /leave them out/],
    [{ location: `s3://${LAKE}/ext/falco/`, source_version: '1.0' }, /leave them out/],
    [{ location: 's3://aws-security-data-lake-us-gov-west-1-x1/ext/falco/' }, /is in us-gov-west-1/],
  ])('refuses %o', (options, message) => {
    expect(() => destinationOf({ region, ...options }, '/etc')).toThrow(message);
  });
});
