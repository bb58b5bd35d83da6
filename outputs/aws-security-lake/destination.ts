import { resolve } from 'node:path';
import type { KeyPlace } from './partition.ts';

/** The options that say where the lake is; exactly one of location, bucket and directory. */
export interface DestinationOptions {
  readonly location?: string;
  readonly bucket?: string;
  readonly directory?: string;
  readonly source?: string;
  readonly source_version?: string;
  readonly region: string;
}

/** Where objects go: a bucket or a folder, and what their keys begin with. */
export type Destination = KeyPlace &
  (
    | { readonly bucket: string; readonly directory?: undefined }
    | { readonly directory: string; readonly bucket?: undefined }
  );

/** At most 20: the role `AmazonSecurityLake-Provider-{source}-{region}` must stay within IAM's 64 characters. */
export const SOURCE_PATTERN = '^[a-z0-9_]{1,20}$';
/** ASL API model, `sourceVersion`. */
export const SOURCE_VERSION_PATTERN = '^[A-Za-z0-9._-]{1,32}$';

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** The name Security Lake gives its buckets tells their region. */
const LAKE_BUCKET = /^aws-security-data-lake-([a-z]{2}(?:-[a-z]+)+-\d)-/;

/**
 * Works out bucket or folder and key prefix from the options.
 *
 * @param configDir where a relative `directory` starts
 * @throws Error that says which option is wrong and what it should be
 */
export function destinationOf(options: DestinationOptions, configDir: string): Destination {
  const { location, bucket, directory, region } = options;
  const given = [location, bucket, directory].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new Error(
      'say where the lake is: exactly one of location, bucket (with source) and directory (with source)',
    );
  }
  if (location !== undefined) {
    const { name, key } = parseLocation(location);
    refuseOtherSource(key, options);
    refuseOtherRegion(name, region);
    return { bucket: name, prefix: key, region };
  }
  const prefix = prefixOf(options);
  if (directory !== undefined) return { directory: resolve(configDir, directory), prefix, region };
  const name = bucketName(bucket!);
  refuseOtherRegion(name, region);
  return { bucket: name, prefix, region };
}

/** `s3://{bucket}/ext/{source}[/{version}]/`, as CreateCustomLogSource returns it. */
function parseLocation(location: string): { name: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(ext\/[^/]+(?:\/[^/]+)?)\/?$/.exec(location);
  const [, name = '', key = ''] = match ?? [];
  const [, source = '', version] = key.split('/');
  const valid =
    BUCKET.test(name) &&
    new RegExp(SOURCE_PATTERN).test(source) &&
    (version === undefined || new RegExp(SOURCE_VERSION_PATTERN).test(version));
  if (!valid) {
    throw new Error(
      `location ${JSON.stringify(location)} is not as CreateCustomLogSource returns it: s3://{bucket}/ext/{source}/ or s3://{bucket}/ext/{source}/{version}/, the source being ${RULE}`,
    );
  }
  return { name, key };
}

const RULE = 'at most 20 of a-z, 0-9 and _';

/** A bucket's name out of the ways people write it: the name, its ARN, or an s3:// address. */
function bucketName(bucket: string): string {
  const name = bucket
    .replace(/^arn:aws[a-z-]*:s3:::/, '')
    .replace(/^s3:\/\//, '')
    .replace(/\/$/, '');
  if (!BUCKET.test(name)) {
    throw new Error(
      `bucket ${JSON.stringify(bucket)} is no bucket: write its name, its ARN or s3://{name}; a whole path is a location`,
    );
  }
  return name;
}

function prefixOf({ source, source_version: version }: DestinationOptions): string {
  if (source === undefined) throw new Error(`source is missing: the name of the custom source, ${RULE}`);
  if (!new RegExp(SOURCE_PATTERN).test(source))
    throw new Error(`source ${JSON.stringify(source)} must be ${RULE}`);
  return version === undefined ? `ext/${source}` : `ext/${source}/${version}`;
}

function refuseOtherSource(key: string, { source, source_version: version }: DestinationOptions): void {
  const [, itsSource, itsVersion] = key.split('/');
  if ((source ?? itsSource) !== itsSource || (version ?? itsVersion) !== itsVersion) {
    throw new Error('source and source_version say something else than location: leave them out');
  }
}

function refuseOtherRegion(bucket: string, region: string): void {
  const its = LAKE_BUCKET.exec(bucket)?.[1];
  if (its !== undefined && its !== region) {
    throw new Error(
      `region is ${region}, but the bucket ${bucket} is in ${its}: set region to the lake's own`,
    );
  }
}
